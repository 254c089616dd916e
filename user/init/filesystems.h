/* Phase 1, and the very end: file systems. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum filesystems {
    FILESYSTEMS_SOUND,
    FILESYSTEMS_MENDED,  /* the root is: the machine has to start anew */
    FILESYSTEMS_DAMAGED, /* the root is, and is only read */
};

/* Makes the root writable, mounts what the kernel has not mounted of /proc,
 * /sys and /dev, then /run, /tmp unless it can be on the root, and what
 * /etc/fstab asks for. A disk whose header says that damage was met on it is
 * mended before, if that may be. What fails is one line each, and never stops
 * the boot.
 * Writes to summary what there is. It may wait: nothing else runs yet. */
enum filesystems filesystems_start(bool may_mend, char *summary, size_t size);

/* Takes off what can be, the last first, and makes all else read-only, so that
 * every disk is clean. */
void filesystems_stop(void);
