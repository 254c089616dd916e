/* Storing the content of files, as the host tools do: the kernel's page cache
 * has its own way.
 *
 * One thread. */
#pragma once

#include "fs/eclipsefs/record.h"

/* Copies n bytes of the new content, from offset on, to dst. Returns 0 or an
 * error, which efs_store then returns. */
typedef int (*efs_source)(void *context, uint64_t offset, void *dst, size_t n);

/* Moves *offset on to where content is, and sets *end to where the next hole
 * begins: what lies before is zeros. */
typedef void (*efs_find_content)(void *context, uint64_t *offset,
                                 uint64_t *end);

/* Replaces the content of node, a file that has a record: in several changes,
 * which also write its attributes as they are in *node. What it was before is
 * lost, even if this fails, and what then is there is a part of the new one.
 * Returns 0, -ENOSPC, -EFBIG, -EUCLEAN, -EIO, -ENOMEM, -EROFS. */
int efs_store(struct efs *fs, struct efs_node *node, uint64_t size,
              efs_source source, void *context) MUST_CHECK;

/* The same, for what may have holes; find may be NULL. */
int efs_store_sparse(struct efs *fs, struct efs_node *node, uint64_t size,
                     efs_source source, efs_find_content find, void *context)
    MUST_CHECK;
