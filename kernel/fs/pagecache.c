#include "fs/pagecache.h"

#include "abi/errno.h"
#include "fs/buf.h"
#include "lib/string.h"
#include "proc/signal.h"
#include "trace/trace.h"

#define READ_MOST 64u /* pages asked for at once: 256 KiB */

static uint64_t
pages_of(uint64_t bytes)
{
    return bytes / BLOCK_SIZE + (bytes % BLOCK_SIZE != 0);
}

/* ---- Reading pages in ---- */

/* Makes a page that no request can fill, unless it is there. */
static int
fill_page(struct inode *inode, uint64_t index, bool hole) REQUIRES(inode->lock)
{
    struct buf *buf = NULL;

    spin_lock(&buf_lock);
    bool missing = !buf_find(&inode->pages, index);
    if (missing)
        buf = buf_create(&inode->pages, &inode->pages, index);
    spin_unlock(&buf_lock);
    if (!buf)
        return missing ? -ENOMEM : 0;

    int err = 0;
    if (hole)
        memset(buf->data, 0, BLOCK_SIZE);
    else
        err = inode->page_ops->read_page(inode, index, buf->data);
    spin_lock(&buf_lock);
    buf->alone = true;
    buf_settle(buf, err);
    buf_put(buf);
    spin_unlock(&buf_lock);
    return err;
}

/* Makes requests for pages from index on: count that are needed now, and those
 * to come; or, if count is 0, those to come after index, which was marked.
 * alone keeps neighbours out of the request. */
static int
start_filling(struct inode *inode, uint64_t index, size_t count, bool alone,
              struct list_node *list) REQUIRES(inode->lock)
{
    struct readahead_range range = {index, 1, READAHEAD_NO_MARK};
    struct page_run run;
    int err = 0;

    spin_lock(&buf_lock);
    buf_count(count == 0);
    if (count != 0)
        trace_cache_miss((uintptr_t)&inode->pages, index);
    if (!alone)
        range = buf_plan(&inode->pages, index, count);
    spin_unlock(&buf_lock);
    uint64_t at = range.start;
    uint64_t end = MIN(at + range.count, pages_of(inode->size));
    while (at < end && !err) {
        err = inode->page_ops->map(inode, at, end - at, &run);
        if (err)
            break;
        uint64_t part_end = MIN(end, at + pages_of(run.bytes));
        struct buf_source source = {inode->super->bdev, &inode->pages, at,
                                    run.sector, run.bytes};
        if (run.hole || run.copied) {
            for (; at < part_end && !err; at++)
                err = fill_page(inode, at, run.hole);
            continue;
        }
        spin_lock(&buf_lock);
        buf_request(&source, at, part_end - at, range.mark, list);
        spin_unlock(&buf_lock);
        at = part_end;
    }
    return err;
}

/* Finds page index and holds it. Returns NULL if it is not there. */
static struct buf *
find_page(struct inode *inode, uint64_t index, bool *mark)
{
    spin_guard(&buf_lock);
    struct buf *buf = buf_find(&inode->pages, index);
    if (buf) {
        buf_hold(buf);
        *mark = buf->mark;
        buf->mark = false;
    }
    return buf;
}

/* Finds page index, or starts reading it, of count that are needed.
 * Returns 0 and it held, but not waited for. */
static int
start_get(struct inode *inode, uint64_t index, size_t count, bool alone,
          struct buf **page) REQUIRES(inode->lock)
{
    struct list_node list = LIST_INIT(list);
    bool mark = false;
    int err = 0;

    if (index >= pages_of(inode->size))
        return -ENXIO;
    *page = find_page(inode, index, &mark);
    if (!*page || mark)
        err = start_filling(inode, index, *page ? 0 : count, alone, &list);
    if (!*page)
        *page = find_page(inode, index, &mark);
    buf_submit(inode->super->bdev, &list);
    if (*page)
        return 0;
    return err ? err : -ENOMEM;
}

int
pagecache_get_locked(struct inode *inode, uint64_t index, struct buf **page)
{
    int err = -EAGAIN;

    for (bool alone = false; err == -EAGAIN; alone = true) {
        err = start_get(inode, index, 1, alone, page);
        if (!err)
            err = buf_wait(*page);
    }
    return err;
}

/* pagecache_get of a page that is not simply there; bytes will be asked for
 * in a row from its start on. */
static NOINLINE int
get_slowly(struct inode *inode, uint64_t index, uint64_t bytes,
           struct buf **page)
{
    size_t most = MIN(READ_MOST, buf_limit() / 4);
    size_t count = MIN(pages_of(bytes), most);
    int err = -EAGAIN;

    for (bool alone = false; err == -EAGAIN; alone = true) {
        sleeplock_lock(&inode->lock);
        err = start_get(inode, index, count, alone, page);
        sleeplock_unlock(&inode->lock);
        if (!err)
            err = buf_wait(*page);
    }
    return err;
}

int
pagecache_get(struct inode *inode, uint64_t index, struct buf **page)
{
    *page = buf_get(&inode->pages, index);
    return *page ? 0 : get_slowly(inode, index, BLOCK_SIZE, page);
}

/* Copies from one page. Returns the bytes, 0 at the end, or an error. */
static inline int64_t
read_piece(struct inode *inode, struct uio *uio, uint64_t *offset)
{
    uint64_t at = *offset, size = READ_ONCE(inode->size);
    size_t skip = at % BLOCK_SIZE;

    if (at >= size)
        return 0;
    struct buf *page = buf_get(&inode->pages, at / BLOCK_SIZE);
    if (unlikely(!page)) {
        int err =
            get_slowly(inode, at / BLOCK_SIZE, skip + uio->residual, &page);
        if (err)
            return err == -ENXIO ? 0 : err;
    }
    int64_t n =
        uio_fill(uio, page->data + skip, MIN(BLOCK_SIZE - skip, size - at));
    buf_put(page);
    if (n > 0)
        *offset = at + (uint64_t)n;
    return n;
}

/* Goes on where done bytes were read and more are wanted. */
static NOINLINE int64_t
read_on(struct inode *inode, struct uio *uio, uint64_t *offset, int64_t done)
{
    while (uio->residual > 0 && !signal_killed_meanwhile()) {
        int64_t n = read_piece(inode, uio, offset);
        if (n <= 0)
            break;
        done += n;
    }
    return done;
}

int64_t
pagecache_read(struct inode *inode, struct uio *uio, uint64_t *offset)
{
    int64_t n = read_piece(inode, uio, offset);

    if (n <= 0 || uio->residual == 0)
        return n;
    return read_on(inode, uio, offset, n);
}
