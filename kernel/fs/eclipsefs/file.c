#include "fs/eclipsefs/file.h"

#include "fs/eclipsefs/extent.h"
#include "lib/string.h"

/* Finds the address of the content at offset, 0 in a hole, and how many bytes
 * of it follow there. */
static int
locate(struct efs *fs, const struct efs_node *node, uint64_t offset,
       uint64_t *address, uint64_t *count)
{
    uint64_t into = offset % BLOCK_SIZE;
    struct efs_map map;

    *address = node->data + offset;
    *count = efs_node_length(node) - offset;
    if (node->layout == EFS_INLINE)
        return 0;
    int err = efs_extent_find(fs, node, (uint32_t)(offset / BLOCK_SIZE), &map);
    if (err)
        return err;
    *address = map.physical ? (uint64_t)map.physical * BLOCK_SIZE + into : 0;
    *count = MIN(*count, (uint64_t)map.count * BLOCK_SIZE - into);
    return 0;
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

int64_t
efs_file_read(struct efs *fs, const struct efs_node *node, uint64_t offset,
              void *dst, size_t n)
{
    uint64_t length = efs_node_length(node);
    uint8_t *out = dst;
    size_t done = 0;

    if (offset >= length)
        return 0;
    n = MIN(n, length - offset);
    efs_file_prefetch(fs, node, offset, n);
    while (done < n) {
        uint64_t address, count;
        int err = locate(fs, node, offset + done, &address, &count);
        size_t len = MIN(count, BLOCK_SIZE - address % BLOCK_SIZE);
        len = MIN(len, n - done);
        if (!err && address)
            err = efs_read(fs, address, out + done, len);
        else if (!err)
            memset(out + done, 0, len);
        if (err)
            return done > 0 ? (int64_t)done : err;
        done += len;
    }
    return (int64_t)done;
}
