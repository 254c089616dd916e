/* Phase 1, and the very end: file systems. */
#pragma once

#include <stddef.h>

/* Makes the root writable, mounts what the kernel has not mounted of /proc,
 * /sys and /dev, then /run, /tmp unless it can be on the root, and what
 * /etc/fstab asks for. A disk whose header says that damage was met on it can
 * then only be read. What fails is one line each, and never stops the boot.
 * Writes to summary what there is. It may wait: nothing else runs yet. */
void filesystems_start(char *summary, size_t size);

/* Takes off what can be, the last first, and makes all else read-only, so that
 * every disk is clean. */
void filesystems_stop(void);
