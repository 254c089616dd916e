/* Pipes [posix, pipe]: bytes from writers to readers, in order.
 *
 * Owns struct pipe; guarded by a spin lock, which is not held while bytes are
 * copied, unless they are few and their memory is there. Thread context, may
 * block. */
#pragma once

#include "lib/compiler.h"

#define PIPE_SIZE 65536u /* bytes a pipe holds at most */

struct file;
struct file_ops;

/* The ops of named pipes: one pipe for all who have the inode open. An open
 * for one direction waits for the other, unless O_NONBLOCK says otherwise
 * [posix, open]. */
extern const struct file_ops pipe_named_ops;

/* Makes a fresh file another end of the pipe that `open`, which has no name,
 * is an end of. Returns 0, or -ENXIO: that is none. */
int pipe_open_again(struct file *file, const struct file *open) MUST_CHECK;

/* Makes a pipe: ends[0] for reading, ends[1] for writing, a reference each,
 * with O_NONBLOCK or without.
 * Returns 0 or -ENOMEM. */
int pipe_create(unsigned nonblock, struct file *ends[2]) MUST_CHECK;

/* Lets a pipe hold size bytes, rounded up to a power of two of pages; leaves it
 * as it is if size is 0. Returns what it holds; -EBADF (no pipe), -EPERM (more
 * than PIPE_SIZE), -EBUSY (there is more in it). */
int64_t pipe_set_size(struct file *file, uint64_t size) MUST_CHECK;
