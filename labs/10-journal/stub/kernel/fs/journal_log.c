#include "fs/journal_log.h"

#include "abi/errno.h"
#include "fs/blockio.h"
#include "fs/journal.h"
#include "lib/bits.h"
#include "lib/crc32c.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "lib/todo.h"
#include "mm/frame.h"
#include "mm/slab.h"

#define BLOCK_SECTORS (BLOCK_SIZE / SECTOR_SIZE)

/* A descriptor and a commit block go with the contents. */
#define TRANSACTION_BLOCKS(count) ((count) + 2)
#define TAG                       sizeof(uint32_t)

typedef uint64_t __attribute__((may_alias)) word_t;

static void
make_block(void *frame, enum efsx_journal_kind kind, uint64_t sequence)
{
    struct efsx_journal_block *block = frame;

    le32_store(block->magic, EFSX_JOURNAL_MAGIC);
    le32_store(block->kind, kind);
    le64_store(block->sequence, sequence);
}

static bool
is_block(const void *bytes, enum efsx_journal_kind kind, uint64_t sequence)
{
    const struct efsx_journal_block *block = bytes;

    return le32_load(block->magic) == EFSX_JOURNAL_MAGIC &&
           le32_load(block->kind) == kind &&
           le64_load(block->sequence) == sequence;
}

/* The checksum of a transaction's blocks, word by word (docs/eclipsefs.md,
 * section 6, 3.). word_t may be read from any kind of memory; the machine is
 * little-endian, as the disk is. */
uint64_t
journal_log_sum(uint64_t sum, const void *block)
{
    LAB_TODO(10);
}

/* Reads the journal's first block, log->start: its sequence goes to
 * log->sequence. -EUCLEAN if it is no head, or its checksum is wrong. is_block
 * tells kinds apart. */
static int
read_head(struct journal_log *log)
{
    LAB_TODO(10);
}

int
journal_log_open(struct journal_log *log, struct blockdev *dev, uint64_t start,
                 uint32_t blocks, bool read_only, uint32_t more)
{
    *log = (struct journal_log){
        .dev = dev, .start = start, .blocks = blocks, .used = 1};
    /* Two such transactions fit at least, so not each needs a checkpoint. */
    log->max = MIN(JOURNAL_TX_MAX, (blocks - 1) / 2 - TRANSACTION_BLOCKS(0));
    int err = read_head(log);
    if (err || read_only)
        return err;
    uint32_t frames = TRANSACTION_BLOCKS(log->max) + more;
    log->frame = kmalloc(frames * sizeof log->frame[0]);
    while (log->frame && log->frames < frames) {
        log->frame[log->frames] = frame_alloc(0);
        if (!log->frame[log->frames])
            return -ENOMEM;
        log->frames++;
    }
    return log->frame ? 0 : -ENOMEM;
}

void
journal_log_close(struct journal_log *log)
{
    while (log->frames > 0)
        frame_free(log->frame[--log->frames], 0);
    kfree(log->frame);
}

/* ---- Replay ---- */

/* Whether a descriptor is the next transaction's: the log is at block
 * log->start + log->used, and expects log->sequence. Its two counts are the
 * disk's: together they fit the descriptor (EFSX_JOURNAL_TAGS), and all blocks
 * of the transaction fit into what is left of the log. */
static bool
is_next(const struct journal_log *log,
        const struct efsx_journal_descriptor *descriptor)
{
    LAB_TODO(10);
}

/* Whether all of the transaction at log->used was written, which has count
 * contents: the last of its blocks is a commit block with the right sequence,
 * and with the sum over all blocks before it. Returns 1, 0, -EIO, -ENOMEM: a
 * block that cannot be read is not one that was never written. */
static int
is_whole(const struct journal_log *log, uint32_t count)
{
    LAB_TODO(10);
}

/* Applies the i-th block that a descriptor names: a content, which is the i-th
 * behind the descriptor, or, from count on, a block that is revoked (NULL). The
 * journal's own blocks are nobody's content: -EUCLEAN. */
static int
apply_block(struct journal_log *log,
            const struct efsx_journal_descriptor *descriptor, uint32_t i,
            journal_log_apply *apply, void *context)
{
    LAB_TODO(10);
}

/* Applies the next transaction, if there is one and it is whole: first all its
 * contents, then all that it revokes. Then log->used and log->sequence are
 * those of the one behind it. Returns 1; 0 if there is none; an error. */
static int
replay_next(struct journal_log *log, journal_log_apply *apply, void *context)
{
    LAB_TODO(10);
}

int
journal_log_replay(struct journal_log *log, journal_log_apply *apply,
                   void *context)
{
    int count = 0, result;

    while ((result = replay_next(log, apply, context)) > 0)
        count++;
    return result ? result : count;
}

/* ---- Writing ---- */

int
journal_log_flush(struct journal_log *log)
{
    return blockdev_transfer(log->dev, BLK_FLUSH, 0, NULL, 0);
}

static void
add_tag(struct journal_log *log, uint64_t block)
{
    uint32_t i = log->count + log->revoked;

    assert(i < EFSX_JOURNAL_TAGS);
    if (i == 0)
        memset(log->frame[0], 0, BLOCK_SIZE);
    le32_store(log->frame[0] + sizeof(struct efsx_journal_descriptor) + i * TAG,
               (uint32_t)block);
}

/* One more content: add_tag notes the number in the descriptor, log->frame[0],
 * and frames 1 to log->count are the contents. */
void
journal_log_add(struct journal_log *log, uint64_t block, const uint8_t *content)
{
    LAB_TODO(10);
}

void
journal_log_revoke(struct journal_log *log, uint64_t block)
{
    LAB_TODO(10);
}

/* How many blocks does a transaction take, besides its contents? */
bool
journal_log_has_room(const struct journal_log *log)
{
    LAB_TODO(10);
}

/* Fills in the descriptor's head and counts, and the frame behind the contents:
 * the commit block, with the sum over all the others. The rest of it is zeros.
 */
static void
seal_transaction(struct journal_log *log)
{
    LAB_TODO(10);
}

/* Writes all frames of the transaction to the log, many at once (blockio.h), in
 * any order: the sum proves that all are there. When must a flush come before
 * them (log->after_data), and when behind? Afterwards, whether that went well
 * or not, the next transaction begins behind this one, with the next sequence,
 * and is empty. */
int
journal_log_write(struct journal_log *log)
{
    LAB_TODO(10);
}

/* Forgets all transactions: a new head says that the log begins with
 * log->sequence, which none of them has. It is one sector, which a disk writes
 * whole or not at all. What must be durable before it is written, and when is
 * it itself? The log is empty then: log->used. */
int
journal_log_reset(struct journal_log *log)
{
    LAB_TODO(10);
}
