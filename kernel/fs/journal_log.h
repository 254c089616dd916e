/* The journal's log on the disk: transactions are written to it, found in it
 * after a crash, and forgotten all at once.
 *
 * Knows the layout of abi/eclipsefs.h and nothing of changes. Takes no lock:
 * it belongs to who commits. Thread context, may block. */
#pragma once

#include "abi/eclipsefs.h"
#include "fs/bcache.h"

struct journal_log {
    /* constant after open */
    struct blockdev *dev;
    uint64_t start;  /* the head's block */
    uint32_t blocks; /* of head and log */
    uint32_t max;    /* most contents of one transaction */
    uint8_t **frame; /* descriptor, max contents, commit, and what the journal
                      * asked for; NULL: read-only */
    uint32_t frames;

    /* private to the owner: who commits */
    uint64_t sequence;       /* of the next transaction */
    uint32_t used;           /* blocks from start on, the head's included */
    uint32_t count, revoked; /* what the next transaction has so far */
    bool after_data; /* what has been written before must be durable first */
};

/* Reads the head, and allocates frames and as many more, unless read_only.
 * journal_log_close frees them, errors or not.
 * Returns 0, -EUCLEAN, -EIO, -ENOMEM. */
int journal_log_open(struct journal_log *log, struct blockdev *dev,
                     uint64_t start, uint32_t blocks, bool read_only,
                     uint32_t more) MUST_CHECK;
void journal_log_close(struct journal_log *log);

/* Goes through all whole transactions and calls apply: for each block with
 * its content, then for each that is revoked with NULL. Returns how many there
 * were; -EUCLEAN if one names a block of the journal, -EIO, -ENOMEM, or the
 * first error of apply. */
typedef int journal_log_apply(void *context, uint64_t block,
                              const uint8_t *content);
int journal_log_replay(struct journal_log *log, journal_log_apply *apply,
                       void *context) MUST_CHECK;

/* Copies the content of a block to the next transaction; then come those that
 * are revoked. */
void journal_log_add(struct journal_log *log, uint64_t block,
                     const uint8_t *content);
void journal_log_revoke(struct journal_log *log, uint64_t block);

/* Whether one more transaction of any size fits after this one. */
bool journal_log_has_room(const struct journal_log *log);

/* Writes the transaction. Returns 0 when it is durable, and all that was
 * written to the device before; or the device's error. */
int journal_log_write(struct journal_log *log) MUST_CHECK;

/* Forgets all transactions, whose contents have been written to their places.
 * Returns 0 or the device's error. */
int journal_log_reset(struct journal_log *log) MUST_CHECK;

/* Returns 0 when all that was written to the device before is durable. */
int journal_log_flush(struct journal_log *log) MUST_CHECK;

/* Adds a block to a transaction's checksum, 0 at the start. */
uint64_t journal_log_sum(uint64_t sum, const void *block);
