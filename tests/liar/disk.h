/* A virtio disk [virtio §5.2]: does what requests ask for, and answers them,
 * at once or later, as it is or as a lie has it. One owner, no locks. */
#pragma once

#include "vhost.h"

#define DISK_HELD 256 /* answers that wait */

/* What the device says of a request. A lie changes it. */
struct answer {
    struct ring *ring;
    struct chain chain;
    uint32_t id, len;
    int status;       /* -1: the byte is not written */
    unsigned entries; /* of the used ring; 0: none, ever */
    int step;         /* by how much idx moves beyond them */
    bool late;        /* not before the device has been reset */
    bool status_last; /* the byte is written a while after the entry */
    uint64_t due;     /* not before that time, in ms */
};

struct lie;

struct disk {
    struct vhost vhost;
    uint8_t *image;
    uint64_t bytes;
    const char *name, *serial; /* NULL: who asks for it gets no answer */

    /* how it lies: at request `at`, and at every `every`-th after it */
    const struct lie *lie;
    unsigned at, every, seed;
    unsigned requests; /* so far; those for the serial number do not count */
    unsigned told;

    /* what lies have left behind */
    bool forgets_writes;
    bool polls;           /* the bell may not ring: looks every ms */
    bool hangs_up;        /* as soon as may be */
    bool deaf;            /* until it is reset */
    uint64_t storm_until; /* in ms: interrupts without a reason until then */
    uint64_t mute_until;  /* in ms: none until then */
    uint16_t last_head;

    struct answer *held[DISK_HELD]; /* by age */
    unsigned nheld;
};

/* Milliseconds, of a clock that only goes forward. */
uint64_t disk_now(void);

/* A number below n, from the disk's seed. */
unsigned disk_random(struct disk *d, unsigned n);

/* Makes a disk of a file, whose content stays as it is. Returns 0 or -1. */
int disk_init(struct disk *d, const char *path);

/* Serves what is in the rings. */
void disk_poll(struct disk *d);

/* Gives answers that are due. Returns the ms until the next is; -1: none. */
int disk_flush(struct disk *d);
