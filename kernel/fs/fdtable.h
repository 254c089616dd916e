/* Descriptor tables: small numbers for open files.
 *
 * Owns struct fdtable, which threads of a process share; guarded by its spin
 * lock. Thread context; what lets go of a file may block.
 *
 * Only threads that share a table change it, so a thread that is alone with
 * it may use a file it finds there without a reference of its own: that is
 * what fdtable_borrow saves. */
#pragma once

#include "lib/compiler.h"

#define FDTABLE_MAX 1024 /* descriptors of a table: RLIMIT_NOFILE */

struct file;
struct fdtable;

/* Returns an empty table, or a copy for a forked process; NULL without
 * memory. */
struct fdtable *fdtable_create(void);
struct fdtable *fdtable_clone(struct fdtable *table);

struct fdtable *fdtable_ref(struct fdtable *table);

/* With the last reference every descriptor is closed. */
void fdtable_put(struct fdtable *table);

/* Closes what is marked close-on-exec. */
void fdtable_close_on_exec(struct fdtable *table);

/* Gives file the lowest free descriptor >= min, with the close-on-exec mark
 * or without. Returns the descriptor, and the caller's reference is the
 * table's; or -EMFILE, -ENOMEM, -EINVAL (min is past the end), and it is
 * still the caller's. */
int fdtable_install(struct fdtable *table, struct file *file, int min,
                    bool cloexec) MUST_CHECK;

/* Makes fd refer to file, closing what it was before. Returns fd or -EBADF
 * (out of range), -ENOMEM; the reference as above. */
int fdtable_replace(struct fdtable *table, int fd, struct file *file,
                    bool cloexec) MUST_CHECK;

/* Returns 0 or -EBADF. */
int fdtable_close(struct fdtable *table, int fd) MUST_CHECK;

/* Returns the file of fd with a new reference, or NULL if fd is not open. */
struct file *fdtable_get(struct fdtable *table, int fd);

/* The same for the length of a system call of a thread that has the table:
 * *counted tells fdtable_return whether a reference was needed. */
struct file *fdtable_borrow(struct fdtable *table, int fd, bool *counted);
void fdtable_return(struct file *file, bool counted);

/* The close-on-exec mark. Return 0 or 1, or 0; or -EBADF. */
int fdtable_get_cloexec(struct fdtable *table, int fd) MUST_CHECK;
int fdtable_set_cloexec(struct fdtable *table, int fd, bool on) MUST_CHECK;

/* Returns the lowest open descriptor >= min, or -EBADF after the last. */
int fdtable_next(struct fdtable *table, int min);
