/* A disk in memory that remembers every write and flush, and what would be
 * left of them if the power went.
 *
 * What was written since the last flush may be there or not, sector by
 * sector. Requests complete at once; one thread. */
#pragma once

#include "dev/blockdev.h"

struct crash_event {
    enum blk_op op;
    uint64_t sector;
    size_t count;      /* sectors */
    uint8_t *data;     /* of a write */
    unsigned promised; /* as it was before the event */
};

#define CRASH_NEVER UINT32_MAX

struct crash_disk {
    struct blockdev dev;

    /* private to the owner */
    size_t size;
    uint8_t *base; /* before the first event */
    uint8_t *now;  /* what reads see */
    struct crash_event *events;
    unsigned count, room;
    unsigned promised; /* the test's: what must survive from here on */
    bool forgetful;    /* no events are kept, and none fails */

    /* The event, or the read, of this number fails, and those after it as
     * well if `dead`. A write that fails is half done. */
    unsigned fail_at, fail_read, reads;
    bool dead;
};

void crash_disk_init(struct crash_disk *disk, size_t size);
void crash_disk_free(struct crash_disk *disk);

/* Starts anew from an image of the disk's size, without events. */
void crash_disk_load(struct crash_disk *disk, const uint8_t *image);

/* Makes an image of what may be left if the power went before event `at`;
 * seed chooses: 0 all that was not flushed is lost, 1 nothing is, others lose
 * some of it. */
void crash_disk_cut(const struct crash_disk *disk, unsigned at, uint32_t seed,
                    uint8_t *image);

/* A random number below n > 0; the state is the caller's. */
uint32_t crash_random(uint32_t *state, uint32_t n);
