/* The inside of a terminal, shared by the tty*.c files alone.
 *
 * Everything here is called with the terminal locked, unless said otherwise,
 * and does not sleep. */
#pragma once

#include "abi/termios.h"
#include "dev/tty.h"
#include "proc/waitq.h"

/* Bytes of input kept, a power of two; of a line without its end. */
#define TTY_INPUT_SIZE 4096u
#define TTY_LINE_MAX   (TTY_INPUT_SIZE - 1)

/* Typed bytes lie in a ring: from head to committed whole lines, from
 * committed to tail the line being edited. The three run freely; in raw mode
 * committed means nothing. */
struct tty_input {
    unsigned head, committed, tail;
    uint16_t cells[TTY_INPUT_SIZE]; /* a byte, and TTY_END if it ends a line;
                                     * a 0 so marked is end of file and not
                                     * handed out */
};

#define TTY_END 0x100

struct tty {
    struct spinlock lock;

    /* constant after init */
    const struct tty_port *ops;
    void *port;
    uint64_t rdev;
    uint32_t uid, gid; /* of the device's inode */

    /* guarded by the list's lock */
    struct list_node node;
    unsigned refs;

    /* threads waiting for input; for room, the end of writing, a drained
     * port */
    struct waitq readers, writers;

    /* guarded by lock */
    struct termios termios;
    struct winsize winsize;
    int session;          /* 0: nobody's controlling terminal */
    int foreground;       /* group that gets its signals; 0: none */
    bool writing;         /* a writer is at work: others wait */
    bool stopped;         /* by VSTOP or TCOOFF */
    bool hung_up;         /* for good */
    bool literal;         /* VLNEXT was typed: take the next byte as it is */
    unsigned column;      /* of the cursor, as far as we know */
    unsigned line_column; /* where the line being edited begins */
    struct tty_input input;
};

static inline uint16_t *
tty_cell(struct tty_input *in, unsigned pos)
{
    return &in->cells[pos % TTY_INPUT_SIZE];
}

static inline bool
tty_is_canonical(const struct tty *tty)
{
    return tty->termios.c_lflag & ICANON;
}

/* The second and later bytes of a character in UTF-8. */
static inline bool
tty_is_continuation(const struct tty *tty, uint8_t c)
{
    return (tty->termios.c_iflag & IUTF8) && (c & 0xc0) == 0x80;
}

/* tty_line.c: what was typed. */

/* Whether a received byte can be taken now. If not, readers have something
 * to read, or the port is still busy with the echo. */
bool tty_ring_has_room(const struct tty *tty) REQUIRES(tty->lock);

/* Bytes that a read could get now; in canonical mode those of whole lines,
 * marks of end of file included. */
size_t tty_ring_count(const struct tty *tty) REQUIRES(tty->lock);

/* Takes up to max bytes, in canonical mode of one line. */
size_t tty_ring_take(struct tty *tty, char *buf, size_t max)
    REQUIRES(tty->lock);

void tty_ring_flush(struct tty *tty) REQUIRES(tty->lock);

/* ICANON has been turned on or off: what was typed stays readable. */
void tty_ring_mode_changed(struct tty *tty) REQUIRES(tty->lock);

/* What is being typed. Sets what a terminal starts with. */
void tty_line_init(struct tty *tty) REQUIRES(tty->lock);

/* Takes one received byte: edits the line, echoes.
 * Returns the signal it asks for, or 0. */
int tty_line_receive(struct tty *tty, uint8_t c) REQUIRES(tty->lock);

/* Output goes on, or is held back. */
void tty_set_stopped(struct tty *tty, bool stopped) REQUIRES(tty->lock);

/* tty.c: what is shown. */

/* Hands text to the port, processed as c_oflag says, as far as there is room.
 * Returns how much of it was handed over. */
size_t tty_output(struct tty *tty, const char *text, size_t len)
    REQUIRES(tty->lock);

/* The column after c was shown at column, with '\n' as "\r\n" if so set. */
unsigned tty_column_after(const struct tty *tty, unsigned column, char c)
    REQUIRES(tty->lock);

/* Sends sig to group, if there is one; a group that has ended misses nothing.
 * The terminal not locked: signals take locks that come before its own. */
void tty_signal(struct tty *tty, int group, int sig) EXCLUDES(tty->lock);

/* tty_job.c: sessions and foreground groups. */

/* Whether the running process is of another session than the terminal's, and
 * not root: who is left from before somebody else logged in must not read what
 * that one types. */
bool tty_job_is_stranger(const struct tty *tty) REQUIRES(tty->lock);

/* Whether the running process may read now, sig SIGTTIN, or, SIGTTOU, write or
 * change settings. One in the background of the terminal's session may not: its
 * group is sent sig, -EINTR, and tries again once it goes on; or -EIO if nobody
 * is left to continue it. If sig would not stop it, it may write, but not read,
 * -EIO [posix §11.1.4]. -EIO for a stranger. Thread context, the terminal not
 * locked. */
MUST_CHECK int tty_job_check(struct tty *tty, int sig) EXCLUDES(tty->lock);

/* TIOC*PGRP, TIOC*SID, TIOCSCTTY, TIOCNOTTY; -ENOTTY for all others. Thread
 * context, the terminal not locked. */
MUST_CHECK int tty_job_ioctl(struct tty *tty, unsigned request, uaddr_t arg)
    EXCLUDES(tty->lock);
