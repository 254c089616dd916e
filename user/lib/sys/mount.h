/* File systems as parts of the tree. 0, or -1 with errno set. */
#pragma once

#include "abi/mount.h"

/* Mounts the file system of the given type that source holds on the directory
 * target, with MS_* flags; data is not used. With MS_REMOUNT only the flags
 * of what is mounted there change. */
int mount(const char *source, const char *target, const char *type,
          unsigned long flags, const void *data);

/* Takes off what is mounted on target; EBUSY while it is used. */
int umount(const char *target);
int umount2(const char *target, int flags);
