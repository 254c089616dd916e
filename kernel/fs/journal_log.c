#include "fs/journal_log.h"

#include "abi/errno.h"
#include "fs/blockio.h"
#include "fs/journal.h"
#include "lib/bits.h"
#include "lib/crc32c.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "trace/trace.h"

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

uint64_t
journal_log_sum(uint64_t sum, const void *block)
{
    const word_t *word = block;

    for (size_t i = 0; i < BLOCK_SIZE / sizeof *word; i++) {
        sum = (sum ^ word[i]) * EFSX_JOURNAL_MULTIPLIER; /* little-endian */
        sum ^= sum >> 32;
    }
    return sum;
}

static int
read_head(struct journal_log *log)
{
    struct buf *buf;
    int err = bcache_get(log->dev, log->start, &buf);

    if (err)
        return err;
    const struct efsx_journal_head *head = (const void *)bcache_data(buf);
    log->sequence = le64_load(head->head.sequence);
    if (!is_block(head, EFSX_JOURNAL_HEAD, log->sequence) ||
        le32_load(head->checksum) != crc32c(0, &head->head, sizeof head->head))
        err = -EUCLEAN;
    bcache_put(buf);
    return err;
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

/* Whether a descriptor is the next transaction's. */
static bool
is_next(const struct journal_log *log,
        const struct efsx_journal_descriptor *descriptor)
{
    uint32_t count = le32_load(descriptor->count);

    return is_block(descriptor, EFSX_JOURNAL_DESCRIPTOR, log->sequence) &&
           count <= EFSX_JOURNAL_TAGS &&
           le32_load(descriptor->revoked) <= EFSX_JOURNAL_TAGS - count &&
           TRANSACTION_BLOCKS(count) <= log->blocks - log->used;
}

/* Whether all of the transaction was written. Returns 1, 0, -EIO, -ENOMEM: a
 * block that cannot be read is not one that was never written. */
static int
is_whole(const struct journal_log *log, uint32_t count)
{
    uint64_t block = log->start + log->used;
    uint64_t sum = 0;
    bool whole = false;

    for (uint32_t i = 0; i < TRANSACTION_BLOCKS(count); i++) {
        struct buf *buf;
        int err = bcache_get(log->dev, block + i, &buf);
        if (err)
            return err;
        const struct efsx_journal_commit *commit = (void *)bcache_data(buf);
        whole = is_block(commit, EFSX_JOURNAL_COMMIT, log->sequence) &&
                le64_load(commit->checksum) == sum;
        sum = journal_log_sum(sum, commit);
        bcache_put(buf);
    }
    return whole;
}

/* Applies the i-th block that a descriptor names. */
static int
apply_block(struct journal_log *log,
            const struct efsx_journal_descriptor *descriptor, uint32_t i,
            journal_log_apply *apply, void *context)
{
    uint32_t block = le32_load((const uint8_t *)(descriptor + 1) + i * TAG);
    struct buf *buf;

    if (block >= log->start && block - log->start < log->blocks)
        return -EUCLEAN;
    if (i >= le32_load(descriptor->count))
        return apply(context, block, NULL);
    int err = bcache_get(log->dev, log->start + log->used + 1 + i, &buf);
    if (err)
        return err;
    err = apply(context, block, bcache_data(buf));
    bcache_put(buf);
    return err;
}

/* Applies the next transaction. Returns 1; 0 if there is none; an error. */
static int
replay_next(struct journal_log *log, journal_log_apply *apply, void *context)
{
    struct buf *buf;
    int result = bcache_get(log->dev, log->start + log->used, &buf);

    if (result)
        return result;
    const struct efsx_journal_descriptor *descriptor = (void *)bcache_data(buf);
    uint32_t count = le32_load(descriptor->count);
    uint32_t all = count + le32_load(descriptor->revoked);
    if (is_next(log, descriptor))
        result = is_whole(log, count);
    for (uint32_t i = 0; result > 0 && i < all; i++) {
        int err = apply_block(log, descriptor, i, apply, context);
        if (err)
            result = err;
    }
    bcache_put(buf);
    if (result > 0) {
        trace_journal_replay(log->sequence, count);
        log->used += TRANSACTION_BLOCKS(count);
        log->sequence++;
    }
    return result;
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

void
journal_log_add(struct journal_log *log, uint64_t block, const uint8_t *content)
{
    assert(log->count < log->max && log->revoked == 0);
    add_tag(log, block);
    memcpy(log->frame[++log->count], content, BLOCK_SIZE);
    trace_journal_write(block, log->start + log->used + log->count,
                        log->sequence);
}

void
journal_log_revoke(struct journal_log *log, uint64_t block)
{
    add_tag(log, block);
    log->revoked++;
}

bool
journal_log_has_room(const struct journal_log *log)
{
    return log->blocks - log->used >=
           TRANSACTION_BLOCKS(log->count) + TRANSACTION_BLOCKS(log->max);
}

/* Fills in the descriptor and the commit block. */
static void
seal_transaction(struct journal_log *log)
{
    struct efsx_journal_descriptor *descriptor = (void *)log->frame[0];
    struct efsx_journal_commit *commit = (void *)log->frame[log->count + 1];
    uint64_t sum = 0;

    make_block(log->frame[0], EFSX_JOURNAL_DESCRIPTOR, log->sequence);
    le32_store(descriptor->count, log->count);
    le32_store(descriptor->revoked, log->revoked);
    for (uint32_t i = 0; i <= log->count; i++)
        sum = journal_log_sum(sum, log->frame[i]);
    memset(commit, 0, BLOCK_SIZE);
    make_block(commit, EFSX_JOURNAL_COMMIT, log->sequence);
    le64_store(commit->checksum, sum);
}

/* In any order, with one flush: the commit block's checksum covers all the
 * other blocks, so it proves them to be there. */
int
journal_log_write(struct journal_log *log)
{
    uint32_t n = TRANSACTION_BLOCKS(log->count);
    struct blockio io;

    assert(n <= log->blocks - log->used);
    seal_transaction(log);
    int err = log->after_data ? journal_log_flush(log) : 0;
    if (err)
        return err;
    blockio_init(&io, log->dev, BLK_WRITE);
    for (uint32_t i = 0; i < n; i++)
        blockio_add(&io, log->start + log->used + i, log->frame[i]);
    err = blockio_wait(&io);
    trace_journal_commit(log->sequence, log->count, log->start + log->used);
    log->used += n;
    log->sequence++;
    log->count = log->revoked = 0;
    return err ? err : journal_log_flush(log);
}

int
journal_log_reset(struct journal_log *log)
{
    struct efsx_journal_head *head = (void *)log->frame[0];

    int err = journal_log_flush(log);
    if (err)
        return err;
    memset(head, 0, SECTOR_SIZE);
    make_block(head, EFSX_JOURNAL_HEAD, log->sequence);
    le32_store(head->checksum, crc32c(0, &head->head, sizeof head->head));
    log->used = 1;
    trace_journal_checkpoint(log->sequence);
    err = blockdev_transfer(log->dev, BLK_WRITE, log->start * BLOCK_SECTORS,
                            head, SECTOR_SIZE);
    return err ? err : journal_log_flush(log);
}
