/* A file that takes the place of another once it is complete.
 *
 * Owned by who opened it; one thread; trouble is reported on stderr. */
#pragma once

#include "lib/compiler.h"

struct beside {
    const char *path; /* of what it will be */
    char *name;       /* what it is called until then */
    int fd;
};

/* Makes an empty file beside path, which must be a regular file, or not be
 * there. Returns whether it could. */
bool beside_open(struct beside *file, const char *path) MUST_CHECK;

/* Ends it: if ok it is brought to the disk and takes its place, else, and if
 * that cannot be done, it is removed. Returns whether it is in its place. */
bool beside_close(struct beside *file, bool ok) MUST_CHECK;
