/* Pages of files in memory: the one copy of their content.
 *
 * Pages lie in the same table as blocks of devices (fs/buf.h), under the key
 * (file, index), and are thrown out by the same rule. Behind the end of the
 * file a page holds zeros. A held page's frame is bcache_data's, and
 * bcache_put gives it back.
 *
 * A page that was written to is dirty, and stays, until the file system's
 * write_back has found it a place and brought it there. Space was set aside
 * when it got dirty, so that cannot fail for want of it. Content that cannot
 * be written is lost: its pages are forgotten, so that what is read is what
 * the disk has, and the next fsync, once, gets the error. Only -ENOMEM leaves
 * them dirty for another try. Who moves the end of a file up makes the page
 * dirty that it was in: what the disk has behind it never shows.
 *
 * Thread context, may block. LOCKED: the inode's lock is held. */
#pragma once

#include "fs/bcache.h"
#include "fs/inode.h"

/* Where content lies that begins with a page. */
struct page_run {
    uint64_t sector; /* of its first byte */
    uint64_t bytes;  /* that lie in a row, at least 1; where they end within
                      * a page, its rest is zeros */
    bool hole;       /* nowhere: zeros */
    bool copied;     /* not in whole sectors: read_page fetches each page */
};

/* How a file system's content becomes pages, and the other way. LOCKED. */
struct page_ops {
    /* Says where content from page index on lies; count pages of it are
     * wanted: what will be copied may be asked for already. Returns 0 or an
     * error. */
    int (*map)(struct inode *inode, uint64_t index, size_t count,
               struct page_run *run);

    /* Copies page index, with zeros behind the end. Returns 0 or an error. */
    int (*read_page)(struct inode *inode, uint64_t index, uint8_t *page);

    /* Page index is about to become dirty. If it has no place on the disk yet,
     * sets space for it aside.
     * Returns 1 if it did, 0 if there is no need, -ENOSPC, -EFBIG, -EROFS. */
    int (*reserve)(struct inode *inode, uint64_t index);

    /* Gives back the space of count pages that are dropped unwritten. */
    void (*unreserve)(struct inode *inode, size_t count);

    /* Brings all dirty pages and attributes to the disk, so that a commit
     * makes them durable. Returns 0; -ENOMEM, and some are still dirty; or
     * what has been lost. NULL: the pages are pinned. */
    int (*write_back)(struct inode *inode);
};

/* Reads content at *offset into uio, up to the end of the file, and moves
 * *offset. A page that is there costs no lock of the inode's.
 * Returns the bytes read, or an error if none were. */
int64_t
pagecache_read(struct inode *inode, struct uio *uio, uint64_t *offset)
    EXCLUDES(inode->lock)
MUST_CHECK;

/* Finds page index or reads it. Returns 0 and it held; -ENXIO past the end;
 * -ENOMEM, or the file system's error. */
int
pagecache_get(struct inode *inode, uint64_t index, struct buf **page)
    EXCLUDES(inode->lock)
MUST_CHECK;

/* As pagecache_get. LOCKED. */
int
pagecache_get_locked(struct inode *inode, uint64_t index, struct buf **page)
    REQUIRES(inode->lock)
MUST_CHECK;

/* Writes uio at *offset, which moves, as does the end of the file; sets the
 * times, and marks the inode as dirty. LOCKED.
 * Returns the bytes written, or an error if none were. */
int64_t
pagecache_write(struct inode *inode, struct uio *uio, uint64_t *offset)
    REQUIRES(inode->lock)
MUST_CHECK;

/* The end of the file is about to move up. LOCKED. Returns 0, or as
 * reserve. */
int
pagecache_extend(struct inode *inode) REQUIRES(inode->lock)
MUST_CHECK;

/* Whether as many blocks are free as are missing from byte `from` to byte
 * `to`. LOCKED. Returns 0, -ENOSPC, or the file system's error. */
int
pagecache_has_room(struct inode *inode, uint64_t from, uint64_t to)
    REQUIRES(inode->lock)
MUST_CHECK;

/* Sets space aside for what is a hole from byte `from`, in whole pages, up to
 * byte `to`, which the file reaches: writing there will not fail for want of
 * it. LOCKED. Returns 0; -EINTR, or as reserve and write_back, and a part may
 * have been done. */
int
pagecache_allocate(struct inode *inode, uint64_t from, uint64_t to)
    REQUIRES(inode->lock)
MUST_CHECK;

/* Page index is about to be written to by who has mapped it: makes it dirty,
 * and sets the times. LOCKED. Returns 0 and it held; or as
 * pagecache_get_locked and reserve. */
int
pagecache_get_to_change(struct inode *inode, uint64_t index, struct buf **page)
    REQUIRES(inode->lock)
MUST_CHECK;

/* Waits until no page from byte size on is being read: their blocks are about
 * to belong to somebody else. LOCKED. */
void pagecache_wait(struct inode *inode, uint64_t size) REQUIRES(inode->lock);

/* Forgets what is behind byte size, also where it is mapped. LOCKED, or nobody
 * uses the inode. */
void pagecache_cut(struct inode *inode, uint64_t size);

/* ---- For write_back. LOCKED ---- */

/* To be called before the dirty pages are looked at: who has them mapped will
 * make them dirty again before writing to them. */
void pagecache_freeze(struct inode *inode) REQUIRES(inode->lock);

/* Brings dirty pages into order, by index. */
void pagecache_sort_dirty(struct inode *inode) REQUIRES(inode->lock);

/* The dirty page after that one, or the first if it is NULL; NULL if there is
 * none. */
struct buf *pagecache_next_dirty(struct inode *inode, const struct buf *page)
    REQUIRES(inode->lock);

/* Whether space is set aside for a dirty page. */
bool pagecache_is_reserved(const struct buf *page);

/* A dirty page is on the disk, and its reservation used up; or it is lost,
 * and its reservation given back. */
void pagecache_written(struct inode *inode, struct buf *page)
    REQUIRES(inode->lock);
void pagecache_lost(struct inode *inode, struct buf *page)
    REQUIRES(inode->lock);

/* After some were lost: those who share them see what the disk has. */
void pagecache_unmap(struct inode *inode) REQUIRES(inode->lock);
