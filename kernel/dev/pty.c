#include "dev/pty.h"
#include "abi/poll.h"
#include "abi/stat.h"
#include "abi/termios.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/cred.h"
#include "proc/waitq.h"

#define PTY_MAX     256u  /* numbers: as many as are in a row of rdevs */
#define PTY_OTHERS  240u  /* of those, for others than the superuser */
#define RING_SIZE   4096u /* a power of two */
#define CHUNK_SIZE  256u
#define MAJOR_SLAVE 136u

/* Bytes on their way from one side to the other. */
struct ring {
    unsigned head, tail; /* free-running; bytes lie from head to tail */
    char bytes[RING_SIZE];
};

struct pty {
    struct spinlock lock;
    struct waitq can_read, can_write; /* for the master */

    /* constant after creation */
    unsigned number;
    struct tty *tty; /* with a reference, the master's */

    /* guarded by lock */
    bool locked, was_opened;
    unsigned opens; /* of the slave */
    struct ring shown, typed;
};

static size_t
ring_used(const struct ring *ring)
{
    return ring->tail - ring->head;
}

static size_t
ring_put(struct ring *ring, const char *bytes, size_t n)
{
    n = MIN(n, RING_SIZE - ring_used(ring));
    for (size_t i = 0; i < n; i++)
        ring->bytes[ring->tail++ % RING_SIZE] = bytes[i];
    return n;
}

static size_t
ring_take(struct ring *ring, char *bytes, size_t n)
{
    n = MIN(n, ring_used(ring));
    for (size_t i = 0; i < n; i++)
        bytes[i] = ring->bytes[ring->head++ % RING_SIZE];
    return n;
}

/* ---- The port under the slave ---- */

static size_t
show(void *port, const char *text, size_t len)
{
    struct pty *pty = port;
    spin_guard(&pty->lock);
    size_t n = ring_put(&pty->shown, text, len);
    if (n > 0)
        waitq_notify(&pty->can_read);
    return n;
}

static size_t
room_to_show(void *port)
{
    struct pty *pty = port;
    spin_guard(&pty->lock);
    return RING_SIZE - ring_used(&pty->shown);
}

/* What was written is the master's: nobody waits for it to be read. */
static size_t
none_queued(void *port UNUSED)
{
    return 0;
}

static void
discard_shown(void *port)
{
    struct pty *pty = port;
    spin_guard(&pty->lock);
    pty->shown.head = pty->shown.tail;
}

static size_t
take_typed(void *port, char *buf, size_t max)
{
    struct pty *pty = port;
    spin_guard(&pty->lock);
    size_t n = ring_take(&pty->typed, buf, max);
    if (n > 0)
        waitq_notify(&pty->can_write);
    return n;
}

static int
open_slave(void *port)
{
    struct pty *pty = port;
    spin_guard(&pty->lock);
    if (pty->locked)
        return -EIO;
    pty->opens++;
    pty->was_opened = true;
    return 0;
}

static void
close_slave(void *port)
{
    struct pty *pty = port;
    spin_guard(&pty->lock);
    pty->opens--;
    waitq_notify(&pty->can_read);
}

static const struct tty_port slave_port = {
    .write = show,
    .room = room_to_show,
    .queued = none_queued,
    .discard = discard_shown,
    .read = take_typed,
    .open = open_slave,
    .close = close_slave,
    .free = kfree,
};

/* ---- The master ---- */

uint64_t
pty_rdev(unsigned n)
{
    return MAKEDEV(MAJOR_SLAVE, n);
}

int
pty_create(struct pty **out)
{
    FREED struct pty *pty = kzalloc(sizeof(*pty));
    if (!pty)
        return -ENOMEM;
    spin_init(&pty->lock, "pty", RANK_PTY);
    waitq_init(&pty->can_read);
    waitq_init(&pty->can_write);
    pty->locked = true;
    unsigned end = cred_is_root(cred_current()) ? PTY_MAX : PTY_OTHERS;
    for (; pty->number < end; pty->number++) {
        uint64_t rdev = pty_rdev(pty->number);
        if (tty_next(rdev - 1) == rdev)
            continue;
        int err = tty_create(&slave_port, pty, rdev, &pty->tty);
        if (err == -EEXIST)
            continue;
        if (!err) {
            *out = pty;
            pty = NULL;
        }
        return err;
    }
    return -ENOSPC;
}

void
pty_close(struct pty *pty)
{
    tty_hangup(pty->tty);
    tty_put(pty->tty);
}

/* Waits for the slave's side. */
static int
wait_for_slave(struct pty *pty, struct waitq *wq, bool nonblock)
    REQUIRES(pty->lock)
{
    if (nonblock)
        return -EAGAIN;
    return waitq_sleep_until(wq, &pty->lock, WAIT_FOREVER);
}

static bool
is_left(const struct pty *pty) REQUIRES(pty->lock)
{
    return pty->was_opened && pty->opens == 0;
}

int64_t
pty_read(struct pty *pty, struct uio *uio, bool nonblock)
{
    char chunk[CHUNK_SIZE];
    int64_t total = 0;
    int err = 0;
    while (uio->residual > 0 && !err) {
        spin_lock(&pty->lock);
        while (!err && total == 0 && ring_used(&pty->shown) == 0)
            err = is_left(pty) ? -EIO
                               : wait_for_slave(pty, &pty->can_read, nonblock);
        size_t n =
            ring_take(&pty->shown, chunk, MIN(sizeof(chunk), uio->residual));
        spin_unlock(&pty->lock);
        if (n == 0)
            break;
        tty_output_ready(pty->tty);
        int64_t moved = uio_fill(uio, chunk, n);
        if (moved < 0)
            err = (int)moved;
        else
            total += moved;
    }
    return total > 0 ? total : err;
}

/* Types n bytes; fewer if *err is set. */
static size_t
type(struct pty *pty, const char *bytes, size_t n, bool nonblock, int *err)
{
    size_t done = 0;
    while (done < n && !*err) {
        spin_lock(&pty->lock);
        size_t now = ring_put(&pty->typed, bytes + done, n - done);
        if (now == 0)
            *err = wait_for_slave(pty, &pty->can_write, nonblock);
        spin_unlock(&pty->lock);
        done += now;
        if (now > 0)
            tty_input_ready(pty->tty);
    }
    return done;
}

int64_t
pty_write(struct pty *pty, struct uio *uio, bool nonblock)
{
    char chunk[CHUNK_SIZE];
    int64_t total = 0;
    int err = 0;
    while (uio->residual > 0 && !err) {
        int64_t n = uio_drain(uio, chunk, sizeof(chunk));
        if (n < 0)
            err = (int)n;
        else
            total += (int64_t)type(pty, chunk, (size_t)n, nonblock, &err);
    }
    return total > 0 ? total : err;
}

unsigned
pty_poll(struct pty *pty, struct poll_table *table,
         void (*wait)(struct poll_table *table, struct waitq *wq))
{
    unsigned ready = 0;
    spin_guard(&pty->lock);
    wait(table, &pty->can_read);
    wait(table, &pty->can_write);
    if (ring_used(&pty->shown) > 0)
        ready |= POLLIN | POLLRDNORM;
    if (ring_used(&pty->typed) < RING_SIZE)
        ready |= POLLOUT | POLLWRNORM;
    if (is_left(pty))
        ready |= POLLHUP;
    return ready;
}

int
pty_ioctl(struct pty *pty, unsigned request, uaddr_t arg)
{
    int value;
    switch (request) {
    case TIOCGPTN:
        value = (int)pty->number;
        break;
    case TIOCGPTLCK:
        value = READ_ONCE(pty->locked);
        break;
    case TIOCSPTLCK:
        if (uaccess_read(&value, arg, sizeof(value)) != 0)
            return -EFAULT;
        spin_lock(&pty->lock);
        pty->locked = value != 0;
        spin_unlock(&pty->lock);
        return 0;
    case FIONREAD:
        spin_lock(&pty->lock);
        value = (int)ring_used(&pty->shown);
        spin_unlock(&pty->lock);
        break;
    default:
        return tty_ioctl(pty->tty, request, arg);
    }
    return uaccess_write(arg, &value, sizeof(value));
}
