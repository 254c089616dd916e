/* tmpfs: a file system in memory, gone with the power.
 *
 * Owns its tree. Directories are lists of names, in the order of their making,
 * each with a reference to its inode: so an inode stays as long as it has a
 * name or a user, and is nowhere but in the inode cache. Files are tables of
 * pages, which do not count as the page cache's and cannot be thrown out: half
 * of the memory is all that they and the names, a page each, may come to.
 * Thread context, may block. */
#pragma once

#include "fs/inode.h"

/* Makes an empty one. Returns 0 or -ENOMEM. */
int tmpfs_open(struct super **out) MUST_CHECK;
