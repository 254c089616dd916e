/* What machine this is: the facts of the device tree, in C structs.
 *
 * Owns the one struct platform, filled on the boot hart before any allocator
 * exists and constant from then on: no lock, any context. Strings and byte
 * arrays point into the device tree blob, which is reserved and stays mapped.
 *
 * Addresses are physical. Nodes that are disabled, or under a disabled bus, do
 * not appear. What does not fit a table, or makes no sense, is logged and left
 * out. */
#pragma once

#include "mm/memmap.h"

#define PLATFORM_HARTS_MAX  64
#define PLATFORM_PLICS_MAX  8
#define PLATFORM_VIRTIO_MAX 64

/* In place of an index: there is none. */
#define PLATFORM_NONE (-1)

/* Extensions of a hart that the kernel asks about, i, m, a, f, d and c with
 * the bits they have in AT_HWCAP. */
#define PLATFORM_ISA(letter) (1u << ((letter) - 'a'))
#define PLATFORM_ISA_LETTERS ((1u << 26) - 1)
#define PLATFORM_ISA_SSTC    (1u << 26)

struct aia_domain;

struct platform_hart {
    uint64_t id;            /* what mhartid says and SBI calls take */
    uint32_t isa;           /* PLATFORM_ISA bits */
    const char *isa_string; /* all its extensions; "" if there is no string */
    const char *mmu;        /* "sv39" or larger, or "none" */
    int plic;               /* index of the PLIC that interrupts it in S-mode,
                             * or PLATFORM_NONE */
    unsigned context;       /* that PLIC's context for this hart in S-mode */
    /* private to the reader */
    int node;
    uint32_t intc; /* phandle of its interrupt controller */
};

/* A PLIC; a machine with several NUMA nodes can have one for each. Their
 * sources are numbered through, PLIC by PLIC, from 1: with one PLIC, an
 * interrupt's number is its source. What an AIA has in its place is entered
 * here as well (dev/aia.h). */
struct platform_plic {
    struct fdt_range regs;
    uint32_t nsources;            /* sources are 1 .. nsources */
    unsigned first;               /* number of source 1 */
    unsigned ncontexts;           /* contexts are 0 .. ncontexts - 1 */
    const struct aia_domain *aia; /* NULL: it is a PLIC */
    /* private to the reader */
    uint32_t phandle;
    struct fdt_prop wires; /* its `interrupts-extended` */
};

/* A device: registers and perhaps an interrupt. */
struct platform_device {
    bool present;
    struct fdt_range regs;
    unsigned irq;        /* its number; 0: it interrupts no PLIC */
    uint32_t irq_parent; /* private to the reader */
};

struct platform_uart {
    struct platform_device device;
    unsigned reg_shift; /* register n is at n << reg_shift */
    unsigned io_width;  /* bytes of an access: 1 or 4 */
};

struct platform {
    /* constant after init */
    struct fdt tree;
    const char *model; /* or the root's `compatible`; "" if neither is there */

    /* Reserved are /memreserve/, /reserved-memory, the blob and the initrd; one
     * entry is left for the kernel's image. */
    struct memmap map;
    uint64_t memory_size; /* bytes of RAM */

    struct platform_hart harts[PLATFORM_HARTS_MAX]; /* in tree order */
    unsigned nharts;
    uint64_t timebase_hz; /* ticks of the time CSR per second */

    struct platform_plic plics[PLATFORM_PLICS_MAX];
    unsigned nplics;

    struct platform_uart uart;       /* stdout if it is an ns16550a, else the
                                      * first ns16550a of the tree */
    struct platform_device rtc;      /* google,goldfish-rtc */
    struct platform_device finisher; /* sifive,test0: ends the emulator */
    struct platform_device aia;      /* interrupt controllers of the newer kind,
                                      * for dev/aia.h if there is no PLIC */

    struct platform_device virtio[PLATFORM_VIRTIO_MAX]; /* by address */
    unsigned nvirtio;

    /* /chosen */
    const char *bootargs; /* "" if there are none */
    const uint8_t *rng_seed;
    size_t rng_seed_len;     /* bytes; 0: no seed */
    struct fdt_range initrd; /* size 0: none */
};

/* Reads the device tree at dtb, of at most max bytes, whose physical address
 * is dtb_physical. Called once.
 * Returns 0; -EINVAL if the tree is malformed, or names more reserved ranges
 * than there is room for, since memory that is not ours would then be used; or
 * -ENODEV if it lacks what no machine can do without (memory, a hart, the
 * timebase); *why says it in plain words. */
int platform_init(const void *dtb, uint64_t dtb_physical, size_t max,
                  const char **why) MUST_CHECK;

/* The platform; all zeroes before platform_init. */
const struct platform *platform_get(void);

/* The hart with that id, or NULL. */
const struct platform_hart *platform_hart(uint64_t id);

/* dev/isa.c: the PLATFORM_ISA bits of an ISA naming string such as
 * "rv64imafdc_zicsr_sstc" [riscv-unpriv §27], 0 if it is none; and of a list of
 * names, one string each. What the kernel does not ask about is passed over,
 * and so are versions. Pure. */
uint32_t isa_from_string(const char *isa);
uint32_t isa_from_list(const struct fdt_prop *list);

/* Looks up a word of the bootargs: `name=value` or a bare `name`, separated
 * by blanks; the last one counts. Returns its value (not terminated; *len
 * bytes, 0 for a bare word), or NULL if it is not there. */
const char *bootarg_find(const char *name, size_t *len);
