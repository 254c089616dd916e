/* The journal: changes to several blocks that happen together or not at all.
 *
 * A change is what stands between journal_begin and journal_end: it gets
 * blocks from the block cache, tells the journal before it writes to one, and
 * may be taken back whole. Changes go one at a time, and gather in the running
 * transaction. A commit closes that transaction under the change lock, by
 * copying its blocks aside, and writes the copies to the disk's journal while
 * the next one fills: whoever waits for one commit shares the next. Blocks
 * reach their own places later, in a checkpoint: the commit during which
 * nobody may change anything.
 *
 * Physical redo: a transaction in the log is the new contents of its blocks.
 * Each block in a transaction, or not yet in its place, stays in the cache.
 * Owns a sleep lock, RANK_CHANGE, held from journal_begin to journal_end.
 * Thread context, may block. The layout on the disk is in abi/eclipsefs.h. */
#pragma once

#include "fs/bcache.h"
#include "proc/sleeplock.h"

#define JOURNAL_CREDITS    32u  /* most blocks that one change may touch */
#define JOURNAL_TX_MAX     256u /* most blocks of a transaction */
#define JOURNAL_BLOCKS_MIN 80u

struct journal;

/* Sets a block's checksum; called when a transaction is closed. */
typedef void (*journal_seal)(uint8_t *block);

struct journal_ops {
    /* The running transaction is being closed: changes made from now on
     * belong to the next. Change lock held. */
    void (*closed)(void *owner);

    /* The transaction closed last is on the disk for good. Change lock
     * held. */
    void (*committed)(void *owner);

    /* The disk's journal could not be written: nothing can be changed any
     * more. Any lock may be held. */
    void (*failed)(void *owner, int error);
};

/* Opens the journal of count >= JOURNAL_BLOCKS_MIN blocks on the device, and
 * replays what is in it: into the blocks' own places, or, if read_only, into
 * the cache, where they then stay.
 * Returns how many transactions were replayed; -EUCLEAN if its first block is
 * wrong, -EIO, -ENOMEM. */
int journal_open(struct blockdev *dev, uint64_t start, uint32_t count,
                 bool read_only, const struct journal_ops *ops, void *owner,
                 struct journal **out) MUST_CHECK;

/* Frees the journal, which has been flushed, or has failed. */
void journal_close(struct journal *journal);

/* Begins a change of at most JOURNAL_CREDITS blocks, which are edited or
 * revoked; waits for other changes, and commits first if the running
 * transaction has no room. Returns 0, or -EROFS if the journal has failed or
 * is read-only. */
int journal_begin(struct journal *journal) MUST_CHECK;

/* Ends the change, which now is part of the running transaction; or undoes
 * it: its blocks are as before. */
void journal_end(struct journal *journal);
void journal_cancel(struct journal *journal);

/* Within a change, before writing to buf, which the caller holds; seal may be
 * NULL. Returns the block's bytes to write to, or NULL without memory: the
 * change must then be cancelled. */
uint8_t *journal_edit(struct journal *journal, struct buf *buf,
                      journal_seal seal) MUST_CHECK;

/* Within a change, as one of its blocks: block is free. What the
 * journal holds of it will not be written any more. Nobody may use the block
 * for anything before this transaction is committed. */
void journal_revoke(struct journal *journal, uint64_t block);

/* Within a change: it makes metadata point to data that has been written to
 * the device before; that must be durable first, else what the blocks held
 * earlier could show after a crash. */
void journal_after_data(struct journal *journal);

/* Returns 0 when all changes that have ended are durable, and all that was
 * written to the device before; -EIO, -EROFS if the journal has failed. */
int journal_commit(struct journal *journal) MUST_CHECK;

/* Commits, and brings all blocks to their places: the journal is empty.
 * Returns 0, -EIO, -EROFS. */
int journal_flush(struct journal *journal) MUST_CHECK;
