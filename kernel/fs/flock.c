#include "fs/flock.h"

#include "fs/file.h"

static struct {
    struct spinlock lock;
    struct waitq changed; /* some lock has ended */
    /* guarded by lock */
    struct list_node files; /* that have a lock */
} locks = {
    .lock = SPINLOCK_INIT("flock", RANK_FLOCK),
    .changed = WAITQ_INIT(locks.changed),
    .files = LIST_INIT(locks.files),
};

/* What is locked: an inode or, both ends at once, a pipe. */
static const void *
object_of(const struct file *file)
{
    return file->inode ? (const void *)file->inode : file->private;
}

static bool
conflicts_locked(const struct file *file, unsigned kind) REQUIRES(locks.lock)
{
    const struct file *other;
    list_for_each_entry (other, &locks.files, flock_node) {
        if (other != file && object_of(other) == object_of(file) &&
            (kind == LOCK_EX || other->flock == LOCK_EX))
            return true;
    }
    return false;
}

static void
set_locked(struct file *file, unsigned kind) REQUIRES(locks.lock)
{
    if (file->flock != LOCK_UN)
        list_del(&file->flock_node);
    if (kind != LOCK_UN)
        list_push_back(&locks.files, &file->flock_node);
    file->flock = kind;
    waitq_wake_all(&locks.changed);
}

int
flock_set(struct file *file, unsigned kind, bool wait)
{
    int err = 0;
    spin_guard(&locks.lock);
    if (file->flock != kind)
        set_locked(file, LOCK_UN);
    while (!err && kind != LOCK_UN && conflicts_locked(file, kind))
        err = wait
                  ? waitq_sleep_until(&locks.changed, &locks.lock, WAIT_FOREVER)
                  : -EAGAIN;
    if (!err && file->flock != kind)
        set_locked(file, kind);
    return err;
}

void
flock_drop(struct file *file)
{
    if (file->flock == LOCK_UN)
        return;
    spin_guard(&locks.lock);
    set_locked(file, LOCK_UN);
}
