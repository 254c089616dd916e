/* Terminals: the line discipline between a serial port and its readers.
 *
 * Owns struct tty: settings, typed lines, foreground group. Guarded by the
 * terminal's own lock (RANK_TTY). tty_input_ready and tty_output_ready may be
 * called from any context; all else is thread context and may block. */
#pragma once

#include "lib/compiler.h"
#include "mm/uio.h"

struct poll_table;
struct tty;
struct waitq;

/* The port under a terminal. Called in any context, with the terminal locked:
 * nothing here may sleep, or call the terminal back. */
struct tty_port {
    /* Takes up to len bytes for sending; returns how many. How many it would
     * take now; and whether all that it took has been sent. */
    size_t (*write)(const char *text, size_t len);
    size_t (*room)(void);
    bool (*is_drained)(void);

    /* Hands out up to max received bytes; returns how many. What is not
     * asked for stays in the port, which holds its sender back. */
    size_t (*read)(char *buf, size_t max);
};

/* Makes a terminal over port, which must stay valid; 24 lines of 80 columns,
 * canonical mode with echo. Returns it, or NULL without memory. */
struct tty *tty_create(const struct tty_port *port);

/* The port has received bytes, or can take some again. */
void tty_input_ready(struct tty *tty);
void tty_output_ready(struct tty *tty);

/* Reads one line, or part of it, in canonical mode, else as VMIN and VTIME
 * say [posix §11.1]. Returns the bytes read, 0 at end of file, -EAGAIN if
 * nonblock is set and there is nothing yet, -EINTR, -EFAULT, -ENOMEM. */
int64_t tty_read(struct tty *tty, struct uio *uio, bool nonblock) MUST_CHECK;

/* Writes all of uio, waiting while the port is full. Returns the bytes
 * written: fewer than asked for only if a signal came, or with nonblock; or
 * -EAGAIN, -EINTR, -EFAULT if none were. */
int64_t tty_write(struct tty *tty, struct uio *uio, bool nonblock) MUST_CHECK;

/* What it is ready for, POLL* [abi/poll.h]; wait(table, wq) is called for each
 * queue that would be woken if that changed. */
unsigned tty_poll(struct tty *tty, struct poll_table *table,
                  void (*wait)(struct poll_table *table, struct waitq *wq));

/* The requests of abi/termios.h, for the running process; arg as ioctl(2) has
 * it, an address or a number. Returns 0 or -ENOTTY (unknown request; not the
 * caller's terminal), -EFAULT, -EINVAL, -EPERM, -ESRCH, -EINTR. */
int tty_ioctl(struct tty *tty, unsigned request, uaddr_t arg) MUST_CHECK;

/* The session whose controlling terminal it is, 0 if it is nobody's: what
 * /dev/tty stands for in that session. */
int tty_session(struct tty *tty);

/* session has ended, or gives the terminal up: the foreground group is told
 * by SIGHUP and SIGCONT, and the terminal is nobody's. Does nothing if it is
 * another session's. Any context. */
void tty_release_session(struct tty *tty, int session);
