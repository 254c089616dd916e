#include "fs/buf.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "trace/trace.h"

static uint64_t
device_blocks(const struct blockdev *dev)
{
    return (dev->sectors * SECTOR_SIZE + BLOCK_SIZE - 1) / BLOCK_SIZE;
}

/* Makes requests for count blocks needed now, none of them cached, and for
 * those to come; or, if count is 0, for those to come after block, which was
 * marked. */
static void
start_reading(struct blockdev *dev, uint64_t block, size_t count,
              struct list_node *list) REQUIRES(buf_lock)
{
    struct buf_source all = {.dev = dev, .bytes = dev->sectors * SECTOR_SIZE};
    struct readahead_range range = buf_plan(dev, block, count);

    buf_request(&all, range.start, range.count, range.mark, list);
}

/* Finds block, or creates its buffer and the requests that fill it. alone
 * keeps neighbours out of the request. Returns the buffer held, or NULL
 * without memory. */
static struct buf *
find_or_read(struct blockdev *dev, uint64_t block, bool alone,
             struct list_node *list) REQUIRES(buf_lock)
{
    struct buf_source all = {.dev = dev, .bytes = dev->sectors * SECTOR_SIZE};
    struct buf *buf = buf_find(dev, block);

    buf_count(buf);
    if (buf)
        trace_cache_hit((uintptr_t)dev, block);
    else
        trace_cache_miss((uintptr_t)dev, block);
    if (buf) {
        buf_hold(buf);
        if (buf->mark)
            start_reading(dev, block, 0, list);
        buf->mark = false;
        return buf;
    }
    if (alone)
        buf_request(&all, block, 1, READAHEAD_NO_MARK, list);
    else
        start_reading(dev, block, 1, list);
    buf = buf_find(dev, block);
    if (buf)
        buf_hold(buf);
    return buf;
}

/* One try at bcache_get; -EAGAIN if a request for several blocks has failed,
 * which says little about this one. */
static int
try_get(struct blockdev *dev, uint64_t block, bool alone, struct buf **out)
{
    struct list_node list = LIST_INIT(list);

    spin_lock(&buf_lock);
    struct buf *buf = find_or_read(dev, block, alone, &list);
    spin_unlock(&buf_lock);
    buf_submit(dev, &list);
    int err = buf ? buf_wait(buf) : -ENOMEM;
    if (!err)
        *out = buf;
    return err;
}

int
bcache_get(struct blockdev *dev, uint64_t block, struct buf **out)
{
    *out = buf_get(dev, block);
    if (*out)
        return 0;
    if (block >= device_blocks(dev))
        return -EIO;
    int err = try_get(dev, block, false, out);
    while (err == -EAGAIN)
        err = try_get(dev, block, true, out);
    return err;
}

int
bcache_get_new(struct blockdev *dev, uint64_t block, struct buf **out)
{
    struct buf *buf;

    *out = NULL;
    if (block >= device_blocks(dev))
        return -EINVAL;
    do {
        spin_lock(&buf_lock);
        buf = buf_find(dev, block);
        if (buf) {
            buf_hold(buf);
        } else if ((buf = buf_create(dev, NULL, block))) {
            memset(buf->data, 0, BLOCK_SIZE);
            buf_settle(buf, 0);
        }
        spin_unlock(&buf_lock);
        if (!buf)
            return -ENOMEM;
    } while (buf_wait(buf)); /* somebody else's reading may have failed */
    *out = buf;
    return 0;
}

struct buf *
bcache_find(struct blockdev *dev, uint64_t block)
{
    spin_guard(&buf_lock);
    struct buf *buf = buf_find(dev, block);
    if (!buf || buf->state != BUF_VALID)
        return NULL;
    buf_hold(buf);
    return buf;
}

void
bcache_read_ahead(struct blockdev *dev, uint64_t block, size_t count)
{
    struct list_node list = LIST_INIT(list);

    spin_lock(&buf_lock);
    /* A reader of unaligned pieces has the first block from last time. And a
     * hint must not push out what it has just brought in. */
    if (count > 0 && buf_find(dev, block)) {
        block++;
        count--;
    }
    if (count > 0 && !buf_find(dev, block))
        start_reading(dev, block, MIN(count, buf_limit() / 4), &list);
    spin_unlock(&buf_lock);
    buf_submit(dev, &list);
}
