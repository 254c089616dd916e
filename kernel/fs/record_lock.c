#include "fs/record_lock.h"

#include "fs/fdtable.h"
#include "fs/file.h"
#include "mm/slab.h"
#include "proc/process.h"

/* A range that is locked, or that somebody waits for. */
struct record {
    struct list_node node;
    const void *owner;  /* a descriptor table or, for F_OFD_*, a file */
    const void *object; /* whose bytes they are */
    uint64_t first, last;
    int16_t type; /* F_RDLCK, F_WRLCK; F_UNLCK: to be unlocked */
    int pid;      /* -1 for F_OFD_* and flock */
    bool is_flock;
    uint8_t payer; /* of whoever set it */
};

#define LAST_BYTE ((uint64_t)INT64_MAX)
#define MOST      4096 /* held by one payer: each is looked at by all */
#define CHAIN_MAX 10   /* waits that a search for a deadlock follows */

static struct {
    struct spinlock lock;
    struct waitq changed; /* some lock has ended */
    /* guarded by lock */
    struct list_node held, awaited;
} records = {
    .lock = SPINLOCK_INIT("record", RANK_FLOCK),
    .changed = WAITQ_INIT(records.changed),
    .held = LIST_INIT(records.held),
    .awaited = LIST_INIT(records.awaited),
};

/* What is locked: an inode or, both ends at once, a pipe. */
static const void *
object_of(const struct file *file)
{
    return file->inode ? (const void *)file->inode : file->private;
}

/* Whether both are of one owner, on one object and of one kind. */
static bool
is_same_lock(const struct record *a, const struct record *b)
{
    return a->owner == b->owner && a->object == b->object &&
           a->is_flock == b->is_flock;
}

/* A lock of somebody else that stands in want's way, or NULL. */
static struct record *
conflict_locked(const struct record *want) REQUIRES(records.lock)
{
    return list_find(struct record, r, &records.held, node,
                     r->object == want->object && r->owner != want->owner &&
                         r->is_flock == want->is_flock &&
                         r->first <= want->last && r->last >= want->first &&
                         (r->type == F_WRLCK || want->type == F_WRLCK));
}

/* Whether waiting for blocker would never end: its owner waits, perhaps by way
 * of others, for want's. */
static bool
is_deadlock_locked(const struct record *want, const struct record *blocker)
    REQUIRES(records.lock)
{
    for (int i = 0; blocker && i < CHAIN_MAX; i++) {
        const struct record *r, *next = NULL;
        if (blocker->pid < 0)
            return false;
        if (blocker->owner == want->owner)
            return true;
        list_for_each_entry (r, &records.awaited, node)
            if (r->owner == blocker->owner)
                next = conflict_locked(r);
        blocker = next;
    }
    return false;
}

static void
remove_locked(struct record *r) REQUIRES(records.lock)
{
    list_del(&r->node);
    kfree(r);
}

/* Takes want's range away from r, or joins r to want if they are of one type
 * and touch; *spare becomes a second piece of r, if there is one. */
static void
replace_locked(struct record *r, struct record *want, struct record **spare)
    REQUIRES(records.lock)
{
    bool overlap = r->first <= want->last && r->last >= want->first;
    bool touch =
        overlap || r->first == want->last + 1 || want->first == r->last + 1;
    if (r->type == want->type) {
        if (!touch)
            return;
        want->first = MIN(want->first, r->first);
        want->last = MAX(want->last, r->last);
        remove_locked(r);
        return;
    }
    if (!overlap)
        return;
    if (r->first < want->first && r->last > want->last) {
        **spare = *r;
        (*spare)->first = want->last + 1;
        list_push_back(&records.held, &(*spare)->node);
        *spare = NULL;
    }
    if (r->first < want->first)
        r->last = want->first - 1;
    else if (r->last > want->last)
        r->first = want->last + 1;
    else
        remove_locked(r);
}

/* Whether want's payer holds too many to have more. To unlock may make two of
 * one, and is to be possible still when all there may be have been set. */
static bool
is_too_much_locked(const struct record *want) REQUIRES(records.lock)
{
    unsigned n = 0;
    list_for_each (const struct record, r, &records.held, node)
        n += r->payer == want->payer;
    return n >= (want->type == F_UNLCK ? 2 * MOST : MOST);
}

/* Sets *want, which then is the list's or freed. */
static void
set_record_locked(struct record *want, struct record **spare)
    REQUIRES(records.lock)
{
    list_for_each_safe (node, &records.held) {
        struct record *r = list_entry(node, struct record, node);
        if (is_same_lock(r, want))
            replace_locked(r, want, spare);
    }
    if (want->type == F_UNLCK)
        kfree(want);
    else
        list_push_back(&records.held, &want->node);
    waitq_wake_all(&records.changed);
}

static int
wait_for_locked(struct record *want, bool wait) REQUIRES(records.lock)
{
    const struct record *blocker;
    int err = 0;
    while (!err && want->type != F_UNLCK && (blocker = conflict_locked(want))) {
        if (!wait)
            return -EAGAIN;
        if (want->pid >= 0 && is_deadlock_locked(want, blocker))
            return -EDEADLK;
        list_push_back(&records.awaited, &want->node);
        err = waitq_sleep_until(&records.changed, &records.lock, WAIT_FOREVER);
        list_del(&want->node);
    }
    return err;
}

static int
set_record(const struct record *what, bool wait)
{
    FREED struct record *want = kmalloc(sizeof(*want));
    FREED struct record *spare = kmalloc(sizeof(*spare));
    if (!want || !spare)
        return -ENOLCK;
    *want = *what;
    want->payer = cpu_thread()->payer;
    spin_guard(&records.lock);
    int err = wait_for_locked(want, wait);
    if (err)
        return err;
    if (is_too_much_locked(want))
        return -ENOLCK;
    set_record_locked(want, &spare);
    want = NULL;
    return 0;
}

static void
get_record(const struct record *want, struct flock *flock)
{
    spin_guard(&records.lock);
    const struct record *r = conflict_locked(want);
    flock->l_type = F_UNLCK;
    if (!r)
        return;
    uint64_t len = r->last == LAST_BYTE ? 0 : r->last - r->first + 1;
    *flock = (struct flock){.l_type = r->type,
                            .l_whence = SEEK_SET,
                            .l_start = (int64_t)r->first,
                            .l_len = (int64_t)len,
                            .l_pid = r->pid};
}

/* The range that flock says, in record's terms. */
static int
read_range(struct file *file, const struct flock *flock, struct record *out)
{
    int64_t base = 0, start, len = flock->l_len;
    if (flock->l_whence == SEEK_CUR && !file->ops->is_stream)
        base = (int64_t)READ_ONCE(file->offset);
    else if (flock->l_whence == SEEK_END && file->inode)
        base = (int64_t)READ_ONCE(file->inode->size);
    else if (flock->l_whence < SEEK_SET || flock->l_whence > SEEK_END)
        return -EINVAL;
    if (__builtin_add_overflow(base, flock->l_start, &start))
        return -EOVERFLOW;
    if (len < 0) {
        if (__builtin_add_overflow(start, len, &start))
            return -EINVAL;
        len = -len;
    }
    if (start < 0)
        return -EINVAL;
    if (len > 0 && start > INT64_MAX - (len - 1))
        return -EOVERFLOW;
    out->first = (uint64_t)start;
    out->last = len ? out->first + (uint64_t)len - 1 : LAST_BYTE;
    return 0;
}

int
record_lock_control(struct fdtable *table, struct file *file, int command,
                    struct flock *flock)
{
    bool ofd = command >= F_OFD_GETLK;
    bool get = command == F_GETLK || command == F_OFD_GETLK;
    struct record want = {.owner = ofd ? (const void *)file : table,
                          .object = object_of(file),
                          .type = flock->l_type,
                          .pid = ofd ? -1 : process_current()->pid};
    int err = read_range(file, flock, &want);
    if (err)
        return err;
    if ((ofd && flock->l_pid != 0) || want.type < F_RDLCK ||
        want.type > (get ? F_WRLCK : F_UNLCK))
        return -EINVAL;
    if (get) {
        get_record(&want, flock);
        return 0;
    }
    if ((want.type == F_RDLCK && !file_allows(file, FILE_READ)) ||
        (want.type == F_WRLCK && !file_allows(file, FILE_WRITE)))
        return -EBADF;
    return set_record(&want, command == F_SETLKW || command == F_OFD_SETLKW);
}

static bool
has_record(const struct record *want)
{
    spin_guard(&records.lock);
    list_for_each (const struct record, r, &records.held, node)
        if (is_same_lock(r, want) && r->type == want->type)
            return true;
    return false;
}

int
record_lock_flock(struct file *file, unsigned kind, bool wait)
{
    struct record want = {.owner = file,
                          .object = object_of(file),
                          .last = LAST_BYTE,
                          .type = F_UNLCK,
                          .pid = -1,
                          .is_flock = true};
    const struct record none = want;
    want.type = kind == LOCK_EX ? F_WRLCK : F_RDLCK;
    if (kind != LOCK_UN && has_record(&want))
        return 0;
    int err = set_record(&none, false);
    return err || kind == LOCK_UN ? err : set_record(&want, wait);
}

void
record_lock_drop(const void *owner, const struct file *file)
{
    if (likely(list_is_empty(&records.held)))
        return;
    spin_guard(&records.lock);
    list_for_each_safe (node, &records.held) {
        struct record *r = list_entry(node, struct record, node);
        if (r->owner == owner && r->object == object_of(file))
            remove_locked(r);
    }
    waitq_wake_all(&records.changed);
}
