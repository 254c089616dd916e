/* Pages of files in memory: the one copy of their content.
 *
 * Pages lie in the same table as blocks of devices (fs/buf.h), under the key
 * (file, index), and are thrown out by the same rule. Behind the end of the
 * file a page holds zeros. A held page's frame is bcache_data's, and
 * bcache_put gives it back. Thread context, may block. */
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

/* How a file system's content becomes pages. The inode's lock is held. */
struct page_ops {
    /* Says where content from page index on lies; count pages of it are
     * wanted: what will be copied may be asked for already. Returns 0 or an
     * error. */
    int (*map)(struct inode *inode, uint64_t index, size_t count,
               struct page_run *run);

    /* Copies page index, with zeros behind the end. Returns 0 or an error. */
    int (*read_page)(struct inode *inode, uint64_t index, uint8_t *page);

    /* Brings all dirty pages and attributes to the disk, so that a commit
     * makes them durable. NULL: there are none. */
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

/* Forgets all pages of an inode that nobody uses any more. */
void pagecache_drop(struct inode *inode);
