/* Locks on files, by consent: on ranges of bytes, what F_SETLK and its
 * relatives set [posix fcntl], and on whole files [flock(2)].
 *
 * A lock belongs to an owner: to a descriptor table, and then ends when any
 * descriptor of the file in that table is closed; or to an open file
 * description (F_OFD_*, flock), and ends with it. Owns the list of all; guarded
 * by a spin lock. Thread context, may block. */
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

/* Gives file a lock of kind LOCK_SH or LOCK_EX on the whole, in place of what
 * it has, or, for LOCK_UN, none; waits for others' to end if wait is true.
 * flock's locks and fcntl's do not know of each other. Returns 0; -EAGAIN,
 * -EINTR, -ENOLCK, and then it has none. */
int record_lock_flock(struct file *file, unsigned kind, bool wait) MUST_CHECK;

/* Ends the locks that owner, a table or a file itself, has on file. */
void record_lock_drop(const void *owner, const struct file *file);
