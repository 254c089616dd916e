/* File content and symlink targets, by way of the block cache: the kernel's
 * page cache goes past this for what extents hold.
 *
 * Owns nothing; takes no lock; may block on the disk. node is a file or a
 * symlink. */
#pragma once

#include "fs/eclipsefs/record.h"

/* Starts reading the blocks of n bytes from offset on without waiting; a
 * hint, worth giving before n bytes are read block by block. */
void efs_file_prefetch(struct efs *fs, const struct efs_node *node,
                       uint64_t offset, size_t n);

/* Copies up to n bytes of content from offset on; fewer at its end.
 * Returns the bytes copied, 0 at or past the end; -EUCLEAN, -EIO, -ENOMEM if
 * none were. */
int64_t efs_file_read(struct efs *fs, const struct efs_node *node,
                      uint64_t offset, void *dst, size_t n) MUST_CHECK;
