/* Pseudoterminals: terminals whose other side is a program.
 *
 * The slave is a struct tty over a port in memory; the master is what a program
 * has of that port: it reads what the slave's programs write, and what it
 * writes is typed there. The master's close hangs the slave up. Guarded by a
 * spin lock (RANK_PTY). Thread context, may block. */
#pragma once

#include "dev/tty.h"

struct pty;

/* Makes a pair with a free number, locked: the slave cannot be opened until
 * TIOCSPTLCK says so. Its device belongs to the running process's user.
 * Returns 0 with the master in *out, -ENOMEM, or -ENOSPC (too many; the last
 * are the superuser's). */
int pty_create(struct pty **out) MUST_CHECK;

/* The master is closed. */
void pty_close(struct pty *pty);

/* As tty_read and tty_write, for the master. Reading fails with -EIO once the
 * slave has been open and is not any more. */
int64_t pty_read(struct pty *pty, struct uio *uio, bool nonblock) MUST_CHECK;
int64_t pty_write(struct pty *pty, struct uio *uio, bool nonblock) MUST_CHECK;
unsigned pty_poll(struct pty *pty, struct poll_table *table,
                  void (*wait)(struct poll_table *table, struct waitq *wq));

/* TIOCGPTN, TIOCSPTLCK, TIOCGPTLCK, FIONREAD; all others are the slave's. */
int pty_ioctl(struct pty *pty, unsigned request, uaddr_t arg) MUST_CHECK;

/* The device number of slave n. */
uint64_t pty_rdev(unsigned n);
