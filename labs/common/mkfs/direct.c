/* The journal of host tools whose kernel has none yet: each change goes to its
 * place when it ends. Nobody cuts the power of a tool.
 *
 * A log that is not empty is left to a kernel: who has one of these cannot
 * replay it. */
#include "fs/journal.h"

#include "abi/eclipsefs.h"
#include "abi/errno.h"
#include "fs/journal_log.h"
#include "lib/bits.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/slab.h"

struct touch {
    struct buf *buf;
    journal_seal seal;
    uint8_t before[BLOCK_SIZE];
};

struct journal {
    struct blockdev *dev;
    const struct journal_ops *ops;
    void *owner;
    bool read_only, failed;
    unsigned count;
    struct touch touched[JOURNAL_CREDITS];
};

/* Whether the log begins with a transaction of the head's number. */
static int
find_left_over(struct blockdev *dev, uint64_t start)
{
    const struct efsx_journal_block *head, *next;
    struct buf *one, *two;
    int err = bcache_get(dev, start, &one);

    if (err)
        return err;
    err = bcache_get(dev, start + 1, &two);
    if (!err) {
        head = (const void *)bcache_data(one);
        next = (const void *)bcache_data(two);
        if (le32_load(head->magic) != EFSX_JOURNAL_MAGIC ||
            (le32_load(next->magic) == EFSX_JOURNAL_MAGIC &&
             le64_load(next->sequence) == le64_load(head->sequence)))
            err = -EUCLEAN;
        bcache_put(two);
    }
    bcache_put(one);
    return err;
}

int
journal_open(struct blockdev *dev, uint64_t start, uint32_t count UNUSED,
             bool read_only, const struct journal_ops *ops, void *owner,
             struct journal **out)
{
    int err = find_left_over(dev, start);

    if (err)
        return err;
    *out = kzalloc(sizeof **out);
    if (!*out)
        return -ENOMEM;
    (*out)->dev = dev;
    (*out)->ops = ops;
    (*out)->owner = owner;
    (*out)->read_only = read_only;
    return 0;
}

void
journal_close(struct journal *journal)
{
    kfree(journal);
}

NO_LOCK_CHECK int
journal_begin(struct journal *journal)
{
    return journal->read_only || journal->failed ? -EROFS : 0;
}

uint8_t *
journal_edit(struct journal *journal, struct buf *buf, journal_seal seal)
{
    unsigned i = 0;

    while (i < journal->count && journal->touched[i].buf != buf)
        i++;
    assert(i < JOURNAL_CREDITS);
    if (i == journal->count) {
        journal->count++;
        bcache_hold(buf);
        journal->touched[i].buf = buf;
        memcpy(journal->touched[i].before, bcache_data(buf), BLOCK_SIZE);
    }
    journal->touched[i].seal = seal;
    return bcache_data(buf);
}

static void
put_in_place(struct journal *journal, const struct touch *touch)
{
    uint8_t *data = bcache_data(touch->buf);
    uint64_t sector = bcache_block(touch->buf) * (BLOCK_SIZE / SECTOR_SIZE);

    if (touch->seal)
        touch->seal(data);
    int err =
        blockdev_transfer(journal->dev, BLK_WRITE, sector, data, BLOCK_SIZE);
    if (err && !journal->failed)
        journal->ops->failed(journal->owner, err);
    journal->failed |= err != 0;
}

NO_LOCK_CHECK void
journal_end(struct journal *journal)
{
    while (journal->count > 0) {
        struct touch *touch = &journal->touched[--journal->count];
        put_in_place(journal, touch);
        bcache_put(touch->buf);
    }
}

NO_LOCK_CHECK void
journal_cancel(struct journal *journal)
{
    while (journal->count > 0) {
        struct touch *touch = &journal->touched[--journal->count];
        memcpy(bcache_data(touch->buf), touch->before, BLOCK_SIZE);
        bcache_put(touch->buf);
    }
}

void
journal_revoke(struct journal *journal UNUSED, uint64_t block UNUSED)
{
}

void
journal_after_data(struct journal *journal UNUSED)
{
}

int
journal_commit(struct journal *journal)
{
    if (journal->read_only || journal->failed)
        return -EROFS;
    int err = blockdev_transfer(journal->dev, BLK_FLUSH, 0, NULL, 0);
    journal->ops->closed(journal->owner);
    journal->ops->committed(journal->owner);
    return err ? -EIO : 0;
}

int
journal_flush(struct journal *journal)
{
    return journal_commit(journal);
}

/* For who prints logs, which have no right sum here. */
uint64_t
journal_log_sum(uint64_t sum, const void *block UNUSED)
{
    return sum;
}
