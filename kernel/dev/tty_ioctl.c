#include "dev/tty_impl.h"
#include "abi/errno.h"
#include "abi/signal.h"
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

static int
get_termios(struct tty *tty, uaddr_t arg)
{
    spin_lock(&tty->lock);
    struct termios termios = tty->termios;
    spin_unlock(&tty->lock);
    return uaccess_write(arg, &termios, sizeof(termios));
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
get_winsize(struct tty *tty, uaddr_t arg)
{
    spin_lock(&tty->lock);
    struct winsize winsize = tty->winsize;
    spin_unlock(&tty->lock);
    return uaccess_write(arg, &winsize, sizeof(winsize));
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
    /* Output already belongs to the port: there is nothing to take back. */
    if (which == TCOFLUSH)
        return 0;
    spin_lock(&tty->lock);
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
        return get_termios(tty, arg);
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        return set_termios(tty, request, arg);
    case TIOCGWINSZ:
        return get_winsize(tty, arg);
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
