/* timerfd: a timer as a file, that can be read once it has expired. */
#include "abi/time.h"
#include "arch/clock.h"
#include "dev/rtc.h"
#include "fs/poll.h"
#include "mm/slab.h"
#include "proc/timer.h"
#include "sys/fileargs.h"
#include "sys/sys.h"
#include "sys/timearg.h"

#define TFD_TIMER_CANCEL_ON_SET 2 /* nobody sets the clock */

struct timerfd {
    struct spinlock lock;
    struct waitq expired;
    struct timer timer;
    bool is_real; /* constant after init: counts from the epoch */
    /* guarded by lock */
    uint64_t due_ns; /* clock_now_ns() time; 0: it is off */
    uint64_t interval_ns;
    uint64_t count; /* expirations that have not been read */
};

static const struct file_ops timerfd_ops;

/* Counts what is due, and sets the timer for what is next. */
static void
expire_locked(struct timerfd *t) REQUIRES(t->lock)
{
    uint64_t now = clock_now_ns(), n = 1;
    if (t->due_ns == 0 || t->due_ns > now)
        return;
    if (t->interval_ns)
        n += (now - t->due_ns) / t->interval_ns;
    t->count += n;
    t->due_ns = t->interval_ns ? t->due_ns + n * t->interval_ns : 0;
    if (t->due_ns)
        timer_set(&t->timer, t->due_ns);
    waitq_notify(&t->expired);
}

static void
ring_timerfd(struct timer *timer)
{
    struct timerfd *t = container_of(timer, struct timerfd, timer);
    spin_guard(&t->lock);
    expire_locked(t);
}

static int64_t
timerfd_read(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    struct timerfd *t = file->private;
    uint64_t count = 0;
    int err = uio->residual < sizeof(count) ? -EINVAL : 0;
    spin_lock(&t->lock);
    while (!err && t->count == 0)
        err = file_wait(file, &t->expired, &t->lock);
    if (!err)
        SWAP(count, t->count);
    spin_unlock(&t->lock);
    return err ?: uio_fill(uio, &count, sizeof(count));
}

static unsigned
timerfd_poll(struct file *file, struct poll_table *table)
{
    struct timerfd *t = file->private;
    spin_guard(&t->lock);
    poll_wait(table, &t->expired);
    return t->count > 0 ? POLLIN : 0;
}

/* Takes the timer off: its function takes the lock. */
static void
stop_timer(struct timerfd *t)
{
    spin_lock(&t->lock);
    t->due_ns = 0;
    spin_unlock(&t->lock);
    timer_cancel(&t->timer);
}

static void
timerfd_release(struct file *file)
{
    stop_timer(file->private);
    kfree(file->private);
}

static const struct file_ops timerfd_ops = {
    .release = timerfd_release,
    .read = timerfd_read,
    .poll = timerfd_poll,
    .is_stream = true,
};

SYSCALL_DEFINE(timerfd_create)
{
    unsigned clock = (unsigned)arg[0], flags = (unsigned)arg[1];
    if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) || !is_timer_clock(clock))
        return -EINVAL;
    struct timerfd *t = kzalloc(sizeof(*t));
    if (!t)
        return -ENOMEM;
    spin_init(&t->lock, "timerfd", RANK_PIPE);
    waitq_init(&t->expired);
    timer_init(&t->timer, ring_timerfd);
    t->is_real = clock == CLOCK_REALTIME;
    return file_install_new(&timerfd_ops, t, flags);
}

static struct itimer_setting
get_setting(struct timerfd *t)
{
    spin_guard(&t->lock);
    uint64_t now = clock_now_ns();
    uint64_t left = t->due_ns > now ? t->due_ns - now : 1;
    return (struct itimer_setting){.value_ns = t->due_ns ? left : 0,
                                   .interval_ns = t->interval_ns};
}

static struct timerfd *
timerfd_arg(uint64_t fd, int *err)
{
    struct file *file = file_arg(fd);
    bool is = file && file->ops == &timerfd_ops;
    *err = !file ? -EBADF : is ? 0 : -EINVAL;
    return is ? file->private : NULL;
}

SYSCALL_DEFINE(timerfd_gettime)
{
    int err;
    struct timerfd *t = timerfd_arg(arg[0], &err);
    if (err)
        return err;
    const struct itimer_setting now = get_setting(t);
    return setting_arg_write(arg[1], 1, &now);
}

/* When a setting of `value`, not 0, is due by clock_now_ns(), never 0. */
static uint64_t
due_at(const struct timerfd *t, uint64_t value, bool is_absolute)
{
    uint64_t offset = (uint64_t)rtc_offset_ns();
    if (!is_absolute)
        return clock_now_ns() + value;
    if (t->is_real)
        value = value > offset ? value - offset : 1;
    return value;
}

SYSCALL_DEFINE(timerfd_settime)
{
    struct itimer_setting new;
    struct timerfd *t = NULL;
    if (arg[1] & ~(uint64_t)(TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
        return -EINVAL;
    int err = setting_arg_read(arg[2], 1, &new);
    if (!err)
        t = timerfd_arg(arg[0], &err);
    if (err)
        return err;
    const struct itimer_setting old = get_setting(t);
    stop_timer(t);
    spin_lock(&t->lock);
    t->count = 0;
    t->interval_ns = new.interval_ns;
    t->due_ns =
        new.value_ns ? due_at(t, new.value_ns, arg[1] & TIMER_ABSTIME) : 0;
    if (t->due_ns > clock_now_ns())
        timer_set(&t->timer, t->due_ns);
    expire_locked(t);
    spin_unlock(&t->lock);
    return arg[3] ? setting_arg_write(arg[3], 1, &old) : 0;
}
