#include "fs/journal.h"

#include "abi/errno.h"
#include "fs/blockio.h"
#include "fs/journal_log.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/slab.h"

/* A block that is in the running transaction, or whose newest content in the
 * log is not in its place yet, or both. Guarded by the change lock. */
struct entry {
    struct buf *buf; /* held */
    journal_seal seal;
    bool running, logged;
    struct list_node node; /* on running_blocks if running, else on logged */
    struct touch *touch;   /* by the change that goes on, or NULL */
};

/* How a block was before the change touched it. */
struct touch {
    struct entry *entry;
    uint8_t *before; /* a frame with its content */
    journal_seal seal;
    bool running;
    bool revoked; /* by the change, when it ends well */
};

struct journal {
    struct sleeplock commit_lock, change_lock;

    /* constant after init */
    const struct journal_ops *ops;
    void *owner;
    bool read_only;

    /* guarded by commit_lock */
    struct journal_log log;

    /* guarded by change_lock */
    struct list_node running_blocks, logged;
    unsigned running_count;
    unsigned revoked_count;
    uint32_t *revoked; /* by the running transaction; a frame */
    bool after_data;   /* the running transaction must flush first */
    unsigned credits;  /* of the change that goes on */
    unsigned touched_count;
    struct touch touched[JOURNAL_CREDITS];
    struct journal_stats stats;

    /* atomic */
    uint64_t running, committed; /* numbers of transactions */
    bool failed;
};

_Static_assert(EFSX_JOURNAL_TAGS * sizeof(uint32_t) <= BLOCK_SIZE,
               "revoked blocks fit into a frame");

/* ---- Blocks ---- */

static struct entry *
get_entry(struct buf *buf)
{
    struct entry *entry = *bcache_entry(buf);

    if (entry)
        return entry;
    entry = kzalloc(sizeof *entry);
    if (!entry)
        return NULL;
    bcache_hold(buf);
    entry->buf = buf;
    list_init(&entry->node);
    *bcache_entry(buf) = entry;
    return entry;
}

static void
drop_entry(struct entry *entry)
{
    list_del(&entry->node);
    *bcache_entry(entry->buf) = NULL;
    bcache_put(entry->buf);
    kfree(entry);
}

static void
drop_entries(struct list_node *list)
{
    list_for_each_safe (node, list)
        drop_entry(list_entry(node, struct entry, node));
}

static void
set_running(struct journal *journal, struct entry *entry, bool running)
{
    if (entry->running == running)
        return;
    entry->running = running;
    journal->running_count += running;
    journal->running_count -= !running;
    list_del(&entry->node);
    list_push_back(running ? &journal->running_blocks : &journal->logged,
                   &entry->node);
}

/* ---- Changes ---- */

/* Enough for what each of a change's blocks may become: one more block of the
 * transaction, or one more revoked. */
static bool
has_room(const struct journal *journal, unsigned credits)
{
    unsigned count = journal->running_count + credits;
    return count <= journal->log.max &&
           count + journal->revoked_count <= EFSX_JOURNAL_TAGS;
}

NO_LOCK_CHECK int
journal_begin(struct journal *journal, unsigned credits)
{
    assert(credits <= JOURNAL_CREDITS);
    for (;;) {
        sleeplock_lock(&journal->change_lock);
        bool closed = journal->read_only || journal->failed;
        if (!closed && has_room(journal, credits))
            break;
        uint64_t full = journal->running;
        sleeplock_unlock(&journal->change_lock);
        if (closed || journal_commit(journal, full) != 0)
            return -EROFS;
    }
    journal->credits = credits;
    return 0;
}

/* Notes how a block is, once in a change. */
static struct touch *
touch_entry(struct journal *journal, struct entry *entry)
{
    assert(sleeplock_held(&journal->change_lock));
    if (entry->touch)
        return entry->touch;
    assert(journal->touched_count < journal->credits);
    struct touch *touch = &journal->touched[journal->touched_count++];
    touch->entry = entry;
    touch->seal = entry->seal;
    touch->running = entry->running;
    touch->revoked = false;
    memcpy(touch->before, bcache_data(entry->buf), BLOCK_SIZE);
    entry->touch = touch;
    return touch;
}

uint8_t *
journal_edit(struct journal *journal, struct buf *buf, journal_seal seal)
{
    struct entry *entry = get_entry(buf);

    if (!entry)
        return NULL;
    assert(!touch_entry(journal, entry)->revoked);
    entry->seal = seal;
    set_running(journal, entry, true);
    return bcache_data(buf);
}

/* Without an entry the log holds nothing of the block. With one it is done
 * when the change ends, so that the change can still be undone. */
void
journal_revoke(struct journal *journal, uint64_t block)
{
    struct buf *buf = bcache_find(journal->log.dev, block);

    if (!buf)
        return;
    struct entry *entry = *bcache_entry(buf);
    if (entry)
        touch_entry(journal, entry)->revoked = true;
    bcache_put(buf);
}

void
journal_after_data(struct journal *journal)
{
    assert(sleeplock_held(&journal->change_lock));
    journal->after_data = true;
}

/* A checkpoint must not bring the block to its place any more, and replay
 * will not: but only once this transaction is committed, and before that
 * there is no checkpoint either. */
static void
forget_block(struct journal *journal, struct entry *entry)
{
    if (entry->logged)
        journal->revoked[journal->revoked_count++] =
            (uint32_t)bcache_block(entry->buf);
    set_running(journal, entry, false);
    drop_entry(entry);
}

NO_LOCK_CHECK uint64_t
journal_end(struct journal *journal)
{
    for (unsigned i = 0; i < journal->touched_count; i++) {
        struct touch *touch = &journal->touched[i];
        touch->entry->touch = NULL;
        if (touch->revoked)
            forget_block(journal, touch->entry);
    }
    journal->touched_count = 0;
    journal->stats.changes++;
    uint64_t sequence = journal->running;
    sleeplock_unlock(&journal->change_lock);
    return sequence;
}

NO_LOCK_CHECK void
journal_cancel(struct journal *journal)
{
    for (unsigned i = 0; i < journal->touched_count; i++) {
        struct touch *touch = &journal->touched[i];
        struct entry *entry = touch->entry;
        memcpy(bcache_data(entry->buf), touch->before, BLOCK_SIZE);
        entry->seal = touch->seal;
        entry->touch = NULL;
        set_running(journal, entry, touch->running);
        if (!entry->running && !entry->logged)
            drop_entry(entry);
    }
    journal->touched_count = 0;
    sleeplock_unlock(&journal->change_lock);
}

uint64_t
journal_running(const struct journal *journal)
{
    return __atomic_load_n(&journal->running, __ATOMIC_RELAXED);
}

/* ---- Commits ---- */

static void
close_running(struct journal *journal)
{
    list_for_each_safe (node, &journal->running_blocks) {
        struct entry *entry = list_entry(node, struct entry, node);
        uint8_t *content = bcache_data(entry->buf);
        if (entry->seal)
            entry->seal(content);
        journal_log_add(&journal->log, bcache_block(entry->buf), content);
        set_running(journal, entry, false);
        entry->logged = true;
    }
    journal->stats.blocks += journal->log.count;
    for (unsigned i = 0; i < journal->revoked_count; i++)
        journal_log_revoke(&journal->log, journal->revoked[i]);
    journal->revoked_count = 0;
    journal->log.after_data = journal->after_data;
    journal->after_data = false;
    __atomic_fetch_add(&journal->running, 1, __ATOMIC_RELAXED);
    journal->ops->closed(journal);
}

/* Nothing was changed since the last commit, so what goes to its place is
 * what the log has. A crash on the way finds the log whole. */
static int
checkpoint(struct journal *journal)
{
    struct blockio io;
    struct entry *entry;

    blockio_init(&io, journal->log.dev, BLK_WRITE);
    list_for_each_entry (entry, &journal->logged, node)
        blockio_add(&io, bcache_block(entry->buf), bcache_data(entry->buf));
    int err = blockio_wait(&io);
    if (!err)
        err = journal_log_reset(&journal->log);
    if (err)
        return err;
    drop_entries(&journal->logged);
    journal->stats.checkpoints++;
    return 0;
}

static void
note_committed(struct journal *journal)
{
    __atomic_store_n(&journal->committed, journal->log.sequence - 1,
                     __ATOMIC_RELEASE);
    journal->stats.commits++;
    journal->ops->committed(journal);
}

static void
fail(struct journal *journal, int err)
{
    if (!__atomic_exchange_n(&journal->failed, true, __ATOMIC_RELAXED))
        journal->ops->failed(journal, err);
}

/* Commits what the running transaction has. Others may go on changing blocks
 * while it is written, unless a checkpoint follows: for flush, or because the
 * log is full. */
static int
commit(struct journal *journal, bool flush) REQUIRES(journal->commit_lock)
{
    int err = 0;

    sleeplock_lock(&journal->change_lock);
    bool failed = journal->failed;
    bool closed = !failed && journal->running_count + journal->revoked_count;
    if (closed)
        close_running(journal);
    flush = flush || !journal_log_has_room(&journal->log);
    if (closed && flush) {
        err = journal_log_write(&journal->log);
    } else if (closed) {
        sleeplock_unlock(&journal->change_lock);
        err = journal_log_write(&journal->log);
        sleeplock_lock(&journal->change_lock);
    }
    if (closed && !err)
        note_committed(journal);
    if (!failed && !err && flush && journal->log.used > 1)
        err = checkpoint(journal);
    if (err)
        fail(journal, err);
    sleeplock_unlock(&journal->change_lock);
    return err ? -EIO : failed ? -EROFS : 0;
}

int
journal_commit(struct journal *journal, uint64_t sequence)
{
    int err = 0;

    if (__atomic_load_n(&journal->committed, __ATOMIC_ACQUIRE) >= sequence)
        return 0;
    sleeplock_lock(&journal->commit_lock);
    if (journal->committed < sequence)
        err = commit(journal, false);
    sleeplock_unlock(&journal->commit_lock);
    return err;
}

int
journal_flush(struct journal *journal)
{
    if (journal->read_only)
        return -EROFS;
    sleeplock_lock(&journal->commit_lock);
    int err = commit(journal, true);
    sleeplock_unlock(&journal->commit_lock);
    return err;
}

void
journal_get_stats(struct journal *journal, struct journal_stats *stats)
{
    sleeplock_lock(&journal->change_lock);
    *stats = journal->stats;
    sleeplock_unlock(&journal->change_lock);
}

/* ---- Opening and closing ---- */

/* Brings a block of the log into the cache, as if just committed. */
static int
replay_block(struct journal *journal, uint64_t block, uint64_t content)
{
    struct blockdev *dev = journal->log.dev;
    struct buf *from, *to;

    int err = bcache_get(dev, content, &from);
    if (err)
        return err;
    err = bcache_get_new(dev, block, &to);
    if (!err) {
        struct entry *entry = get_entry(to);
        memcpy(bcache_data(to), bcache_data(from), BLOCK_SIZE);
        if (entry && !entry->logged) {
            entry->logged = true;
            list_push_back(&journal->logged, &entry->node);
        }
        err = entry ? 0 : -ENOMEM;
        bcache_put(to);
    }
    bcache_put(from);
    return err;
}

static int
replay_transaction(struct journal *journal, const struct journal_found *found)
{
    for (uint32_t i = 0; i < found->count; i++) {
        int err = replay_block(journal, journal_log_tag(found, i),
                               found->contents + i);
        if (err)
            return err;
    }
    for (uint32_t i = 0; i < found->revoked; i++) {
        uint32_t block = journal_log_tag(found, found->count + i);
        struct buf *buf = bcache_find(journal->log.dev, block);
        if (!buf)
            continue;
        if (*bcache_entry(buf))
            drop_entry(*bcache_entry(buf));
        bcache_put(buf);
    }
    return 0;
}

/* Returns how many transactions there were. */
static int
replay(struct journal *journal)
{
    struct journal_found found;
    int count = 0, more;

    while ((more = journal_log_next(&journal->log, &found)) > 0) {
        more = replay_transaction(journal, &found);
        bcache_put(found.descriptor);
        if (more)
            return more;
        count++;
    }
    return more ? more : count;
}

static int
alloc_frames(struct journal *journal)
{
    journal->revoked = frame_alloc(0);
    for (unsigned i = 0; i < JOURNAL_CREDITS; i++) {
        journal->touched[i].before = frame_alloc(0);
        if (!journal->touched[i].before)
            return -ENOMEM;
    }
    return journal->revoked ? 0 : -ENOMEM;
}

/* Makes a journal that has been replayed ready for changes. A transaction
 * that was not whole keeps its number to itself: else its remains and a later
 * one that bears the same number, again not whole, could look like one. So do
 * those that may have come after it, should the disk have lost a block in the
 * middle: the log has room for no more of them than it has blocks. */
static int
start_log(struct journal *journal)
{
    journal->log.sequence += journal->log.blocks;
    journal->running = journal->log.sequence;
    journal->committed = journal->running - 1;
    int err = alloc_frames(journal);
    return err ? err : checkpoint(journal);
}

int
journal_open(struct blockdev *dev, uint64_t start, uint32_t count,
             bool read_only, const struct journal_ops *ops, void *owner,
             struct journal **out)
{
    struct journal *journal = kzalloc(sizeof *journal);

    if (!journal)
        return -ENOMEM;
    journal->ops = ops;
    journal->owner = owner;
    journal->read_only = read_only;
    sleeplock_init(&journal->commit_lock, RANK_COMMIT);
    sleeplock_init(&journal->change_lock, RANK_CHANGE);
    list_init(&journal->running_blocks);
    list_init(&journal->logged);

    /* The log is not written through the cache, and blocks that were revoked
     * may belong to data now: the cache can be trusted neither before nor
     * after. */
    bcache_drop(dev);
    int result = journal_log_open(&journal->log, dev, start, count, read_only);
    if (!result)
        result = replay(journal);
    if (result >= 0 && !read_only) {
        int err = start_log(journal);
        result = err ? err : result;
    }
    bcache_drop(dev);
    if (result < 0)
        journal_close(journal);
    else
        *out = journal;
    return result;
}

void
journal_close(struct journal *journal)
{
    struct blockdev *dev = journal->log.dev;

    drop_entries(&journal->running_blocks);
    drop_entries(&journal->logged);
    bcache_drop(dev);
    for (unsigned i = 0; i < JOURNAL_CREDITS; i++)
        if (journal->touched[i].before)
            frame_free(journal->touched[i].before, 0);
    if (journal->revoked)
        frame_free(journal->revoked, 0);
    journal_log_close(&journal->log);
    kfree(journal);
}

void *
journal_owner(const struct journal *journal)
{
    return journal->owner;
}
