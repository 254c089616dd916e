/* A model of a virtio-mmio device, in the address space of the test: modern
 * or legacy, honest or not.
 *
 * It is written from the device's side of the specification, knows nothing
 * of the driver's state, and ends the test when the driver breaks a rule: a
 * register that the device does not have, a notification before DRIVER_OK, a
 * chain that loops, features that were not offered. It acts only inside the
 * calls below and when its registers are accessed. */
#pragma once

#include "lib/compiler.h"

#define MODEL_QUEUES   8
#define MODEL_SEGMENTS 128

/* How it lies, once, when it completes a chain. */
enum model_lie {
    LIE_NONE,
    LIE_IDX_JUMPS,     /* used->idx moves 1000 ahead */
    LIE_IDX_ONE_EXTRA, /* it moves by 2 for one chain */
    LIE_IDX_BACK,      /* it moves back by 1 */
    LIE_ID_SIZE,       /* the head is the first that does not exist */
    LIE_ID_HUGE,       /* the head is 0xffffffff */
    LIE_ID_WRAPPED,    /* the head plus 65536 */
    LIE_ID_FREE,       /* a descriptor that is in no chain */
    LIE_ID_NOT_HEAD,   /* the second descriptor of the chain */
    LIE_ID_TWICE,      /* the chain completed last, once more */
    LIE_LEN_ONE_MORE,  /* one byte more than was offered */
    LIE_LEN_HUGE,      /* 0xffffffff bytes */
    LIE_LEN_ZERO,      /* nothing was written, it says */
    LIE_STATUS_NONE,   /* blk: no status byte is written */
    LIE_STATUS_WILD,   /* blk: it is 0x7f */
    LIE_SCRIBBLE,      /* overwrites everything the driver shares with it */
    LIE_NEVER,         /* the chain is forgotten */
    LIE_COUNT
};

enum model_order { ORDER_FIFO, ORDER_LIFO, ORDER_SHUFFLED };

struct model_segment {
    uint8_t *base;
    uint32_t len;
    bool write;
};

struct model_chain {
    uint16_t head;
    uint16_t second; /* the second descriptor; head if there is none */
    bool indirect;
    unsigned nsegments;
    struct model_segment segments[MODEL_SEGMENTS];
    uint32_t writable;
};

struct model_queue {
    /* registers */
    uint32_t max, num, ready, align, pfn;
    uint64_t desc, driver, device;

    uint16_t avail_idx; /* entries taken */
    uint16_t used_idx;  /* entries given */
    uint16_t last_head; /* completed last */
    bool notified;
    struct model_chain *chains[256]; /* taken and not completed */
    unsigned nchains;
};

struct model {
    /* what it is; the test's to change */
    uint32_t magic, version, device_id;
    uint64_t offered;
    bool refuses_features, refuses_reset, refuses_queues;
    uint8_t config[128];
    uint32_t config_size;
    unsigned config_churn; /* reads of it that see it change, to come */
    void (*serve)(struct model *m, const struct model_chain *c, uint32_t *len);
    enum model_order order;
    bool asleep;        /* takes chains, completes none */
    bool deaf;          /* does not hear notifications */
    bool mute;          /* does not interrupt */
    bool no_notify;     /* asks not to be notified */
    enum model_lie lie; /* told at the next completion */
    unsigned lie_after; /* completions to come before that one */
    uint8_t blk_answer; /* status byte of disk requests */
    bool blk_knows_id;
    uint8_t *disk;
    size_t disk_size;

    /* what happened; the test's to read */
    uint64_t accepted;
    uint8_t status;
    uint32_t isr;
    unsigned notifications, interrupts, resets, served, flushes, takes;

    /* private to the model */
    uintptr_t regs;
    uint32_t device_sel, driver_sel, queue_sel;
    bool device_sel_set, driver_sel_set;
    uint32_t generation, page_size;
    struct model_queue queues[MODEL_QUEUES];
    struct model *next;
};

/* A device of that version (1 legacy, 2 modern) and kind, with one queue of
 * 64, which offers `features`, VERSION_1 not to be named. It echoes: what it
 * reads it writes back. */
struct model *model_new(uint32_t version, uint32_t device_id,
                        uint64_t features);

/* Makes it a disk of that many bytes, with serial number "model-0123", whose
 * byte at offset i is a function of i (model_disk_byte). */
void model_make_disk(struct model *m, size_t size);
uint8_t model_disk_byte(size_t offset);

/* Has the kernel's mmio.c look at it. Returns what that returned. */
bool model_probe(struct model *m);

/* Forgets all devices: they were their tests'. */
void model_free_all(void);

/* Takes and completes what it was notified of, then interrupts. Returns
 * whether anything happened. */
bool model_run(struct model *m);

/* model_run for all devices, until nothing happens; then, if `wait`, moves
 * the clock by 100 ms. Ends the test after ten minutes of that. */
void model_run_all(bool wait);

/* Sets the bit of a configuration change, and interrupts. */
void model_change_config(struct model *m);

/* The 16, 32 or 64 bits of its configuration at offset. */
void model_config16(struct model *m, unsigned offset, uint16_t value);
void model_config32(struct model *m, unsigned offset, uint32_t value);
void model_config64(struct model *m, unsigned offset, uint64_t value);
