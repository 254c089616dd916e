#include "fs/journal.h"

#include "abi/errno.h"
#include "fs/blockio.h"
#include "fs/journal_log.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "trace/trace.h"

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
    journal_seal seal;
    bool running;
    bool revoked; /* by the change, when it ends well */
};

/* Frames beside those of the log: the content of touched blocks as it was,
 * and the list of revoked blocks. */
#define FRAMES (JOURNAL_CREDITS + 1)
_Static_assert(EFSX_JOURNAL_TAGS * sizeof(uint32_t) <= BLOCK_SIZE, "one frame");

struct journal {
    struct sleeplock change_lock;
    struct spinlock lock;

    /* constant after init */
    const struct journal_ops *ops;
    void *owner;
    bool read_only;
    uint8_t **before; /* of touched blocks */
    uint32_t *revoked;

    /* guarded by lock */
    bool busy;             /* a commit is under way */
    uint64_t begun, ended; /* commits so far */
    struct waitq waiters;  /* for its end */

    /* private to the owner: who commits */
    struct journal_log log;

    /* guarded by change_lock */
    struct list_node running_blocks, logged;
    unsigned running_count;
    unsigned revoked_count; /* by the running transaction */
    bool after_data;        /* as the running transaction must be written */
    unsigned touched_count;
    struct touch touched[JOURNAL_CREDITS];

    /* atomic */
    bool failed;
};

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

/* Each of a change's blocks may become one more of the transaction, or one
 * more revoked. */
static bool
has_room(const struct journal *journal)
{
    unsigned count = journal->running_count + JOURNAL_CREDITS;
    return count <= journal->log.max &&
           count + journal->revoked_count <= EFSX_JOURNAL_TAGS;
}

NO_LOCK_CHECK int
journal_begin(struct journal *journal)
{
    for (;;) {
        sleeplock_lock(&journal->change_lock);
        bool closed = journal->read_only || journal->failed;
        if (!closed && has_room(journal))
            return 0;
        sleeplock_unlock(&journal->change_lock);
        if (closed || journal_commit(journal) != 0)
            return -EROFS;
    }
}

/* Notes how a block is, once in a change. */
static struct touch *
touch_entry(struct journal *journal, struct entry *entry)
{
    assert(sleeplock_held(&journal->change_lock));
    if (!entry->touch) {
        unsigned i = journal->touched_count++;
        assert(i < JOURNAL_CREDITS);
        entry->touch = &journal->touched[i];
        *entry->touch = (struct touch){
            .entry = entry, .seal = entry->seal, .running = entry->running};
        memcpy(journal->before[i], bcache_data(entry->buf), BLOCK_SIZE);
    }
    return entry->touch;
}

uint8_t *
journal_edit(struct journal *journal, struct buf *buf, journal_seal seal)
{
    struct entry *entry = get_entry(buf);

    if (!entry)
        return NULL;
    assert(!touch_entry(journal, entry)->revoked);
    trace_journal_edit(bcache_block(buf));
    entry->seal = seal;
    set_running(journal, entry, true);
    return bcache_data(buf);
}

/* Without an entry the log holds nothing of the block. With one it is done
 * when the change ends, so that it can still be undone. */
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

/* From now on no checkpoint brings the block to its place. That is early, but
 * the next one comes after this transaction's commit. */
static void
forget_block(struct journal *journal, struct entry *entry)
{
    if (entry->logged)
        journal->revoked[journal->revoked_count++] =
            (uint32_t)bcache_block(entry->buf);
    set_running(journal, entry, false);
    drop_entry(entry);
}

NO_LOCK_CHECK void
journal_end(struct journal *journal)
{
    for (unsigned i = 0; i < journal->touched_count; i++) {
        struct touch *touch = &journal->touched[i];
        touch->entry->touch = NULL;
        if (touch->revoked)
            forget_block(journal, touch->entry);
    }
    journal->touched_count = 0;
    sleeplock_unlock(&journal->change_lock);
}

NO_LOCK_CHECK void
journal_cancel(struct journal *journal)
{
    for (unsigned i = 0; i < journal->touched_count; i++) {
        struct touch *touch = &journal->touched[i];
        struct entry *entry = touch->entry;
        memcpy(bcache_data(entry->buf), journal->before[i], BLOCK_SIZE);
        entry->seal = touch->seal;
        entry->touch = NULL;
        set_running(journal, entry, touch->running);
        if (!entry->running && !entry->logged)
            drop_entry(entry);
    }
    journal->touched_count = 0;
    sleeplock_unlock(&journal->change_lock);
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
    for (unsigned i = 0; i < journal->revoked_count; i++)
        journal_log_revoke(&journal->log, journal->revoked[i]);
    journal->revoked_count = 0;
    journal->log.after_data = journal->after_data;
    journal->after_data = false;
    journal->ops->closed(journal->owner);
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
    if (!err)
        drop_entries(&journal->logged);
    return err;
}

/* Writes what was closed, or flushes if that is nothing. Changes may go on
 * meanwhile, unless stay: a checkpoint follows. */
static NO_LOCK_CHECK int
write_closed(struct journal *journal, bool closed, bool stay)
{
    if (!stay)
        sleeplock_unlock(&journal->change_lock);
    int err = closed ? journal_log_write(&journal->log)
                     : journal_log_flush(&journal->log);
    if (!stay)
        sleeplock_lock(&journal->change_lock);
    if (closed && !err)
        journal->ops->committed(journal->owner);
    return err;
}

/* Commits what the running transaction has; brings all blocks to their places
 * if `empty`, or if the log is full. */
static int
commit(struct journal *journal, bool empty)
{
    int err = -EROFS;

    sleeplock_lock(&journal->change_lock);
    if (!journal->failed) {
        bool some = journal->running_count + journal->revoked_count > 0;
        spin_lock(&journal->lock);
        journal->begun++;
        spin_unlock(&journal->lock);
        if (some)
            close_running(journal);
        bool stay = empty || !journal_log_has_room(&journal->log);
        err = write_closed(journal, some, stay);
        if (!err && stay && journal->log.used > 1)
            err = checkpoint(journal);
        if (err) {
            __atomic_store_n(&journal->failed, true, __ATOMIC_RELAXED);
            journal->ops->failed(journal->owner, err);
            err = -EIO;
        }
    }
    sleeplock_unlock(&journal->change_lock);
    return err;
}

/* Waits for its turn to commit; or, unless it must, for the end of a commit
 * that another has begun after this call: that one covers what the caller has
 * changed and written. So of all who wait one commits, and the others need no
 * turn to learn of it. Returns whether it is the caller's. */
static bool
take_turn(struct journal *journal, bool must)
{
    assert(!sleeplock_held(&journal->change_lock));
    spin_lock(&journal->lock);
    uint64_t next = journal->begun + 1;
    while (journal->busy && (must || journal->ended < next))
        waitq_sleep(&journal->waiters, &journal->lock);
    bool mine = must || journal->ended < next;
    if (mine)
        journal->busy = true;
    spin_unlock(&journal->lock);
    return mine;
}

static void
end_turn(struct journal *journal)
{
    spin_lock(&journal->lock);
    journal->busy = false;
    journal->ended = journal->begun;
    waitq_wake_all(&journal->waiters);
    spin_unlock(&journal->lock);
}

int
journal_commit(struct journal *journal)
{
    if (!take_turn(journal, false))
        return READ_ONCE(journal->failed) ? -EROFS : 0;
    int err = commit(journal, false);
    end_turn(journal);
    return err;
}

int
journal_flush(struct journal *journal)
{
    if (journal->read_only)
        return -EROFS;
    take_turn(journal, true);
    int err = commit(journal, true);
    end_turn(journal);
    return err;
}

/* ---- Opening and closing ---- */

/* Brings a block of the log into the cache, as if just committed; or it was
 * revoked later. */
static int
replay_block(void *context, uint64_t block, const uint8_t *content)
{
    struct journal *journal = context;
    struct buf *buf;

    int err = bcache_get_new(journal->log.dev, block, &buf);
    if (err)
        return err == -EINVAL ? -EUCLEAN : err;
    struct entry *entry = content ? get_entry(buf) : *bcache_entry(buf);
    if (content && entry) {
        memcpy(bcache_data(buf), content, BLOCK_SIZE);
        entry->logged = true;
        list_del(&entry->node);
        list_push_back(&journal->logged, &entry->node);
    } else if (content) {
        err = -ENOMEM;
    } else if (entry) {
        drop_entry(entry);
    }
    bcache_put(buf);
    return err;
}

/* Makes a journal that has been replayed ready for changes. A transaction
 * that was not whole keeps its number to itself: else its remains and a later
 * one of the same number, again not whole, could look like one. So do those
 * that may lie behind it, should the disk have lost a block in the middle:
 * there is no room for more of them than the log has blocks. */
static int
start_log(struct journal *journal)
{
    struct journal_log *log = &journal->log;

    journal->before = log->frame + log->frames - FRAMES;
    journal->revoked = (void *)journal->before[JOURNAL_CREDITS];
    log->sequence += log->blocks;
    return checkpoint(journal);
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
    spin_init(&journal->lock, "journal", RANK_COMPLETION);
    waitq_init(&journal->waiters);
    sleeplock_init(&journal->change_lock, RANK_CHANGE);
    list_init(&journal->running_blocks);
    list_init(&journal->logged);

    int err = 0, replayed = journal_log_open(&journal->log, dev, start, count,
                                             read_only, FRAMES);
    if (!replayed)
        replayed = journal_log_replay(&journal->log, replay_block, journal);
    if (replayed >= 0 && !read_only)
        err = start_log(journal);
    if (err || replayed < 0) {
        journal_close(journal);
        return err ? err : replayed;
    }
    /* The log is not written through the cache, and blocks that were revoked
     * may belong to data now. */
    bcache_drop(dev);
    *out = journal;
    return replayed;
}

void
journal_close(struct journal *journal)
{
    drop_entries(&journal->running_blocks);
    drop_entries(&journal->logged);
    bcache_drop(journal->log.dev);
    journal_log_close(&journal->log);
    kfree(journal);
}
