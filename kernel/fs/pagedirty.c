#include "fs/pagecache.h"

#include "abi/errno.h"
#include "abi/statfs.h"
#include "fs/buf.h"
#include "fs/writeback.h"
#include "lib/string.h"
#include "proc/signal.h"

/* Writers help once a part of the cache is dirty: 1 / DIRTY_PART. */
#define DIRTY_PART 4

/* ---- Getting dirty ---- */

static void
mark_dirty(struct inode *inode, struct buf *page, bool reserved)
    REQUIRES(inode->lock)
{
    spin_lock(&buf_lock);
    if (page->state == BUF_READING)
        buf_settle(page, 0);
    if (!page->dirty)
        buf_set_dirty(page, &inode->pages, true);
    page->reserved |= reserved;
    spin_unlock(&buf_lock);
    buf_put(page);
}

int
pagecache_extend(struct inode *inode)
{
    uint64_t index = inode->size / BLOCK_SIZE;
    struct page_run run;
    struct buf *page;

    if (inode->size % BLOCK_SIZE == 0)
        return 0;
    int err = inode->page_ops->map(inode, index, 1, &run);
    if (!err)
        err = pagecache_get_locked(inode, index, &page);
    if (err)
        return err;
    /* Who has it mapped may have written behind the end. */
    memset(page->data + inode->size % BLOCK_SIZE, 0,
           BLOCK_SIZE - inode->size % BLOCK_SIZE);
    int reserved = 0;
    if (!page->dirty && !run.hole)
        reserved = inode->page_ops->reserve(inode, index);
    if (run.hole || reserved < 0) {
        buf_put(page);
    } else {
        mark_dirty(inode, page, reserved);
        inode_mark_dirty(inode);
    }
    return MIN(reserved, 0);
}

/* Gets the page to be written to. A fresh one, not read, will do if nothing
 * of what it held will be left: nobody can use it before it is settled.
 * Returns 1 if it is fresh, 0, or an error. */
static int
get_to_write(struct inode *inode, uint64_t index, bool replace,
             struct buf **page) REQUIRES(inode->lock)
{
    if (!replace)
        return pagecache_get_locked(inode, index, page);
    for (;;) {
        spin_lock(&buf_lock);
        *page = buf_find(&inode->pages, index);
        bool fresh = !*page;
        if (fresh)
            *page = buf_create(&inode->pages, &inode->pages, index);
        else
            buf_hold(*page);
        spin_unlock(&buf_lock);
        if (!*page)
            return -ENOMEM;
        if (fresh || buf_wait(*page) == 0)
            return fresh;
    }
}

/* Gives a page back to which nothing could be written. */
static void
put_unwritten(struct inode *inode, struct buf *page, int fresh, int reserved)
    REQUIRES(inode->lock)
{
    if (reserved > 0)
        inode->page_ops->unreserve(inode, 1);
    spin_lock(&buf_lock);
    if (fresh)
        buf_settle(page, -EFAULT);
    spin_unlock(&buf_lock);
    buf_put(page);
}

/* Writes to one page. Returns the bytes, an error, or -EAGAIN: that it could
 * replace the whole page was too good to be true. */
static int64_t
write_piece(struct inode *inode, struct uio *uio, uint64_t offset, bool replace)
    REQUIRES(inode->lock)
{
    uint64_t index = offset / BLOCK_SIZE;
    size_t skip = offset % BLOCK_SIZE;
    size_t n = MIN(BLOCK_SIZE - skip, uio->residual);
    bool beyond = index * BLOCK_SIZE >= inode->size;
    uio->locked = true;
    struct uio before = *uio;
    struct buf *page;

    int fresh = get_to_write(inode, index,
                             beyond || (replace && n == BLOCK_SIZE), &page);
    if (fresh < 0)
        return fresh;
    int reserved = page->dirty ? 0 : inode->page_ops->reserve(inode, index);
    if (fresh && n < BLOCK_SIZE)
        memset(page->data, 0, BLOCK_SIZE);
    int64_t done = reserved;
    if (reserved >= 0)
        done = uio_drain(uio, page->data + skip, n);
    if (fresh && done > 0 && (size_t)done < n) {
        memset(page->data + skip + done, 0, n - (size_t)done);
        if (!beyond)
            done = -EAGAIN;
    }
    if (done < 0) {
        put_unwritten(inode, page, fresh, reserved);
        *uio = before;
    } else {
        mark_dirty(inode, page, reserved);
    }
    return done;
}

/* Brings the inode's pages to the disk if there are too many dirty ones. */
static int
limit_dirty(struct inode *inode) REQUIRES(inode->lock)
{
    if (inode->pages.pinned || buf_dirty() <= buf_limit() / DIRTY_PART)
        return 0;
    flusher_want(true);
    return inode->page_ops->write_back(inode);
}

int64_t
pagecache_write(struct inode *inode, struct uio *uio, uint64_t *offset)
{
    uint64_t start = *offset;
    int64_t n = *offset > inode->size ? pagecache_extend(inode) : 0;

    while (n >= 0 && uio->residual > 0) {
        n = write_piece(inode, uio, *offset, true);
        if (n == -EAGAIN)
            n = write_piece(inode, uio, *offset, false);
        if (n < 0)
            break;
        *offset += (uint64_t)n;
        if (*offset > inode->size)
            WRITE_ONCE(inode->size, *offset);
        if (limit_dirty(inode) || signal_killed_meanwhile())
            break; /* what gets lost is told to fsync */
    }
    if (*offset == start)
        return n;
    inode->mtime = inode->ctime = fs_now();
    inode_mark_dirty(inode);
    return (int64_t)(*offset - start);
}

int
pagecache_has_room(struct inode *inode, uint64_t from, uint64_t to)
{
    uint64_t at = from - from % BLOCK_SIZE, end = MIN(to, inode->size);
    uint64_t holes = to > MAX(at, end) ? to - MAX(at, end) : 0;
    struct statfs st = {0};
    struct page_run run;

    while (at < end) {
        int err = inode->page_ops->map(inode, at / BLOCK_SIZE, 1, &run);
        if (err)
            return err;
        uint64_t n = MIN(ALIGN_UP(run.bytes, BLOCK_SIZE), end - at);
        holes += run.hole ? n : 0;
        at += n;
    }
    inode->super->ops->statfs(inode->super, &st);
    return st.f_bavail < holes / BLOCK_SIZE ? -ENOSPC : 0;
}

/* Finds a page, or reads it, and makes it dirty. Returns 0 and it held. */
static int
get_dirty(struct inode *inode, uint64_t index, struct buf **page)
    REQUIRES(inode->lock)
{
    int err = pagecache_get_locked(inode, index, page);
    if (err)
        return err;
    int reserved = (*page)->dirty ? 0 : inode->page_ops->reserve(inode, index);
    if (reserved < 0) {
        buf_put(*page);
        return reserved;
    }
    bcache_hold(*page);
    mark_dirty(inode, *page, reserved);
    return 0;
}

/* Dirty pages are limited first: what is written back must be marked again
 * before it is written to. */
int
pagecache_get_to_change(struct inode *inode, uint64_t index, struct buf **page)
{
    limit_dirty(inode); /* what gets lost is told to fsync */
    int err = get_dirty(inode, index, page);
    if (err)
        return err;
    inode->mtime = inode->ctime = fs_now();
    inode_mark_dirty(inode);
    return 0;
}

/* Promises a place to page index if it is a hole. */
static int
allocate_page(struct inode *inode, uint64_t index) REQUIRES(inode->lock)
{
    struct page_run run;
    struct buf *page;

    int err = inode->page_ops->map(inode, index, 1, &run);
    if (err || !run.hole)
        return err;
    err = get_dirty(inode, index, &page);
    if (!err)
        buf_put(page);
    return err;
}

int
pagecache_allocate(struct inode *inode, uint64_t from, uint64_t to)
{
    int err = 0;

    for (uint64_t at = from; at < to && !err; at += BLOCK_SIZE) {
        err = allocate_page(inode, at / BLOCK_SIZE);
        /* What was promised so far takes more than it will need. */
        if (err == -ENOSPC && inode->pages.ndirty > 0 && !inode->pages.pinned) {
            err = inode->page_ops->write_back(inode);
            if (!err)
                err = allocate_page(inode, at / BLOCK_SIZE);
        }
        if (!err)
            err = limit_dirty(inode);
        if (!err && signal_killed_meanwhile())
            err = -EINTR;
    }
    inode_mark_dirty(inode);
    return err;
}

/* ---- The end of a file moves down ---- */

void
pagecache_wait(struct inode *inode, uint64_t size)
{
    struct buf *page, *found;

    do {
        found = NULL;
        spin_lock(&buf_lock);
        list_for_each_entry (page, &inode->pages.all, file_node)
            if (page->state == BUF_READING && page->index >= size / BLOCK_SIZE)
                found = page;
        if (found)
            buf_hold(found);
        spin_unlock(&buf_lock);
        if (found && buf_wait(found) == 0)
            buf_put(found);
    } while (found);
}

/* Takes a page out of the row of dirty ones. Returns whether space had been
 * set aside for it. */
static bool
undirty(struct inode *inode, struct buf *page) REQUIRES(buf_lock)
{
    bool reserved = page->reserved;

    if (page->dirty)
        buf_set_dirty(page, &inode->pages, false);
    page->reserved = false;
    return reserved;
}

void
pagecache_cut(struct inode *inode, uint64_t size)
{
    size_t reserved = 0, used = size % BLOCK_SIZE;

    spin_lock(&buf_lock);
    list_for_each_safe (node, &inode->pages.all) {
        struct buf *page = list_entry(node, struct buf, file_node);
        if (page->index * BLOCK_SIZE >= size) {
            reserved += undirty(inode, page);
            buf_forget(page);
        } else if (page->index == size / BLOCK_SIZE) {
            memset(page->data + used, 0, BLOCK_SIZE - used);
        }
    }
    spin_unlock(&buf_lock);
    if (reserved > 0)
        inode->page_ops->unreserve(inode, reserved);
    if (object_is_mapped(&inode->object))
        object_unmap(&inode->object, size / BLOCK_SIZE + (used > 0), true);
}

/* ---- Getting clean ---- */

void
pagecache_freeze(struct inode *inode)
{
    size_t used = inode->size % BLOCK_SIZE;

    if (!object_is_mapped(&inode->object))
        return;
    object_protect(&inode->object);
    spin_guard(&buf_lock);
    struct buf *last = buf_find(&inode->pages, inode->size / BLOCK_SIZE);
    if (last && last->state == BUF_VALID)
        memset(last->data + used, 0, BLOCK_SIZE - used);
}

void
pagecache_unmap(struct inode *inode)
{
    object_unmap(&inode->object, 0, false);
}

static struct buf *
in_row(struct list_node *node)
{
    return list_entry(node, struct buf, row_node);
}

/* Merges the two halves of a row of count pages, each sorted before. */
static void
sort_row(struct list_node *row, size_t count)
{
    struct list_node half = LIST_INIT(half);

    if (count < 2)
        return;
    for (size_t i = 0; i < count / 2; i++)
        list_push_back(&half, list_pop_front(row));
    sort_row(&half, count / 2);
    sort_row(row, count - count / 2);
    struct list_node *at = row->next, *node;
    while ((node = list_pop_front(&half))) {
        while (at != row && in_row(at)->index < in_row(node)->index)
            at = at->next;
        list_add_before(at, node);
    }
}

void
pagecache_sort_dirty(struct inode *inode)
{
    sort_row(&inode->pages.dirty, inode->pages.ndirty);
}

struct buf *
pagecache_next_dirty(struct inode *inode, const struct buf *page)
{
    struct list_node *row = &inode->pages.dirty;
    struct list_node *next = page ? page->row_node.next : row->next;

    return next == row ? NULL : in_row(next);
}

bool
pagecache_is_reserved(const struct buf *page)
{
    return page->reserved;
}

void
pagecache_written(struct inode *inode, struct buf *page)
{
    spin_guard(&buf_lock);
    undirty(inode, page);
}

void
pagecache_lost(struct inode *inode, struct buf *page)
{
    spin_lock(&buf_lock);
    bool reserved = undirty(inode, page);
    buf_forget(page);
    spin_unlock(&buf_lock);
    if (reserved)
        inode->page_ops->unreserve(inode, 1);
}
