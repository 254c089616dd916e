#include "fs/eclipsefs/file.h"

#include "lib/string.h"

int
efs_file_map(struct efs *fs, const struct efs_node *node, uint64_t offset,
             struct buf **buf, const uint8_t **data, size_t *len)
{
    uint64_t address = node->data + offset;
    size_t start = address % BLOCK_SIZE;

    int err = bcache_get(fs->dev, address / BLOCK_SIZE, buf);
    if (err)
        return err;
    *data = bcache_data(*buf) + start;
    *len = MIN(BLOCK_SIZE - start, node->data_len - offset);
    return 0;
}

void
efs_file_prefetch(struct efs *fs, const struct efs_node *node, uint64_t offset,
                  size_t n)
{
    if (offset >= node->data_len)
        return;
    n = MIN(n, node->data_len - offset);
    uint64_t first = (node->data + offset) / BLOCK_SIZE;
    uint64_t end = (node->data + offset + n + BLOCK_SIZE - 1) / BLOCK_SIZE;
    if (end - first > 1)
        bcache_read_ahead(fs->dev, first, end - first);
}

int64_t
efs_file_read(struct efs *fs, const struct efs_node *node, uint64_t offset,
              void *dst, size_t n)
{
    uint8_t *out = dst;
    size_t done = 0;

    if (offset >= node->data_len)
        return 0;
    n = MIN(n, node->data_len - offset);
    efs_file_prefetch(fs, node, offset, n);
    while (done < n) {
        struct buf *buf;
        const uint8_t *data;
        size_t len;
        int err = efs_file_map(fs, node, offset + done, &buf, &data, &len);
        if (err)
            return done > 0 ? (int64_t)done : err;
        len = MIN(len, n - done);
        memcpy(out + done, data, len);
        bcache_put(buf);
        done += len;
    }
    return (int64_t)done;
}
