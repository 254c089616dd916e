/* Writing an extended eclipsefs image.
 *
 * One thread; trouble is reported on stderr. */
#pragma once

#include "tree.h"

struct extended_options {
    uint64_t created; /* seconds since 1970 */
    uint64_t size;    /* of the image, bytes; 0: enough, and as much again */
    uint32_t inodes;  /* at least; 0: by the size */
    const char *label;
    bool reproducible; /* the UUID is made of what the image holds */
};

/* Writes tree as an image to path, which stays as it was if it fails: the
 * image is made beside it first. Returns whether it is there. */
bool extended_write(const struct tree *tree, const char *path,
                    const struct extended_options *options) MUST_CHECK;
