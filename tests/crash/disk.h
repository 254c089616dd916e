/* A disk in memory whose past can be chosen: a base image with a layer of
 * changed blocks above it, and a record of what is written and flushed.
 *
 * Owned by who made it; one thread; requests complete at once. */
#pragma once

#include "dev/blockdev.h"

/* One entry of a write log: a write, or, with no sectors, a flush. */
struct write {
    uint64_t sector;
    uint32_t sectors;
    const uint8_t *data;
};

struct write_log {
    struct write *writes;
    size_t count;
};

struct crash_disk {
    struct blockdev dev;

    /* private to the owner */
    const uint8_t *base; /* size bytes, constant while layered over */
    uint64_t size;
    uint8_t **layer; /* by block of 4096 bytes; NULL: as in base */
    size_t *touched; /* blocks of the layer in use */
    size_t ntouched;
    struct write_log *record; /* NULL: nothing is recorded */
};

/* Makes a disk of size bytes (a multiple of 4096) over base. */
void crash_disk_init(struct crash_disk *disk, const uint8_t *base,
                     uint64_t size);
void crash_disk_destroy(struct crash_disk *disk);

/* Forgets the layer; base (size bytes) is what it lies over from now on. */
void crash_disk_reset(struct crash_disk *disk, const uint8_t *base);

/* Writes the sectors of w that mask has (bit i: sector i modulo 64). */
void crash_disk_apply(struct crash_disk *disk, const struct write *w,
                      uint64_t mask);

/* Starts recording into an empty log, or stops (NULL). */
void crash_disk_record(struct crash_disk *disk, struct write_log *log);

/* Frees what was recorded. */
void write_log_clear(struct write_log *log);
