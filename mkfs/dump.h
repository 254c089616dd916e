/* Showing an image field by field, with the place of each on the disk: for
 * learning, and for looking at damage.
 *
 * Writes to stdout; one thread. */
#pragma once

#include "walk.h"

/* Shows the slot and the record of inode ino, TLV by TLV, and the blocks that
 * an index in it leads to.
 * Returns 0, -EUCLEAN, -EIO, -ENOMEM: what could be read is shown. */
int dump_inode(struct efs *fs, uint32_t ino) MUST_CHECK;

/* Shows the headers, the journal and all inodes. Returns as dump_inode. */
int dump_all(struct walk *w) MUST_CHECK;

/* Shows the bytes of a block, as the device has them; lines like the one
 * before are left out. Returns 0, -EINVAL (no such block), -EIO. */
int dump_block(struct efs *fs, uint64_t number) MUST_CHECK;
