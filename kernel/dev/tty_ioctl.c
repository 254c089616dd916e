#include "dev/tty_impl.h"
#include "abi/signal.h"
#include "lib/string.h"

static void
discard_input(struct tty *tty) REQUIRES(tty->lock)
{
    char waste[64];
    while (tty->ops->read(tty->port, waste, sizeof(waste)) > 0)
        ;
    tty_ring_flush(tty);
}

/* Waits until all output has been sent. */
static int
drain(struct tty *tty) REQUIRES(tty->lock)
{
    int err = 0;
    while (err == 0 && (tty->hung_up || tty->ops->queued(tty->port) > 0))
        err = tty->hung_up
                  ? -EIO
                  : waitq_sleep_until(&tty->writers, &tty->lock, WAIT_FOREVER);
    return err;
}

static int
set_termios(struct tty *tty, unsigned request, const struct termios *termios)
    REQUIRES(tty->lock)
{
    int err = request == TCSETS ? 0 : drain(tty);
    if (err)
        return err;
    if (request == TCSETSF)
        discard_input(tty);
    uint32_t changed = tty->termios.c_lflag ^ termios->c_lflag;
    tty->termios = *termios;
    if (changed & ICANON)
        tty_ring_mode_changed(tty);
    if (!(termios->c_iflag & IXON))
        tty->stopped = false;
    waitq_notify(&tty->readers);
    waitq_notify(&tty->writers);
    return 0;
}

/* Requests that are as good as output: not for the background. */
static bool
is_change(unsigned request)
{
    static const unsigned changes[] = {TCSETS,  TCSETSW, TCSETSF, TCSBRK,
                                       TCSBRKP, TCXONC,  TCFLSH,  TIOCSPGRP};
    unsigned i = 0;
    while (i < ARRAY_LEN(changes) && changes[i] != request)
        i++;
    return i < ARRAY_LEN(changes);
}

/* Drops what was typed, or what has not been sent, or both. */
static int
flush(struct tty *tty, uint64_t which) REQUIRES(tty->lock)
{
    if (which > TCIOFLUSH)
        return -EINVAL;
    if (which != TCOFLUSH)
        discard_input(tty);
    if (which != TCIFLUSH) {
        tty->ops->discard(tty->port);
        waitq_notify(&tty->writers);
    }
    return 0;
}

/* Holds output back, or the other side's by sending it VSTOP. */
static int
control_flow(struct tty *tty, uint64_t action) REQUIRES(tty->lock)
{
    if (action > TCION)
        return -EINVAL;
    if (action == TCOOFF || action == TCOON) {
        tty_set_stopped(tty, action == TCOOFF);
        return 0;
    }
    char c = (char)tty->termios.c_cc[action == TCIOFF ? VSTOP : VSTART];
    if (c)
        tty->ops->write(tty->port, &c, 1);
    return 0;
}

int
tty_ioctl(struct tty *tty, unsigned request, uaddr_t arg)
{
    union {
        struct termios termios;
        struct winsize winsize;
        int count;
    } data;
    size_t out = 0;
    int err = 0, group = 0;
    if (READ_ONCE(tty->hung_up))
        return request == TIOCSPGRP ? -ENOTTY : -EIO;
    if (is_change(request))
        err = tty_job_check(tty, SIGTTOU);
    if (request == TCSETS || request == TCSETSW || request == TCSETSF)
        err = err ?: uaccess_read(&data, arg, sizeof(data.termios));
    else if (request == TIOCSWINSZ)
        err = err ?: uaccess_read(&data, arg, sizeof(data.winsize));
    if (err)
        return err;

    spin_lock(&tty->lock);
    switch (request) {
    case TCGETS:
        data.termios = tty->termios;
        out = sizeof(data.termios);
        break;
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        err = set_termios(tty, request, &data.termios);
        break;
    case TIOCGWINSZ:
        data.winsize = tty->winsize;
        out = sizeof(data.winsize);
        break;
    case TIOCSWINSZ:
        if (memcmp(&data.winsize, &tty->winsize, sizeof(data.winsize)) != 0)
            group = tty->foreground;
        tty->winsize = data.winsize;
        break;
    case TCFLSH:
        err = flush(tty, arg.v);
        break;
    case TCXONC:
        err = control_flow(tty, arg.v);
        break;
    case TCSBRK: /* a break is not sent: no port could */
    case TCSBRKP:
        err = drain(tty);
        break;
    case TIOCOUTQ:
        data.count = (int)tty->ops->queued(tty->port);
        out = sizeof(data.count);
        break;
    case FIONREAD:
        data.count = (int)tty_ring_count(tty);
        out = sizeof(data.count);
        break;
    default:
        spin_unlock(&tty->lock);
        return tty_job_ioctl(tty, request, arg);
    }
    spin_unlock(&tty->lock);
    tty_signal(tty, group, SIGWINCH);
    return err || out == 0 ? err : uaccess_write(arg, &data, out);
}
