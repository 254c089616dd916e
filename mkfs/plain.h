/* Writing a plain eclipsefs 2.0 image.
 *
 * One thread; trouble is reported on stderr. */
#pragma once

#include "tree.h"

struct plain_options {
    uint64_t created;  /* seconds since 1970, for the header */
    uint64_t min_size; /* of the image, bytes */
    uint32_t slots;    /* in the inode table, at least */
};

/* Writes tree as an image to path: to a file beside it first, which takes
 * its place when it is complete and on the disk. The content of files starts
 * on 8-byte boundaries, that of files of a block or more on block
 * boundaries, so that the kernel copies it by whole words and blocks.
 * Returns whether the image is there; if not, path is as it was. */
bool plain_write(const struct tree *tree, const char *path,
                 const struct plain_options *options) MUST_CHECK;
