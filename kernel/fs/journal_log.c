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

#define BLOCK_SECTORS (BLOCK_SIZE / SECTOR_SIZE)

/* Far from an overflow: at most as many blocks are ever written. */
#define SEQUENCE_MAX (UINT64_MAX / 2)

/* A descriptor and a commit block go with the contents. */
#define TRANSACTION_BLOCKS(count) ((count) + 2)

/* ---- The head ---- */

static void
set_block(uint8_t *bytes, enum efsx_journal_kind kind, uint64_t sequence)
{
    struct efsx_journal_block *block = (struct efsx_journal_block *)bytes;

    le32_store(block->magic, EFSX_JOURNAL_MAGIC);
    le32_store(block->kind, kind);
    le64_store(block->sequence, sequence);
}

static bool
is_block(const uint8_t *bytes, enum efsx_journal_kind kind)
{
    const struct efsx_journal_block *block = (const void *)bytes;

    return le32_load(block->magic) == EFSX_JOURNAL_MAGIC &&
           le32_load(block->kind) == kind;
}

static uint64_t
sequence_of(const uint8_t *bytes)
{
    return le64_load(((const struct efsx_journal_block *)bytes)->sequence);
}

static uint32_t
head_checksum(const struct efsx_journal_head *head)
{
    return crc32c(0, head, offsetof(struct efsx_journal_head, checksum));
}

static int
flush(struct blockdev *dev)
{
    return blockdev_transfer(dev, BLK_FLUSH, 0, NULL, 0);
}

static int
write_head(struct blockdev *dev, uint64_t start, uint64_t sequence,
           uint8_t *frame)
{
    struct efsx_journal_head *head = (struct efsx_journal_head *)frame;

    memset(frame, 0, SECTOR_SIZE);
    set_block(frame, EFSX_JOURNAL_HEAD, sequence);
    le32_store(head->checksum, head_checksum(head));
    int err = blockdev_transfer(dev, BLK_WRITE, start * BLOCK_SECTORS, frame,
                                SECTOR_SIZE);
    return err ? err : flush(dev);
}

static int
read_head(struct journal_log *log)
{
    struct buf *buf;
    int err = bcache_get(log->dev, log->start, &buf);

    if (err)
        return err;
    const struct efsx_journal_head *head = (const void *)bcache_data(buf);
    log->sequence = sequence_of(bcache_data(buf));
    if (!is_block(bcache_data(buf), EFSX_JOURNAL_HEAD) ||
        le32_load(head->checksum) != head_checksum(head) ||
        log->sequence == 0 || log->sequence > SEQUENCE_MAX)
        err = -EUCLEAN;
    bcache_put(buf);
    return err;
}

/* The whole journal is written over: transactions of an earlier file system
 * could bear the numbers that this one's will have. */
int
journal_format(struct blockdev *dev, uint64_t start, uint32_t count)
{
    struct blockio io;
    uint8_t *frame = frame_alloc(0);

    if (!frame)
        return -ENOMEM;
    memset(frame, 0, BLOCK_SIZE);
    blockio_init(&io, dev, BLK_WRITE);
    for (uint32_t i = 0; i < count; i++)
        blockio_add(&io, start + i, frame);
    int err = blockio_wait(&io);
    if (!err)
        err = write_head(dev, start, 1, frame);
    frame_free(frame, 0);
    return err;
}

/* ---- Opening ---- */

static int
alloc_frames(struct journal_log *log)
{
    uint32_t n = TRANSACTION_BLOCKS(log->max);

    log->frame = kzalloc(n * sizeof log->frame[0]);
    for (uint32_t i = 0; log->frame && i < n; i++) {
        log->frame[i] = frame_alloc(0);
        if (!log->frame[i])
            return -ENOMEM;
    }
    return log->frame ? 0 : -ENOMEM;
}

int
journal_log_open(struct journal_log *log, struct blockdev *dev, uint64_t start,
                 uint32_t blocks, bool read_only)
{
    uint64_t end = dev->sectors / BLOCK_SECTORS;

    *log = (struct journal_log){
        .dev = dev, .start = start, .blocks = blocks, .used = 1};
    if (blocks < JOURNAL_BLOCKS_MIN || start > end || blocks > end - start)
        return -EUCLEAN;
    /* Two such transactions fit at least, so not each needs a checkpoint. */
    log->max = MIN(JOURNAL_TX_MAX, (blocks - 1) / 2 - TRANSACTION_BLOCKS(0));
    int err = read_head(log);
    return err || read_only ? err : alloc_frames(log);
}

void
journal_log_close(struct journal_log *log)
{
    for (uint32_t i = 0; log->frame && i < TRANSACTION_BLOCKS(log->max); i++)
        if (log->frame[i])
            frame_free(log->frame[i], 0);
    kfree(log->frame);
}

/* ---- Reading ---- */

uint32_t
journal_log_tag(const struct journal_found *found, uint32_t i)
{
    const uint8_t *descriptor = bcache_data(found->descriptor);

    return le32_load(descriptor + sizeof(struct efsx_journal_descriptor) +
                     i * sizeof(uint32_t));
}

/* Whether the descriptor is the next transaction's. */
static bool
is_next(const struct journal_log *log, struct journal_found *found)
{
    const uint8_t *bytes = bcache_data(found->descriptor);
    const struct efsx_journal_descriptor *descriptor = (const void *)bytes;

    found->count = le32_load(descriptor->count);
    found->revoked = le32_load(descriptor->revoked);
    return is_block(bytes, EFSX_JOURNAL_DESCRIPTOR) &&
           sequence_of(bytes) == log->sequence &&
           found->count <= EFSX_JOURNAL_TAGS &&
           found->revoked <= EFSX_JOURNAL_TAGS - found->count &&
           TRANSACTION_BLOCKS(found->count) <= log->blocks - log->used;
}

/* Whether all of the transaction was written. Returns 1, 0, -EIO, -ENOMEM: a
 * block that cannot be read is not one that was never written. */
static int
is_whole(const struct journal_log *log, const struct journal_found *found)
{
    uint32_t crc = 0;
    struct buf *buf;

    for (uint32_t i = 0; i <= found->count; i++) {
        int err = bcache_get(log->dev, found->contents - 1 + i, &buf);
        if (err)
            return err;
        crc = crc32c(crc, bcache_data(buf), BLOCK_SIZE);
        bcache_put(buf);
    }
    int err = bcache_get(log->dev, found->contents + found->count, &buf);
    if (err)
        return err;
    const struct efsx_journal_commit *commit = (const void *)bcache_data(buf);
    bool whole = is_block(bcache_data(buf), EFSX_JOURNAL_COMMIT) &&
                 sequence_of(bcache_data(buf)) == log->sequence &&
                 le32_load(commit->checksum) == crc;
    bcache_put(buf);
    return whole;
}

/* Whether all blocks are on the device and none is in the journal. */
static bool
is_sane(const struct journal_log *log, const struct journal_found *found)
{
    for (uint32_t i = 0; i < found->count; i++) {
        uint64_t block = journal_log_tag(found, i);
        if (block >= log->dev->sectors / BLOCK_SECTORS ||
            (block >= log->start && block - log->start < log->blocks))
            return false;
    }
    return true;
}

int
journal_log_next(struct journal_log *log, struct journal_found *found)
{
    if (log->used == log->blocks)
        return 0;
    int result =
        bcache_get(log->dev, log->start + log->used, &found->descriptor);
    if (result)
        return result;
    found->contents = log->start + log->used + 1;
    if (is_next(log, found))
        result = is_whole(log, found);
    if (result > 0 && !is_sane(log, found))
        result = -EUCLEAN;
    if (result > 0) {
        log->used += TRANSACTION_BLOCKS(found->count);
        log->sequence++;
    } else {
        bcache_put(found->descriptor);
    }
    return result;
}

/* ---- Writing ---- */

static void
add_tag(struct journal_log *log, uint64_t block)
{
    uint32_t i = log->count + log->revoked;

    assert(i < EFSX_JOURNAL_TAGS);
    if (i == 0)
        memset(log->frame[0], 0, BLOCK_SIZE);
    le32_store(log->frame[0] + sizeof(struct efsx_journal_descriptor) +
                   i * sizeof(uint32_t),
               (uint32_t)block);
}

void
journal_log_add(struct journal_log *log, uint64_t block, const uint8_t *content)
{
    assert(log->count < log->max && log->revoked == 0);
    add_tag(log, block);
    memcpy(log->frame[++log->count], content, BLOCK_SIZE);
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
    uint8_t *last = log->frame[log->count + 1];
    struct efsx_journal_commit *commit = (void *)last;
    uint32_t crc = 0;

    set_block(log->frame[0], EFSX_JOURNAL_DESCRIPTOR, log->sequence);
    le32_store(descriptor->count, log->count);
    le32_store(descriptor->revoked, log->revoked);
    for (uint32_t i = 0; i <= log->count; i++)
        crc = crc32c(crc, log->frame[i], BLOCK_SIZE);
    memset(last, 0, BLOCK_SIZE);
    set_block(last, EFSX_JOURNAL_COMMIT, log->sequence);
    le32_store(commit->checksum, crc);
}

/* In any order, with one flush: the commit block's checksum covers all the
 * other blocks, so it proves them to be there. */
int
journal_log_write(struct journal_log *log)
{
    uint32_t n = TRANSACTION_BLOCKS(log->count);
    struct blockio io;

    seal_transaction(log);
    int err = log->after_data ? flush(log->dev) : 0;
    if (err)
        return err;
    blockio_init(&io, log->dev, BLK_WRITE);
    for (uint32_t i = 0; i < n; i++)
        blockio_add(&io, log->start + log->used + i, log->frame[i]);
    err = blockio_wait(&io);
    if (!err)
        err = flush(log->dev);
    log->used += n;
    log->sequence++;
    log->count = log->revoked = 0;
    return err;
}

int
journal_log_reset(struct journal_log *log)
{
    int err = flush(log->dev);

    log->used = 1;
    return err ? err
               : write_head(log->dev, log->start, log->sequence, log->frame[0]);
}
