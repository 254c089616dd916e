#include "fs/eclipsefs/cursor.h"

#include "abi/errno.h"
#include "lib/string.h"

void
efs_cursor_init(struct efs_cursor *c, struct blockdev *dev, uint64_t pos,
                uint64_t end)
{
    *c = (struct efs_cursor){.dev = dev, .pos = pos, .end = end};
}

void
efs_cursor_close(struct efs_cursor *c)
{
    if (c->buf)
        bcache_put(c->buf);
    c->buf = NULL;
}

/* Makes the block under the cursor the held one. */
static int
hold_block(struct efs_cursor *c)
{
    uint64_t block = c->pos / BLOCK_SIZE;
    if (c->buf && c->block == block)
        return 0;
    efs_cursor_close(c);
    c->block = block;
    return bcache_get(c->dev, block, &c->buf);
}

int
efs_cursor_read(struct efs_cursor *c, void *dst, size_t n)
{
    uint8_t *out = dst;

    if (n > efs_cursor_left(c))
        return -EUCLEAN;
    while (n > 0) {
        int err = hold_block(c);
        if (err)
            return err;
        size_t start = c->pos % BLOCK_SIZE;
        size_t part = MIN(n, BLOCK_SIZE - start);
        memcpy(out, bcache_data(c->buf) + start, part);
        out += part;
        c->pos += part;
        n -= part;
    }
    return 0;
}
