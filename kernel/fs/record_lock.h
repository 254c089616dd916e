/* Locks on ranges of bytes of files, by consent [posix fcntl]: what F_SETLK
 * and its relatives set.
 *
 * A lock belongs to an owner: to a descriptor table, and then ends when any
 * descriptor of the file in that table is closed; or to an open file
 * description (F_OFD_*), and ends with it. Owns the list of all; guarded by a
 * spin lock. Thread context, may block. */
#pragma once

#include "lib/compiler.h"

struct fdtable;
struct file;
struct flock;

/* F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW on file,
 * which table has. Returns 0, with *flock filled in by the first of each
 * three; -EAGAIN, -EDEADLK, -EINTR; -EBADF (not open for such a lock),
 * -EINVAL, -EOVERFLOW, -ENOLCK. */
int record_lock_control(struct fdtable *table, struct file *file, int command,
                        struct flock *flock) MUST_CHECK;

/* Ends the locks that owner, a table or a file itself, has on file. */
void record_lock_drop(const void *owner, const struct file *file);
