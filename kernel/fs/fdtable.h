/* Descriptor tables: small numbers for open files.
 *
 * Owns struct fdtable. As long as one thread of one process has a table, only
 * that thread looks into it, and it takes no lock; then it is shared for good,
 * and guarded by a lock of its own. Thread context; what lets go of a file may
 * block. */
#pragma once

#include "sync/spinlock.h"

#define FDTABLE_MAX 1024 /* descriptors of a table, at most */

struct file;

struct fd_slot {
    struct file *file; /* with a reference; NULL: free */
    bool cloexec;
};

struct fdtable {
    /* private to the owner until there are two */
    bool is_shared; /* from then on, for good */

    /* atomic */
    uint32_t refs;  /* processes, and who looks in from /proc */
    unsigned limit; /* RLIMIT_NOFILE, at most FDTABLE_MAX */
    bool is_wanted; /* somebody waits for it to be shared */

    struct spinlock lock;
    /* guarded by lock, if it is shared */
    struct fd_slot *slots;
    unsigned len;
    unsigned free_from; /* none below is free */
};

/* Returns an empty table, or a copy for a forked process; NULL without
 * memory. */
struct fdtable *fdtable_create(void);
struct fdtable *fdtable_clone(struct fdtable *table);

/* The table's owner is to have a second thread, or is to share the table with
 * another process: then with a reference, which is returned. */
void fdtable_set_shared(struct fdtable *table);
struct fdtable *fdtable_share(struct fdtable *table);

/* For others than its owner: takes a reference, and returns the table. If it
 * is not shared, *shared is set to the flag that has to be set before the
 * table is used: while the owner does not run, or by the owner himself, at
 * the end of his call. */
struct fdtable *fdtable_watch(struct fdtable *table, bool **shared);

/* The least descriptor above `after` in use, or -1. */
int fdtable_next(struct fdtable *table, int after);

/* Drops a reference; with the last, closes every descriptor and frees the
 * table. */
void fdtable_put(struct fdtable *table);

static inline void
fdtable_end(struct fdtable **table)
{
    if (*table)
        fdtable_put(*table);
}

/* For a process that has one thread and is to run another program: returns its
 * table, or a copy if somebody else has a reference, too; NULL without
 * memory. And closes what is marked close-on-exec. */
struct fdtable *fdtable_own(struct fdtable *table);
void fdtable_close_on_exec(struct fdtable *table);

/* No descriptor from limit on is given away any more. Any context. */
void fdtable_set_limit(struct fdtable *table, uint64_t limit);

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

/* Returns the file of fd for the length of the running system call, or NULL if
 * fd is not open. At most THREAD_BORROWED_MAX times in one call: who needs
 * more, or the file for longer, takes a reference. */
struct file *fdtable_borrow(struct fdtable *table, int fd);
static inline struct file *
fdtable_get(struct fdtable *table, int fd)
{
    /* Another thread may close fd while the call goes on. */
    if (unlikely(table->is_shared))
        return fdtable_borrow(table, fd);
    return (unsigned)fd < table->len ? table->slots[fd].file : NULL;
}

/* The same with a reference. */
struct file *fdtable_get_ref(struct fdtable *table, int fd);

/* The running thread, whose table it is, has come to the end of its call. */
void fdtable_end_call(struct fdtable *table);

/* The close-on-exec mark. Return 0 or 1, or 0; or -EBADF. */
int fdtable_get_cloexec(struct fdtable *table, int fd) MUST_CHECK;
int fdtable_set_cloexec(struct fdtable *table, int fd, bool on) MUST_CHECK;
