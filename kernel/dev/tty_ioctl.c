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
    int err = 0;
    while (err == 0 && !tty->port->is_drained())
        err = waitq_sleep_until(&tty->writers, &tty->lock, WAIT_FOREVER);
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

int
tty_ioctl(struct tty *tty, unsigned request, uaddr_t arg)
{
    union {
        struct termios termios;
        struct winsize winsize;
        int count;
    } data;
    size_t in = 0, out = 0;
    int err = 0, group = 0;
    if (request == TCSETS || request == TCSETSW || request == TCSETSF)
        in = sizeof(data.termios);
    else if (request == TIOCSWINSZ)
        in = sizeof(data.winsize);
    if (in > 0 && uaccess_read(&data, arg, in) != 0)
        return -EFAULT;

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
    case TCFLSH: /* output is the port's already: it cannot be taken back */
        if (arg.v > TCIOFLUSH)
            err = -EINVAL;
        else if (arg.v != TCOFLUSH)
            discard_input(tty);
        break;
    case TCSBRK:
        err = drain(tty);
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
