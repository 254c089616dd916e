/* eventfd2: a number as a file, to tell others that something has happened. */
#include "fs/poll.h"
#include "mm/slab.h"
#include "sys/fileargs.h"
#include "sys/sys.h"

#define EFD_SEMAPHORE 1u
#define HIGHEST       (UINT64_MAX - 1)

struct eventfd {
    struct spinlock lock;
    struct waitq changed;
    bool is_semaphore; /* constant after init */
    /* guarded by lock */
    uint64_t count;
};

/* Takes the whole count, or 1 of it. */
static int64_t
eventfd_read(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    struct eventfd *e = file->private;
    uint64_t value = 0;
    int err = uio->residual < sizeof(value) ? -EINVAL : 0;
    spin_lock(&e->lock);
    while (!err && e->count == 0)
        err = file_wait(file, &e->changed, &e->lock);
    if (!err) {
        value = e->is_semaphore ? 1 : e->count;
        e->count -= value;
        waitq_notify(&e->changed);
    }
    spin_unlock(&e->lock);
    return err ?: uio_fill(uio, &value, sizeof(value));
}

static int64_t
eventfd_write(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    struct eventfd *e = file->private;
    uint64_t value;
    if (uio->residual < sizeof(value))
        return -EINVAL;
    int64_t n = uio_drain(uio, &value, sizeof(value));
    if (n != (int64_t)sizeof(value))
        return -EFAULT;
    int err = value == UINT64_MAX ? -EINVAL : 0;
    spin_guard(&e->lock);
    while (!err && value > HIGHEST - e->count)
        err = file_wait(file, &e->changed, &e->lock);
    if (err)
        return err;
    e->count += value;
    waitq_notify(&e->changed);
    return n;
}

static unsigned
eventfd_poll(struct file *file, struct poll_table *table)
{
    struct eventfd *e = file->private;
    spin_guard(&e->lock);
    poll_wait(table, &e->changed);
    return (e->count > 0 ? POLLIN : 0) | (e->count < HIGHEST ? POLLOUT : 0);
}

static void
eventfd_release(struct file *file)
{
    kfree(file->private);
}

static const struct file_ops eventfd_ops = {
    .release = eventfd_release,
    .read = eventfd_read,
    .write = eventfd_write,
    .poll = eventfd_poll,
    .is_stream = true,
};

SYSCALL_DEFINE(eventfd2)
{
    unsigned flags = (unsigned)arg[1];
    if (flags & ~(O_CLOEXEC | O_NONBLOCK | EFD_SEMAPHORE))
        return -EINVAL;
    struct eventfd *e = kzalloc(sizeof(*e));
    if (!e)
        return -ENOMEM;
    spin_init(&e->lock, "eventfd", RANK_PIPE);
    waitq_init(&e->changed);
    e->count = (uint32_t)arg[0];
    e->is_semaphore = flags & EFD_SEMAPHORE;
    return file_install_new(&eventfd_ops, e, flags);
}
