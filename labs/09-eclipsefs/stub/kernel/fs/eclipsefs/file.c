#include "fs/eclipsefs/file.h"

#include "fs/eclipsefs/extent.h"
#include "lib/string.h"
#include "lib/todo.h"

/* Finds the address of the content at offset, 0 in a hole, and how many bytes
 * of it follow there. Inline content begins at node->data, and is in one piece.
 * For the rest ask efs_extent_find for the block of the file in which offset
 * lies: what it says counts from that block's beginning, and may go on behind
 * the file's end. */
static int
locate(struct efs *fs, const struct efs_node *node, uint64_t offset,
       uint64_t *address, uint64_t *count)
{
    LAB_TODO(9);
}

void
efs_file_prefetch(struct efs *fs, const struct efs_node *node, uint64_t offset,
                  size_t n)
{
    uint64_t address, count;

    if (offset >= efs_node_length(node) ||
        locate(fs, node, offset, &address, &count) || address == 0)
        return;
    uint64_t first = address / BLOCK_SIZE;
    uint64_t end = (address + MIN(n, count) + BLOCK_SIZE - 1) / BLOCK_SIZE;
    if (end - first > 1)
        bcache_read_ahead(fs->dev, first, end - first);
}

/* Reads piece by piece: locate says where the next one is, and a hole is zeros.
 * efs_file_prefetch, once, before. Content that is too long for the device was
 * found out when the record was read; offset and n may be anything. */
int64_t
efs_file_read(struct efs *fs, const struct efs_node *node, uint64_t offset,
              void *dst, size_t n)
{
    LAB_TODO(9);
}
