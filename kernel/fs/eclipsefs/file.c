#include "fs/eclipsefs/file.h"

#include "fs/eclipsefs/extent.h"
#include "lib/string.h"

int
efs_file_map(struct efs *fs, const struct efs_node *node, uint64_t offset,
             struct buf **buf, const uint8_t **data, size_t *len)
{
    uint64_t address = node->data + offset;
    struct efs_map map = {.physical = 1};

    *buf = NULL;
    *data = NULL;
    if (node->layout != EFS_INLINE) {
        int err =
            efs_extent_find(fs, node, (uint32_t)(offset / BLOCK_SIZE), &map);
        if (err)
            return err;
        address = (uint64_t)map.physical * BLOCK_SIZE + offset % BLOCK_SIZE;
    }
    size_t start = address % BLOCK_SIZE;
    *len = MIN(BLOCK_SIZE - start, efs_node_length(node) - offset);
    if (map.physical == 0)
        return 0;
    int err = bcache_get(fs->dev, address / BLOCK_SIZE, buf);
    if (!err)
        *data = bcache_data(*buf) + start;
    return err;
}

void
efs_file_prefetch(struct efs *fs, const struct efs_node *node, uint64_t offset,
                  size_t n)
{
    uint64_t length = efs_node_length(node);
    uint64_t address = node->data + offset;
    struct efs_map map;

    if (offset >= length)
        return;
    n = MIN(n, length - offset);
    if (node->layout != EFS_INLINE) {
        if (efs_extent_find(fs, node, (uint32_t)(offset / BLOCK_SIZE), &map) ||
            map.physical == 0)
            return;
        address = (uint64_t)map.physical * BLOCK_SIZE + offset % BLOCK_SIZE;
        n = MIN(n, (uint64_t)map.count * BLOCK_SIZE - offset % BLOCK_SIZE);
    }
    uint64_t first = address / BLOCK_SIZE;
    uint64_t end = (address + n + BLOCK_SIZE - 1) / BLOCK_SIZE;
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
        struct buf *buf;
        const uint8_t *data;
        size_t len;
        int err = efs_file_map(fs, node, offset + done, &buf, &data, &len);
        if (err)
            return done > 0 ? (int64_t)done : err;
        len = MIN(len, n - done);
        if (data) {
            memcpy(out + done, data, len);
            bcache_put(buf);
        } else {
            memset(out + done, 0, len);
        }
        done += len;
    }
    return (int64_t)done;
}
