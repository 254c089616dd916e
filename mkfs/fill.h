/* Copying a tree of the host into an extended image.
 *
 * One thread; what goes wrong with an entry is reported on stderr. */
#pragma once

#include "fs/eclipsefs/super.h"
#include "tree.h"

/* Makes what is in the tree's root in directory root of fs, which is open for
 * changes and has none of those names yet, and gives it the root's times.
 * Returns 0, -ENOSPC, -EFBIG, -EUCLEAN, -EIO, -ENOMEM. */
int fill_tree(struct efs *fs, const struct tree *tree, uint32_t root)
    MUST_CHECK;
