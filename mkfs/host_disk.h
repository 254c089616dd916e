/* A block device over a file or over memory, for the host tools.
 *
 * Its requests complete before blockdev_submit returns. Owned by who opened
 * it; one thread. */
#pragma once

#include "dev/blockdev.h"

struct host_disk {
    struct blockdev dev;

    /* private to the owner */
    int fd;        /* -1: memory */
    uint8_t *mem;  /* NULL: file; written to only if opened for that */
    uint64_t size; /* bytes; the rest of the last sector reads as 0, and is
                    * not written */
    bool durable;  /* a flush brings the file to the host's disk */
};

/* Opens path for reading, or for writing too; then durable says whether a
 * flush must reach the host's disk. Returns 0, or the host's errno, negative:
 * -EBUSY if another program, such as QEMU, is writing to it. */
int host_disk_open(struct host_disk *disk, const char *path) MUST_CHECK;
int host_disk_open_rw(struct host_disk *disk, const char *path, bool durable)
    MUST_CHECK;

/* Makes a disk of size bytes at mem, which must outlive it. */
void host_disk_wrap(struct host_disk *disk, const void *mem, size_t size);
void host_disk_wrap_rw(struct host_disk *disk, void *mem, size_t size);

/* Also forgets its cached blocks. */
void host_disk_close(struct host_disk *disk);
