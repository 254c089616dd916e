#include "fs/journal.h"

#include "abi/errno.h"
#include "fs/blockio.h"
#include "fs/journal_log.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "lib/todo.h"
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

/* Whether one more change fits into the running transaction: each of its
 * JOURNAL_CREDITS blocks may become one more content (at most
 * journal->log.max), or one more that is revoked; and all of them one more
 * number in the descriptor (EFSX_JOURNAL_TAGS). */
static bool
has_room(const struct journal *journal)
{
    LAB_TODO(10);
}

/* Takes the change lock, which stays taken until the change ends. Without room
 * the running transaction is committed first - without the lock, and then all
 * is looked at again. */
NO_LOCK_CHECK int
journal_begin(struct journal *journal)
{
    LAB_TODO(10);
}

/* Notes how a block is, once in a change: its content in journal->before[i],
 * and what else may have to be as before in journal->touched[i], to which
 * entry->touch leads from then on. */
static struct touch *
touch_entry(struct journal *journal, struct entry *entry)
{
    LAB_TODO(10);
}

/* The block gets an entry, is noted, and becomes one of the running
 * transaction, with the seal that this edit says. A block that this change
 * frees is not edited any more: assert it. */
uint8_t *
journal_edit(struct journal *journal, struct buf *buf, journal_seal seal)
{
    LAB_TODO(10);
}

/* A block that is not in the cache, or has no entry, is in no transaction that
 * counts: then there is nothing to do. Else it is noted, and that it is to be
 * revoked; that happens when the change ends, so that it can still be undone.
 */
void
journal_revoke(struct journal *journal, uint64_t block)
{
    LAB_TODO(10);
}

void
journal_after_data(struct journal *journal)
{
    assert(sleeplock_held(&journal->change_lock));
    journal->after_data = true;
}

/* From now on no checkpoint brings the block to its place. If the log has it,
 * its number is to be revoked by the running transaction. (drop_entry gives it
 * back.) */
static void
forget_block(struct journal *journal, struct entry *entry)
{
    LAB_TODO(10);
}

/* Whatever was touched is no longer; what the change has revoked is forgotten.
 * Then others may change. */
NO_LOCK_CHECK void
journal_end(struct journal *journal)
{
    LAB_TODO(10);
}

/* All that was touched is as it was before: contents, seals, and whether they
 * are in the running transaction. A block that is in neither transaction nor
 * log has no entry. */
NO_LOCK_CHECK void
journal_cancel(struct journal *journal)
{
    LAB_TODO(10);
}

/* ---- Commits ---- */

/* Closes the running transaction: each of its blocks is sealed and copied to
 * the log's frames (journal_log_add), and is one that the log has (logged).
 * Then come the blocks it revokes, and whether data must be durable before. All
 * of that begins anew for the next transaction. Last, the owner is told
 * (ops->closed). */
static void
close_running(struct journal *journal)
{
    LAB_TODO(10);
}

/* Brings all blocks that the log has to their places, many at once (blockio.h),
 * and then empties the log. Only when that is done are they forgotten. */
static int
checkpoint(struct journal *journal)
{
    LAB_TODO(10);
}

/* Writes what was closed; if that is nothing, a commit is a flush all the same.
 * Changes may go on meanwhile: the change lock is released and taken again,
 * unless stay says that nobody may change anything. A transaction that is
 * durable is told to the owner (ops->committed). */
static NO_LOCK_CHECK int
write_closed(struct journal *journal, bool closed, bool stay)
{
    LAB_TODO(10);
}

/* Commits what the running transaction has, under the change lock: closes it if
 * there is something in it, and writes it. A checkpoint follows if the log is
 * to be empty, or has no room for another transaction; not if there is nothing
 * in the log. journal->begun counts commits, under journal->lock, from before
 * anything is closed. The first failure ends all: journal->failed, ops->failed,
 * -EIO; later ones are -EROFS. */
static int
commit(struct journal *journal, bool empty)
{
    LAB_TODO(10);
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

/* Brings a block of the log into the cache, as if it had just been committed
 * (on journal->logged); or, if content is NULL, it was revoked by a later
 * transaction. What is not on the device is damage. */
static int
replay_block(void *context, uint64_t block, const uint8_t *content)
{
    LAB_TODO(10);
}

/* Makes a journal that has been replayed ready for changes: the frames for
 * contents as they were, and for revoked numbers, are the last FRAMES ones of
 * the log's (given). Then all that was replayed goes to its place.
 *
 * Which sequence may the first transaction have? Behind the end of the log lies
 * what was not whole, and maybe more, if the disk lost a block in the middle.
 * None of it may ever be taken for a part of a new log. */
static int
start_log(struct journal *journal)
{
    struct journal_log *log = &journal->log;

    journal->before = log->frame + log->frames - FRAMES;
    journal->revoked = (void *)journal->before[JOURNAL_CREDITS];
    LAB_TODO(10);
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
