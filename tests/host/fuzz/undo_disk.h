/* A disk in memory that is set back, for the next input, to what it was; only
 * blocks that have changed are.
 *
 * Owns the copy that is used, and which of its blocks may differ from the
 * bytes that it was made with, which stay the caller's. One thread. */
#pragma once

#include "host_disk.h"

struct undo_disk {
    struct host_disk disk;
    struct blockdev_ops ops; /* the disk's own, but for noting writes */
    const uint8_t *bytes;
    uint8_t *now;
    bool *changed; /* of each block */
    size_t size;   /* a multiple of BLOCK_SIZE */
};

void undo_disk_init(struct undo_disk *u, const uint8_t *bytes, size_t size);

/* For who writes to u->now without the disk. */
void undo_disk_note(struct undo_disk *u, size_t block, size_t count);

void undo_disk_set_back(struct undo_disk *u);
