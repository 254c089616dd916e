/* Lists of extents, in which extent.c looks and which extent_edit.c changes. */
#pragma once

#include "fs/eclipsefs/extent.h"
#include "lib/bits.h"

#define EFS_EXTENT_SIZE sizeof(struct efsx_extent)

struct efs_extent {
    uint64_t logical, count, physical;
};

/* Extents that stand in a row: a record's, or a block's. */
struct efs_list {
    struct buf *buf; /* held, of the record or the block; NULL: none */
    struct efsx_extent *at;
    uint32_t n;
    uint32_t entry;        /* of the index, that leads to the block */
    uint64_t first, limit; /* the logical blocks that they may cover */
};

static inline struct efs_extent
efs_extent_get(const struct efsx_extent *at)
{
    return (struct efs_extent){le32_load(at->logical), le32_load(at->count),
                               le32_load(at->physical)};
}

static inline void
efs_extent_put(struct efsx_extent *at, struct efs_extent e)
{
    le32_store(at->logical, (uint32_t)e.logical);
    le32_store(at->count, (uint32_t)e.count);
    le32_store(at->physical, (uint32_t)e.physical);
}

/* Gets the list in which logical is, if the file has it.
 * Returns 0, -EUCLEAN (logged), -EIO, -ENOMEM. */
int efs_list_load(struct efs *fs, const struct efs_node *node, uint64_t logical,
                  struct efs_list *list) MUST_CHECK;
void efs_list_unload(struct efs_list *list);

/* How many of n sorted entries of that size, which start with a block's
 * number, are for logical or a block before it. */
uint32_t efs_list_count_up_to(const void *entries, size_t size, uint32_t n,
                              uint64_t logical);
