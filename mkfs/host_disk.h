/* A block device over a file or over memory, for the host tools.
 *
 * Its requests complete before blockdev_submit returns. Owned by who opened
 * it; one thread. */
#pragma once

#include "dev/blockdev.h"

struct host_disk {
    struct blockdev dev;

    /* private to the owner */
    int fd;             /* -1: memory */
    const uint8_t *mem; /* NULL: file */
    uint64_t size;      /* bytes; the rest of the last sector reads as 0 */
};

/* Opens path for reading. Returns 0, or the host's errno, negative. */
int host_disk_open(struct host_disk *disk, const char *path) MUST_CHECK;

/* Makes a disk of size bytes at mem, which must outlive it. */
void host_disk_wrap(struct host_disk *disk, const void *mem, size_t size);

/* Also forgets its cached blocks. */
void host_disk_close(struct host_disk *disk);
