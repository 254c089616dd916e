/* The table of pages in memory, which the block cache (fs/bcache.h) and the
 * page cache (fs/pagecache.h) share; nobody else includes this.
 *
 * A struct buf is one page under the key (owner, index); its owner is a block
 * device, or the struct pages of a file. A spin lock guards the table. Pages
 * that nobody holds are reused, the least recently used first; but a dirty one
 * stands in its file's row until it is on the disk. A page that is being read
 * keeps who comes to it waiting. Thread context, may block, unless said
 * otherwise. */
#pragma once

#include "fs/bcache.h"
#include "fs/pages.h"
#include "fs/readahead.h"
#include "proc/waitq.h"

enum buf_state {
    BUF_READING,
    BUF_VALID,
    BUF_FAILED, /* no longer in the table; its waiters get -EIO */
};

struct buf {
    /* constant after init */
    const void *owner;
    uint64_t index;
    uint8_t *data; /* one frame */

    struct waitq waiters; /* for the end of BUF_READING */

    /* atomic */
    uint32_t holders; /* 0 becomes 1 under buf_lock only; the request that
                       * reads it counts as one */
    bool checked;

    /* private to the owner */
    void *entry; /* the journal's */

    /* guarded by buf_lock */
    enum buf_state state;
    bool alone;    /* read by a request of its own */
    bool mark;     /* who gets here wants the stream's next window */
    bool dirty;    /* also guarded by the inode's lock, as reserved */
    bool reserved; /* space is set aside for it */
    struct list_node hash_node;
    struct list_node row_node;  /* of the least recently used, or dirty */
    struct list_node file_node; /* of its file's pages */
};

/* Content that lies in a row on a device: pages from index on, the first one
 * at sector. It may end within a page, whose rest is zeros. */
struct buf_source {
    struct blockdev *dev;
    struct pages *pages; /* whose they are; NULL: the device's own */
    uint64_t index, sector, bytes;
};

extern struct spinlock buf_lock;

/* The limit given to bcache_init; and dirty pages now. Any context. */
size_t buf_limit(void);
size_t buf_dirty(void);

/* Finds a page that is simply there: valid, and without a mark.
 * Returns it held, or NULL. */
struct buf *buf_get(const void *owner, uint64_t index) EXCLUDES(buf_lock);

/* Returns the page whatever its state, or NULL. */
struct buf *buf_find(const void *owner, uint64_t index) REQUIRES(buf_lock);

/* Holds a page, which now is the most recently used. */
void buf_hold(struct buf *buf) REQUIRES(buf_lock);

/* Gives a held page back. What a holder has read, it has read before: then the
 * page may go. Any context. */
static inline void
buf_put(struct buf *buf)
{
    __atomic_fetch_sub(&buf->holders, 1, __ATOMIC_RELEASE);
}

/* Counts who asked for a page: it was there, or was not. */
void buf_count(bool hit) REQUIRES(buf_lock);

/* Puts a new page into the table, being read, and held by who fills it. When
 * all others are held the limit gives way: a holder must not wait for
 * another. Returns NULL without memory. */
struct buf *buf_create(const void *owner, struct pages *pages, uint64_t index)
    REQUIRES(buf_lock);

/* Ends BUF_READING. A failed page leaves the table at once: the next to ask
 * tries anew. Any context. */
void buf_settle(struct buf *buf, int status) REQUIRES(buf_lock);

/* Takes a page out of the table; its memory goes with the last holder. */
void buf_forget(struct buf *buf) REQUIRES(buf_lock);

/* Moves a page to the end of its file's row of dirty ones, or back. */
void buf_set_dirty(struct buf *buf, struct pages *pages, bool dirty)
    REQUIRES(buf_lock);

/* Waits until a held page can be used. Returns 0; or, having put it, -EIO, or
 * -EAGAIN if it failed along with others, which says little about it. */
int
buf_wait(struct buf *buf) EXCLUDES(buf_lock)
MUST_CHECK;

/* What to read for who needs count pages from index on; or, if count is 0,
 * has come to index, which was marked. */
struct readahead_range buf_plan(const void *owner, uint64_t index, size_t count)
    REQUIRES(buf_lock);

/* Makes requests for those of count pages from index on that are in source,
 * but not in the table, onto list; marks page `mark` if it is there now. */
void buf_request(const struct buf_source *source, uint64_t index, size_t count,
                 uint64_t mark, struct list_node *list) REQUIRES(buf_lock);

/* Starts the requests on list. A device may complete them within
 * blockdev_submit, and that takes the lock. */
void buf_submit(struct blockdev *dev, struct list_node *list)
    EXCLUDES(buf_lock);
