/* Descriptor tables: small numbers for open files.
 *
 * Owns struct fdtable. A process has one, and one thread: only that thread
 * looks into the table, so it takes no lock, and a file found there stays
 * for the length of a system call. Thread context; what lets go of a file
 * may block. */
#pragma once

#include "lib/compiler.h"

#define FDTABLE_MAX 1024 /* descriptors of a table: RLIMIT_NOFILE */

struct file;
struct fdtable;

/* Returns an empty table, or a copy for a forked process; NULL without
 * memory. */
struct fdtable *fdtable_create(void);
struct fdtable *fdtable_clone(const struct fdtable *table);

/* Closes every descriptor and frees the table. */
void fdtable_destroy(struct fdtable *table);

/* Closes what is marked close-on-exec. */
void fdtable_close_on_exec(struct fdtable *table);

/* Gives file the lowest free descriptor >= min, with the close-on-exec mark
 * or without. Takes over the caller's reference, if it fails too.
 * Returns the descriptor; or -EMFILE, -ENOMEM, -EINVAL (min is past the
 * end). */
int fdtable_install(struct fdtable *table, struct file *file, int min,
                    bool cloexec) MUST_CHECK;

/* Makes fd refer to file, closing what it was before; the reference as
 * above. Returns fd or -EBADF (out of range), -ENOMEM. */
int fdtable_replace(struct fdtable *table, int fd, struct file *file,
                    bool cloexec) MUST_CHECK;

/* Returns 0 or -EBADF. */
int fdtable_close(struct fdtable *table, int fd) MUST_CHECK;

/* Returns the file of fd without a new reference, or NULL if fd is not
 * open. */
struct file *fdtable_get(const struct fdtable *table, int fd);

/* The close-on-exec mark. Return 0 or 1, or 0; or -EBADF. */
int fdtable_get_cloexec(const struct fdtable *table, int fd) MUST_CHECK;
int fdtable_set_cloexec(struct fdtable *table, int fd, bool on) MUST_CHECK;
