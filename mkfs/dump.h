/* Showing an image field by field, with the place of each on the disk: for
 * learning, and for looking at damage.
 *
 * Writes to stdout; one thread. */
#pragma once

#include "walk.h"

void dump_header(const struct efs *fs);

/* Shows the slot and the record of inode ino, TLV by TLV.
 * Returns 0, -EUCLEAN, -EIO, -ENOMEM: what could be read is shown. */
int dump_inode(struct efs *fs, uint32_t ino) MUST_CHECK;

/* Shows the header and all inodes. Returns as dump_inode. */
int dump_all(struct walk *w) MUST_CHECK;
