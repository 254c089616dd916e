#include "dev/tty_impl.h"
#include "abi/errno.h"
#include "abi/poll.h"
#include "arch/clock.h"
#include "mm/slab.h"
#include "proc/signal.h"

#define CHUNK          256u /* bytes written between two looks at the user's */
#define NS_PER_DECISEC 100000000ul

struct tty *
tty_create(const struct tty_port *port)
{
    struct tty *tty = kzalloc(sizeof(*tty));
    if (!tty)
        return NULL;
    spin_init(&tty->lock, "tty", RANK_TTY);
    waitq_init(&tty->readers);
    waitq_init(&tty->writers);
    tty->port = port;
    tty->winsize = (struct winsize){.ws_row = 24, .ws_col = 80};
    spin_lock(&tty->lock);
    tty_line_init(tty);
    spin_unlock(&tty->lock);
    return tty;
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
               tty->port->read(&c, 1) == 1)
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
    if (max == 0)
        return 0;
    int err = tty_job_may_read(tty);
    if (err)
        return err;
    /* Copying out may sleep, the lock forbids it. */
    char *buf = kmalloc(max);
    if (!buf)
        return -ENOMEM;

    spin_lock(&tty->lock);
    int64_t n = wait_for_input(tty, max, nonblock);
    if (n == 0)
        n = (int64_t)tty_ring_take(tty, buf, max);
    spin_unlock(&tty->lock);

    /* There is room now for what the port holds back. */
    tty_input_ready(tty);
    if (n > 0)
        n = uio_fill(uio, buf, (size_t)n);
    kfree(buf);
    return n;
}

/* ---- Writing ------------------------------------------------------------- */

unsigned
tty_column_after(const struct tty *tty, unsigned column, char c)
{
    uint8_t byte = (uint8_t)c;
    switch (c) {
    case '\n':
        return (tty->termios.c_oflag & ONLCR) ? 0 : column;
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

size_t
tty_output(struct tty *tty, const char *text, size_t len)
{
    const struct tty_port *port = tty->port;
    bool cook = tty->termios.c_oflag & OPOST;
    bool expand = cook && (tty->termios.c_oflag & ONLCR);
    size_t room = port->room();
    size_t start = 0, i; /* what is from start to i goes out as it is */
    for (i = 0; i < len; i++) {
        bool newline = expand && text[i] == '\n';
        if (room < 1u + newline)
            break;
        room -= 1u + newline;
        tty->column = tty_column_after(tty, tty->column, text[i]);
        if (newline) {
            port->write(text + start, i - start);
            port->write("\r\n", 2);
            start = i + 1;
        }
    }
    port->write(text + start, i - start);
    return i;
}

/* Waits until something has changed for writers. */
static int
wait_to_write(struct tty *tty, bool nonblock) REQUIRES(tty->lock)
{
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
    spin_lock(&tty->lock);
    while (*err == 0) {
        if (!tty->stopped)
            done += tty_output(tty, text + done, n - done);
        if (done == n)
            break;
        *err = wait_to_write(tty, nonblock);
    }
    spin_unlock(&tty->lock);
    return done;
}

int64_t
tty_write(struct tty *tty, struct uio *uio, bool nonblock)
{
    char chunk[CHUNK];
    int64_t total = 0;
    int err = 0;
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
    spin_lock(&tty->lock);
    wait(table, &tty->readers);
    wait(table, &tty->writers);
    const struct termios *t = &tty->termios;
    bool by_min = !tty_is_canonical(tty) && t->c_cc[VTIME] == 0;
    size_t least = by_min ? MAX(t->c_cc[VMIN], 1) : 1;
    if (tty_ring_count(tty) >= least)
        ready |= POLLIN | POLLRDNORM;
    if (!tty->stopped && tty->port->room() > 0)
        ready |= POLLOUT | POLLWRNORM;
    spin_unlock(&tty->lock);
    return ready;
}
