/* What machine this is: the facts of the device tree, in C structs.
 *
 * Owns the one struct platform. It is filled on the boot hart before any
 * allocator exists and is constant from then on: no lock, any context.
 * Strings and byte arrays point into the device tree blob, whose memory is
 * among the reserved ranges and must stay mapped.
 *
 * Addresses are physical. Nodes that are disabled, or under a disabled bus,
 * do not appear. The tables have fixed sizes; what does not fit is counted
 * in `lost` and logged. */
#pragma once

#include "lib/compiler.h"
#include "lib/fdt.h"

#define PLATFORM_MEMORY_MAX   32
#define PLATFORM_RESERVED_MAX 64
#define PLATFORM_HARTS_MAX    64
#define PLATFORM_PLICS_MAX    8
#define PLATFORM_CONTEXTS_MAX (2 * PLATFORM_HARTS_MAX) /* of one PLIC */
#define PLATFORM_VIRTIO_MAX   64

/* In place of an index: there is none. */
#define PLATFORM_NONE (-1)

/* Extensions of a hart that the kernel asks about. */
enum platform_isa {
    PLATFORM_ISA_M = 1 << 0,
    PLATFORM_ISA_A = 1 << 1,
    PLATFORM_ISA_F = 1 << 2,
    PLATFORM_ISA_D = 1 << 3,
    PLATFORM_ISA_C = 1 << 4,
    PLATFORM_ISA_V = 1 << 5,
    PLATFORM_ISA_H = 1 << 6,
    PLATFORM_ISA_ZBA = 1 << 7,
    PLATFORM_ISA_ZBB = 1 << 8,
    PLATFORM_ISA_ZBS = 1 << 9,
    PLATFORM_ISA_ZICBOM = 1 << 10,
    PLATFORM_ISA_ZICBOZ = 1 << 11,
    PLATFORM_ISA_ZIHINTPAUSE = 1 << 12,
    PLATFORM_ISA_ZAWRS = 1 << 13,
    PLATFORM_ISA_ZKR = 1 << 14,
    PLATFORM_ISA_SSTC = 1 << 15,
    PLATFORM_ISA_SVADU = 1 << 16,
    PLATFORM_ISA_SVINVAL = 1 << 17,
    PLATFORM_ISA_SVNAPOT = 1 << 18,
    PLATFORM_ISA_SVPBMT = 1 << 19,
};

struct platform_reserved {
    struct fdt_range range;
    bool no_map; /* must not even be mapped [dtspec §3.5] */
};

/* An interrupt line into a PLIC. */
struct platform_irq {
    int plic;        /* index in plics[]; PLATFORM_NONE if the device has no
                      * interrupt, or its controller is no PLIC */
    uint32_t source; /* the PLIC's number of it, >= 1 */
};

struct platform_hart {
    uint64_t id;        /* what mhartid says and SBI calls take */
    uint32_t isa;       /* enum platform_isa bits */
    unsigned mmu;       /* 39, 48 or 57: the largest Sv mode; 0: none */
    int intc;           /* node of its interrupt controller, or -ENOENT */
    int plic;           /* the PLIC that interrupts it in S-mode, or
                         * PLATFORM_NONE */
    unsigned context;   /* that PLIC's context for this hart in S-mode */
    unsigned zero_size; /* bytes one cbo.zero clears; 0: unknown */
    unsigned numa_node; /* 0 where the machine has none */
};

struct platform_context {
    int hart;     /* index in harts[]; PLATFORM_NONE: not a hart we know */
    uint32_t irq; /* the hart's interrupt number: 9 S-mode, 11 M-mode */
};

/* A PLIC; a machine with several NUMA nodes can have one for each. */
struct platform_plic {
    struct fdt_range regs;
    uint32_t nsources; /* sources are 1 .. nsources */
    unsigned ncontexts;
    struct platform_context contexts[PLATFORM_CONTEXTS_MAX];
    int node; /* in the tree */
};

struct platform_uart {
    bool present;
    bool is_stdout; /* /chosen/stdout-path names it */
    struct fdt_range regs;
    struct platform_irq irq;
    uint32_t clock_hz;  /* 0: unknown */
    unsigned reg_shift; /* register n is at n << reg_shift */
    unsigned io_width;  /* bytes of an access: 1, 2 or 4 */
    uint32_t baud;      /* wanted; 0: leave it as the firmware set it */
};

/* A device that is no more than registers and perhaps an interrupt. */
struct platform_device {
    bool present;
    struct fdt_range regs;
    struct platform_irq irq;
};

/* Storing `value` as 32 bits at `address` does it. */
struct platform_switch {
    bool present;
    uint64_t address;
    uint32_t value;
};

/* How many entries had no room, or made no sense, per table. */
struct platform_lost {
    unsigned memory, harts, plics, contexts, virtio, malformed;
};

struct platform {
    /* constant after init */
    struct fdt tree;
    const char *model;      /* "" if the tree does not say */
    const char *compatible; /* the root's first; likewise */

    /* Sorted, disjoint, not adjacent, none empty. */
    struct fdt_range memory[PLATFORM_MEMORY_MAX];
    unsigned nmemory;
    uint64_t memory_size; /* sum of the above in bytes */

    /* /memreserve/, /reserved-memory, the blob and the initrd: not to be
     * allocated. In no order; may overlap, and need not lie in memory. */
    struct platform_reserved reserved[PLATFORM_RESERVED_MAX];
    unsigned nreserved;

    struct platform_hart harts[PLATFORM_HARTS_MAX]; /* in tree order */
    unsigned nharts;
    unsigned nharts_disabled;
    uint64_t timebase_hz; /* ticks of the time CSR per second */

    struct platform_plic plics[PLATFORM_PLICS_MAX];
    unsigned nplics;
    bool has_aplic; /* controllers that the kernel does not drive */
    bool has_imsic;

    struct platform_uart uart;       /* stdout if it is an ns16550a, else the
                                      * first ns16550a of the tree */
    struct platform_device rtc;      /* google,goldfish-rtc */
    struct platform_device finisher; /* sifive,test0: ends the emulator */
    struct platform_switch poweroff, reboot; /* syscon-poweroff, -reboot */

    struct platform_device virtio[PLATFORM_VIRTIO_MAX]; /* by address */
    unsigned nvirtio;

    /* /chosen */
    const char *bootargs;    /* "" if there are none */
    const char *stdout_path; /* "" likewise */
    int stdout_node;         /* the node that it names, or -ENOENT */
    const uint8_t *rng_seed;
    size_t rng_seed_len;     /* bytes; 0: no seed */
    struct fdt_range initrd; /* size 0: none */

    struct platform_lost lost;
};

/* Reads the device tree at dtb, of at most max bytes, whose physical address
 * is dtb_physical, and fills the platform. Called once.
 * Returns 0; -EINVAL if the tree is malformed, -ENODEV if it lacks what no
 * machine can do without (memory, a hart, the timebase), or -ENOSPC if
 * there are more reserved ranges than PLATFORM_RESERVED_MAX, since memory
 * that is not ours would then be used; *why says it in plain words. */
int platform_init(const void *dtb, uint64_t dtb_physical, size_t max,
                  const char **why) MUST_CHECK;

/* The platform; all zeroes before platform_init. */
const struct platform *platform_get(void);

/* The index in harts[] of the hart with that id, or PLATFORM_NONE. */
int platform_hart_index(uint64_t id);

/* Looks up a word of the bootargs: `name=value` or a bare `name`, separated
 * by blanks; the last one counts. Returns its value (not terminated; *len
 * bytes, 0 for a bare word), or NULL if it is not there. */
const char *bootarg_find(const char *name, size_t *len);
