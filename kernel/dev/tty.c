#include "dev/tty_impl.h"
#include "abi/poll.h"
#include "arch/clock.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/signal.h"

#define CHUNK          256u /* bytes written between two looks at the user's */
#define NS_PER_DECISEC 100000000ul

static struct {
    struct spinlock lock;
    /* guarded by lock */
    struct list_node list; /* by device number */
} ttys = {
    .lock = SPINLOCK_INIT("ttys", RANK_TTY_LIST),
    .list = LIST_INIT(ttys.list),
};

/* Puts tty into the list; false: its number is in use. */
static bool
enlist(struct tty *tty)
{
    struct tty *other;
    spin_guard(&ttys.lock);
    list_for_each_entry (other, &ttys.list, node)
        if (other->rdev >= tty->rdev)
            break;
    bool is_free = &other->node == &ttys.list || other->rdev != tty->rdev;
    if (is_free)
        list_add_before(&other->node, &tty->node);
    return is_free;
}

int
tty_create(const struct tty_port *ops, void *port, uint64_t rdev,
           struct tty **out)
{
    const struct cred *cred = cred_current();
    FREED struct tty *tty = kzalloc(sizeof(*tty));
    if (!tty)
        return -ENOMEM;
    spin_init(&tty->lock, "tty", RANK_TTY);
    waitq_init(&tty->readers);
    waitq_init(&tty->writers);
    tty->ops = ops;
    tty->port = port;
    tty->rdev = rdev;
    tty->uid = cred->uid.fs;
    tty->gid = cred->gid.fs;
    tty->refs = 1;
    spin_lock(&tty->lock);
    tty_line_init(tty);
    spin_unlock(&tty->lock);
    if (!enlist(tty))
        return -EEXIST;
    *out = tty;
    tty = NULL;
    return 0;
}

void
tty_put(struct tty *tty)
{
    spin_lock(&ttys.lock);
    bool last = --tty->refs == 0;
    if (last)
        list_del(&tty->node);
    spin_unlock(&ttys.lock);
    if (!last)
        return;
    if (tty->ops->free)
        tty->ops->free(tty->port);
    kfree(tty);
}

/* The first whose number or session is that. */
static struct tty *
find(const uint64_t *rdev, int session)
{
    spin_guard(&ttys.lock);
    struct tty *tty =
        list_find(struct tty, t, &ttys.list, node,
                  rdev ? t->rdev == *rdev : READ_ONCE(t->session) == session);
    if (tty)
        tty->refs++;
    return tty;
}

struct tty *
tty_find(uint64_t rdev)
{
    return find(&rdev, 0);
}

struct tty *
tty_find_session(int session)
{
    return session ? find(NULL, session) : NULL;
}

uint64_t
tty_next(uint64_t after)
{
    spin_guard(&ttys.lock);
    const struct tty *tty =
        list_find(const struct tty, t, &ttys.list, node, t->rdev > after);
    return tty ? tty->rdev : 0;
}

uint64_t
tty_rdev(const struct tty *tty)
{
    return tty->rdev;
}

void
tty_get_owner(const struct tty *tty, uint32_t *uid, uint32_t *gid)
{
    *uid = tty->uid;
    *gid = tty->gid;
}

void
tty_close(struct tty *tty)
{
    if (tty->ops->close)
        tty->ops->close(tty->port);
    tty_put(tty);
}

void
tty_signal(struct tty *tty UNUSED, int group, int sig)
{
    if (group > 0)
        (void)!signal_send_group(group, sig);
}

void
tty_input_ready(struct tty *tty)
{
    int sig, group;
    do { /* until a byte asks for a signal, or there is no room */
        char c;
        sig = 0;
        spin_lock(&tty->lock);
        while (sig == 0 && tty_ring_has_room(tty) &&
               tty->ops->read(tty->port, &c, 1) == 1)
            sig = tty_line_receive(tty, (uint8_t)c);
        group = tty->foreground;
        if (tty_ring_count(tty) > 0)
            waitq_notify(&tty->readers);
        spin_unlock(&tty->lock);
        if (sig != 0)
            tty_signal(tty, group, sig);
    } while (sig != 0);
}

void
tty_output_ready(struct tty *tty)
{
    /* The port's room changed under the port's lock: this one makes sure that
     * who found it full is asleep by now, and hears. */
    spin_lock(&tty->lock);
    waitq_notify(&tty->writers);
    spin_unlock(&tty->lock);
    /* Input may have waited for room to echo it. */
    tty_input_ready(tty);
}

/* ---- Reading ------------------------------------------------------------- */

/* Whether a read of max bytes has what it waits for; *timed says if bytes, or
 * the lack of them, start VTIME's clock [posix §11.1.7]. */
static bool
is_satisfied(const struct tty *tty, size_t max, bool *timed) REQUIRES(tty->lock)
{
    size_t count = tty_ring_count(tty);
    *timed = false;
    if (tty_is_canonical(tty))
        return count > 0;
    unsigned min = tty->termios.c_cc[VMIN], time = tty->termios.c_cc[VTIME];
    *timed = time > 0 && (min == 0 || count > 0);
    return count >= MIN(MAX(min, 1u), max) || (min == 0 && time == 0);
}

static int
wait_for_input(struct tty *tty, size_t max, bool nonblock) REQUIRES(tty->lock)
{
    size_t seen = SIZE_MAX; /* bytes at the last look */
    uint64_t deadline = WAIT_FOREVER;
    bool timed;
    while (!is_satisfied(tty, max, &timed)) {
        size_t count = tty_ring_count(tty);
        int err = -EAGAIN;
        if (tty->hung_up)
            return -EIO;
        if (!timed)
            deadline = WAIT_FOREVER;
        else if (count != seen)
            deadline =
                clock_now_ns() + tty->termios.c_cc[VTIME] * NS_PER_DECISEC;
        seen = count;
        if (!nonblock)
            err = waitq_sleep_until(&tty->readers, &tty->lock, deadline);
        if (err == -ETIMEDOUT)
            return 0;
        if (err)
            return tty_ring_count(tty) > 0 ? 0 : err;
    }
    return 0;
}

int64_t
tty_read(struct tty *tty, struct uio *uio, bool nonblock)
{
    size_t max = MIN(uio->residual, (size_t)TTY_INPUT_SIZE);
    if (max == 0 || READ_ONCE(tty->hung_up))
        return 0;
    int err = tty_job_check(tty, SIGTTIN);
    if (err)
        return err;
    /* Copying out may sleep, the lock forbids it. */
    FREED char *buf = kmalloc(max);
    if (!buf)
        return -ENOMEM;

    spin_lock(&tty->lock);
    int64_t n = wait_for_input(tty, max, nonblock);
    if (n == 0)
        n = tty_job_is_stranger(tty) ? -EIO
                                     : (int64_t)tty_ring_take(tty, buf, max);
    spin_unlock(&tty->lock);

    /* There is room now for what the port holds back. */
    tty_input_ready(tty);
    return n > 0 ? uio_fill(uio, buf, (size_t)n) : n;
}

/* ---- Writing ------------------------------------------------------------- */

unsigned
tty_column_after(const struct tty *tty, unsigned column, char c)
{
    uint8_t byte = (uint8_t)c;
    switch (c) {
    case '\n':
        return tty->termios.c_oflag & (ONLCR | ONLRET) ? 0 : column;
    case '\r':
        return 0;
    case '\b':
        return column > 0 ? column - 1 : 0;
    case '\t':
        return ALIGN_DOWN(column + 8, 8u);
    }
    bool hidden = byte < ' ' || byte == 0x7f || tty_is_continuation(tty, byte);
    return hidden ? column : column + 1;
}

/* What c is shown as [posix §11.1.3 c_oflag]; returns how many bytes. */
static size_t
process_char(const struct tty *tty, char c, char out[8])
{
    uint32_t flags = tty->termios.c_oflag;
    size_t blanks = 8 - tty->column % 8;
    out[0] = c;
    switch (c) {
    case '\n':
        if (!(flags & ONLCR))
            return 1;
        out[0] = '\r';
        out[1] = '\n';
        return 2;
    case '\r':
        out[0] = flags & OCRNL ? '\n' : '\r';
        return (flags & ONOCR) && tty->column == 0 ? 0 : 1;
    case '\t':
        if ((flags & TABDLY) != XTABS)
            return 1;
        memset(out, ' ', blanks);
        return blanks;
    default:
        return 1;
    }
}

size_t
tty_output(struct tty *tty, const char *text, size_t len)
{
    const struct tty_port *ops = tty->ops;
    bool cook = tty->termios.c_oflag & OPOST;
    size_t room = ops->room(tty->port);
    size_t start = 0, i; /* what is from start to i goes out as it is */
    char out[8];
    for (i = 0; i < len; i++) {
        bool special = cook && (uint8_t)text[i] < ' ';
        size_t n = special ? process_char(tty, text[i], out) : 1;
        if (room < n)
            break;
        room -= n;
        tty->column = tty_column_after(tty, tty->column, text[i]);
        if (special && (n != 1 || out[0] != text[i])) {
            ops->write(tty->port, text + start, i - start);
            ops->write(tty->port, out, n);
            start = i + 1;
        }
    }
    ops->write(tty->port, text + start, i - start);
    return i;
}

/* Waits until something has changed for writers. */
static int
wait_to_write(struct tty *tty, bool nonblock) REQUIRES(tty->lock)
{
    if (tty->hung_up)
        return -EIO;
    if (nonblock)
        return -EAGAIN;
    return waitq_sleep_until(&tty->writers, &tty->lock, WAIT_FOREVER);
}

/* Writes n bytes, or, with *err set, fewer. Returns how many. */
static size_t
write_chunk(struct tty *tty, const char *text, size_t n, bool nonblock,
            int *err)
{
    size_t done = 0;
    spin_guard(&tty->lock);
    while (*err == 0) {
        if (!tty->stopped && !tty->hung_up)
            done += tty_output(tty, text + done, n - done);
        if (done == n)
            break;
        *err = wait_to_write(tty, nonblock);
    }
    return done;
}

int64_t
tty_write(struct tty *tty, struct uio *uio, bool nonblock)
{
    char chunk[CHUNK];
    int64_t total = 0;
    int err = 0;
    if (READ_ONCE(tty->hung_up))
        return -EIO;
    if (READ_ONCE(tty->termios.c_lflag) & TOSTOP)
        err = tty_job_check(tty, SIGTTOU);
    if (err)
        return err;
    /* One call at a time, so that what each writes stays together. */
    spin_lock(&tty->lock);
    while (tty->writing && err == 0)
        err = wait_to_write(tty, nonblock);
    if (err == 0)
        tty->writing = true;
    spin_unlock(&tty->lock);
    if (err)
        return err;

    while (err == 0 && uio->residual > 0) {
        int64_t n = uio_drain(uio, chunk, sizeof(chunk));
        if (n < 0)
            err = (int)n;
        else
            total +=
                (int64_t)write_chunk(tty, chunk, (size_t)n, nonblock, &err);
    }
    spin_lock(&tty->lock);
    tty->writing = false;
    waitq_notify(&tty->writers);
    spin_unlock(&tty->lock);
    return total > 0 ? total : err;
}

unsigned
tty_poll(struct tty *tty, struct poll_table *table,
         void (*wait)(struct poll_table *table, struct waitq *wq))
{
    unsigned ready = 0;
    spin_guard(&tty->lock);
    wait(table, &tty->readers);
    wait(table, &tty->writers);
    const struct termios *t = &tty->termios;
    bool by_min = !tty_is_canonical(tty) && t->c_cc[VTIME] == 0;
    size_t least = by_min ? MAX(t->c_cc[VMIN], 1) : 1;
    if (tty_ring_count(tty) >= least)
        ready |= POLLIN | POLLRDNORM;
    if (!tty->stopped && tty->ops->room(tty->port) > 0)
        ready |= POLLOUT | POLLWRNORM;
    if (tty->hung_up)
        ready = POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLERR | POLLHUP;
    return ready;
}
