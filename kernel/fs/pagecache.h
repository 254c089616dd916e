/* Pages of files in memory: the one copy of their content.
 *
 * Pages lie in the same table as blocks of devices (fs/bcache.h), under the
 * key (inode, index), and are thrown out by the same rule. A page that was
 * written to is dirty, and stays, until pagecache_write_back has asked the
 * file system for a place and brought it there: space was set aside when it
 * got dirty, so that cannot fail for want of it. Read-ahead, and requests of
 * many pages, both ways. Thread context, may block. */
#pragma once

#include "fs/bcache.h"
#include "fs/inode.h"

/* A row of pages that lie in a row on the device. */
struct page_run {
    uint64_t sector; /* of the first page's first byte */
    uint64_t count;  /* pages; at least 1 */
    bool hole;       /* nowhere: zeros */
    bool copied;     /* not in whole sectors: read_page fetches each */
};

/* How a file system's content becomes pages. The inode's lock is held. */
struct page_ops {
    /* Says where pages from index on lie. */
    int (*map)(struct inode *inode, uint64_t index, struct page_run *run);

    /* Copies page index, zeros behind the end. */
    int (*read_page)(struct inode *inode, uint64_t index, uint8_t *page);

    /* A page that is a hole, or past the end, is about to become dirty: sets
     * space aside. -ENOSPC. NULL: nothing to do. */
    int (*reserve)(struct inode *inode, uint64_t index);

    /* Gives back what reserve set aside for a page that is dropped unwritten.
     * NULL: nothing to do. */
    void (*unreserve)(struct inode *inode, uint64_t index);

    /* Brings all dirty pages and attributes to the disk, by
     * pagecache_next_dirty and blockio, so that a commit makes them durable.
     * NULL: pages stay in memory only. */
    int (*write_back)(struct inode *inode);
};
