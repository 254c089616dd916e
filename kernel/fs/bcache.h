/* The block cache: 4 KiB blocks of block devices in memory.
 *
 * Owns its buffers, which stand in one table with the pages of files
 * (fs/buf.h): who comes to a block that is being read sleeps until it is
 * there, and the least recently used ones without holders are reused.
 * Thread context, may block.
 *
 * The same code serves mkfs, fsck and the host tests over a file or RAM. */
#pragma once

#include "dev/blockdev.h"

#define BLOCK_SIZE 4096u

struct buf; /* one cached block */

/* Sets the most blocks that are kept; at least 64. Before any other call;
 * again only while no block is held (tests). */
void bcache_init(size_t max_blocks);

/* Finds or reads block (in units of BLOCK_SIZE) of dev; the last block of a
 * device whose size is no multiple of BLOCK_SIZE is filled up with zeros.
 * Sequential callers get read-ahead in large requests.
 * Returns 0 and a held buffer, -ENOMEM, or -EIO, past the end, too. */
int bcache_get(struct blockdev *dev, uint64_t block, struct buf **out)
    MUST_CHECK;

/* Holds a held buffer once more; gives one back. */
void bcache_hold(struct buf *buf);
void bcache_put(struct buf *buf);

/* As bcache_get for a block that will be written whole: it is not read, and
 * filled with zeros if it was not cached. Returns 0, -ENOMEM, -EINVAL. */
int bcache_get_new(struct blockdev *dev, uint64_t block, struct buf **out)
    MUST_CHECK;

/* Returns block, held, if it is in the cache; else NULL. */
struct buf *bcache_find(struct blockdev *dev, uint64_t block) MUST_CHECK;

/* The content, BLOCK_SIZE bytes, constant while held; but for who changes it
 * through the journal. */
uint8_t *bcache_data(const struct buf *buf);

uint64_t bcache_block(const struct buf *buf);

/* Words for the holders' use, 0 when the block has come from the disk: the
 * journal's entry; and whether the file system has checked what the disk
 * says (atomic). */
void **bcache_entry(struct buf *buf);
bool *bcache_checked(struct buf *buf);

/* Starts reading count blocks from block on without waiting; a hint. */
void bcache_read_ahead(struct blockdev *dev, uint64_t block, size_t count);

/* Forgets the blocks of dev (NULL: of every device) that nobody holds, for a
 * device that goes away or has changed behind the cache. */
void bcache_drop(struct blockdev *dev);

/* Frees up to count blocks that nobody holds, least recently used first: their
 * memory is wanted. Returns how many. */
size_t bcache_shrink(size_t count);

/* For /proc/meminfo and tests. */
struct bcache_stats {
    size_t blocks; /* in memory now, pages of files among them */
    size_t dirty;  /* of those: not on the disk yet */
    uint64_t hits, misses, reads, read_blocks;
};
void bcache_get_stats(struct bcache_stats *stats);
