/* The journal's log on the disk: transactions are written to it, found in it
 * after a crash, and forgotten all at once.
 *
 * Knows the layout of abi/eclipsefs.h and nothing of changes. Takes no lock:
 * the journal's commit lock guards it. Thread context, may block. */
#pragma once

#include "abi/eclipsefs.h"
#include "fs/bcache.h"

struct journal_log {
    /* constant after open */
    struct blockdev *dev;
    uint64_t start;  /* the head's block */
    uint32_t blocks; /* of head and log */
    uint32_t max;    /* most contents of one transaction */
    uint8_t **frame; /* descriptor, max contents, commit; NULL: read-only */

    /* guarded by the journal's commit lock */
    uint64_t sequence;       /* of the next transaction */
    uint32_t used;           /* blocks from start on, the head's included */
    uint32_t count, revoked; /* what the next transaction has so far */
    bool after_data; /* what has been written before must be durable first */
};

/* Reads the head. Frees with journal_log_close, errors too.
 * Returns 0, -EUCLEAN, -EIO, -ENOMEM. */
int journal_log_open(struct journal_log *log, struct blockdev *dev,
                     uint64_t start, uint32_t blocks, bool read_only)
    MUST_CHECK;
void journal_log_close(struct journal_log *log);

/* A transaction found in the log. */
struct journal_found {
    uint32_t count, revoked;
    struct buf *descriptor; /* held; NULL once put */
    uint64_t contents;      /* the first one's block */
};

/* Finds the next whole transaction. Returns 1, and the caller puts its
 * descriptor; 0 after the last; -EUCLEAN if it is whole and yet nonsense,
 * -EIO, -ENOMEM. */
int journal_log_next(struct journal_log *log, struct journal_found *found)
    MUST_CHECK;

/* The number of its i-th block; those revoked follow the others. */
uint32_t journal_log_tag(const struct journal_found *found, uint32_t i);

/* Copies the content of a block to the next transaction; then come those that
 * are revoked. The copies are the log's until it is written. */
void journal_log_add(struct journal_log *log, uint64_t block,
                     const uint8_t *content);
void journal_log_revoke(struct journal_log *log, uint64_t block);

/* Whether one more transaction of any size fits after this one. */
bool journal_log_has_room(const struct journal_log *log);

/* Writes the transaction, and returns when it is durable: 0, -EIO. */
int journal_log_write(struct journal_log *log) MUST_CHECK;

/* Forgets all transactions, whose contents have been written to their places.
 * Returns 0, -EIO. */
int journal_log_reset(struct journal_log *log) MUST_CHECK;
