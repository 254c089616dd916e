/* Terminals: the line discipline between a serial port and its readers.
 *
 * Owns struct tty: settings, typed lines, foreground group. Guarded by the
 * terminal's own lock (RANK_TTY). tty_input_ready and tty_output_ready may be
 * called from any context; all else is thread context and may block. */
#pragma once

#include "mm/uio.h"

struct poll_table;
struct tty;
struct waitq;

/* The port under a terminal; all are handed the port itself. Called in any
 * context, with the terminal locked, unless said otherwise: nothing here may
 * sleep, or call the terminal back. */
struct tty_port {
    /* Takes up to len bytes for sending; returns how many. How many it would
     * take now; how many of those it took have not been sent; and the dropping
     * of these. */
    size_t (*write)(void *port, const char *text, size_t len);
    size_t (*room)(void *port);
    size_t (*queued)(void *port);
    void (*discard)(void *port);

    /* Hands out up to max received bytes; returns how many. What is not
     * asked for stays in the port, which holds its sender back. */
    size_t (*read)(void *port, char *buf, size_t max);

    /* A file of the terminal is being opened, returns 0 or an error; one is
     * closed; the terminal is gone. The terminal not locked. NULL: nothing to
     * do. */
    int (*open)(void *port);
    void (*close)(void *port);
    void (*free)(void *port);
};

/* Makes a terminal of device number rdev over a port, which must stay valid;
 * of no known size, canonical mode with echo; its device belongs to the
 * running process's user. Returns 0 with a reference in *out, -ENOMEM, or
 * -EEXIST: the number is in use. */
int tty_create(const struct tty_port *ops, void *port, uint64_t rdev,
               struct tty **out) MUST_CHECK;
void tty_put(struct tty *tty);
static inline void
tty_end(struct tty **tty)
{
    if (*tty)
        tty_put(*tty);
}

/* The terminal of a device number, or the controlling terminal of a session,
 * with a reference; NULL: there is none. */
struct tty *tty_find(uint64_t rdev);
struct tty *tty_find_session(int session);

/* The least device number above `after` that a terminal has, or 0. */
uint64_t tty_next(uint64_t after);
uint64_t tty_rdev(const struct tty *tty);
void tty_get_owner(const struct tty *tty, uint32_t *uid, uint32_t *gid);

/* A file of it is opened: it becomes the controlling terminal of the running
 * process's session, if `take` is set, the process leads one that has none, and
 * the terminal is nobody's. Returns 0 or -EIO. tty_close: the file goes, and
 * its reference to the terminal. */
int tty_open(struct tty *tty, bool take) MUST_CHECK;
void tty_close(struct tty *tty);

/* The other side is gone for good: reads end, all else fails with -EIO; the
 * session that has the terminal loses it, and is told by SIGHUP and SIGCONT. */
void tty_hangup(struct tty *tty);

/* The port has received bytes, or can take some again. */
void tty_input_ready(struct tty *tty);
void tty_output_ready(struct tty *tty);

/* Reads one line, or part of it, in canonical mode, else as VMIN and VTIME
 * say [posix §11.1]. Returns the bytes read, 0 at end of file, -EAGAIN if
 * nonblock is set and there is nothing yet, -EINTR, -EFAULT, -ENOMEM, -EIO. */
int64_t tty_read(struct tty *tty, struct uio *uio, bool nonblock) MUST_CHECK;

/* Writes all of uio, waiting while the port is full. Returns the bytes
 * written: fewer than asked for only if a signal came, or with nonblock; or
 * -EAGAIN, -EINTR, -EFAULT, -EIO if none were. */
int64_t tty_write(struct tty *tty, struct uio *uio, bool nonblock) MUST_CHECK;

/* What it is ready for, POLL* [abi/poll.h]; wait(table, wq) is called for each
 * queue that would be woken if that changed. */
unsigned tty_poll(struct tty *tty, struct poll_table *table,
                  void (*wait)(struct poll_table *table, struct waitq *wq));

/* The requests of abi/termios.h, for the running process; arg as ioctl(2) has
 * it, an address or a number. Returns 0 or -ENOTTY (unknown request; not the
 * caller's terminal), -EFAULT, -EINVAL, -EPERM, -ESRCH, -EINTR, -EIO. */
int tty_ioctl(struct tty *tty, unsigned request, uaddr_t arg) MUST_CHECK;

/* session has ended, or gives its terminal up: the foreground group is told
 * by SIGHUP and SIGCONT, and the terminal is nobody's. */
void tty_release_session(int session);
