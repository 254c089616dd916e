/* Adding file systems to the tree. */
#pragma once

#include "abi/mount.h"

/* Mounts the file system of the given type that source holds on the directory
 * target, with MS_* flags; data is not used. Returns 0, or -1 with errno. */
int mount(const char *source, const char *target, const char *type,
          unsigned long flags, const void *data);
