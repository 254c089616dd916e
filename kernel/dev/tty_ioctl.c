#include "dev/tty_impl.h"
#include "abi/errno.h"
#include "abi/signal.h"
#include "lib/panic.h"
#include "lib/string.h"

static void
discard_input(struct tty *tty) REQUIRES(tty->lock)
{
    char waste[64];
    while (tty->port->read(waste, sizeof(waste)) > 0)
        ;
    tty_ring_flush(tty);
}

/* Waits until all output has been sent. */
static int
drain(struct tty *tty) REQUIRES(tty->lock)
{
    while (!tty->port->is_drained()) {
        int err = waitq_sleep_until(&tty->writers, &tty->lock, WAIT_FOREVER);
        if (err)
            return err;
    }
    return 0;
}

/* Copies a field of the terminal to the user. */
static int
get(struct tty *tty, const void *field, size_t size, uaddr_t arg)
{
    char copy[sizeof(struct termios)];
    assert(size <= sizeof(copy));
    spin_lock(&tty->lock);
    memcpy(copy, field, size);
    spin_unlock(&tty->lock);
    return uaccess_write(arg, copy, size);
}

static int
set_termios(struct tty *tty, unsigned request, uaddr_t arg)
{
    struct termios termios;
    int err = uaccess_read(&termios, arg, sizeof(termios));
    if (err)
        return err;

    spin_lock(&tty->lock);
    if (request != TCSETS)
        err = drain(tty);
    if (!err) {
        if (request == TCSETSF)
            discard_input(tty);
        uint32_t changed = tty->termios.c_lflag ^ termios.c_lflag;
        tty->termios = termios;
        if (changed & ICANON)
            tty_ring_mode_changed(tty);
        if (!(termios.c_iflag & IXON))
            tty->stopped = false;
        waitq_wake_all(&tty->readers);
        waitq_wake_all(&tty->writers);
    }
    spin_unlock(&tty->lock);
    return err;
}

static int
set_winsize(struct tty *tty, uaddr_t arg)
{
    struct winsize winsize;
    int err = uaccess_read(&winsize, arg, sizeof(winsize));
    if (err)
        return err;

    spin_lock(&tty->lock);
    bool changed = memcmp(&winsize, &tty->winsize, sizeof(winsize)) != 0;
    int group = changed ? tty->foreground : 0;
    tty->winsize = winsize;
    spin_unlock(&tty->lock);
    tty_signal(tty, group, SIGWINCH);
    return 0;
}

static int
flush(struct tty *tty, uint64_t which)
{
    if (which > TCIOFLUSH)
        return -EINVAL;
    spin_lock(&tty->lock);
    /* Output already belongs to the port: there is nothing to take back. */
    if (which != TCOFLUSH)
        discard_input(tty);
    spin_unlock(&tty->lock);
    return 0;
}

static int
wait_drained(struct tty *tty)
{
    spin_lock(&tty->lock);
    int err = drain(tty);
    spin_unlock(&tty->lock);
    return err;
}

static int
count_input(struct tty *tty, uaddr_t arg)
{
    spin_lock(&tty->lock);
    int count = (int)tty_ring_count(tty);
    spin_unlock(&tty->lock);
    return uaccess_write(arg, &count, sizeof(count));
}

int
tty_ioctl(struct tty *tty, unsigned request, uaddr_t arg)
{
    switch (request) {
    case TCGETS:
        return get(tty, &tty->termios, sizeof(tty->termios), arg);
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        return set_termios(tty, request, arg);
    case TIOCGWINSZ:
        return get(tty, &tty->winsize, sizeof(tty->winsize), arg);
    case TIOCSWINSZ:
        return set_winsize(tty, arg);
    case TCFLSH:
        return flush(tty, arg.v);
    case TCSBRK:
        return wait_drained(tty);
    case FIONREAD:
        return count_input(tty, arg);
    default:
        return tty_job_ioctl(tty, request, arg);
    }
}
