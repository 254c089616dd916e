/* Open files: what a descriptor refers to.
 *
 * Owns struct file, shared by every descriptor that dup and fork made of it;
 * its references are counted without a lock, its position is guarded by its
 * own sleep lock. Thread context, may block. */
#pragma once

#include "abi/fcntl.h"
#include "fs/context.h"

struct poll_table;
struct stat;

enum file_direction { FILE_READ, FILE_WRITE };

/* What a kind of file does; NULL where a comment says what that means. The
 * caller holds a reference to the file. */
struct file_ops {
    /* Sets up a fresh file: private, or other ops. Returns 0 or an error.
     * NULL: nothing to do. */
    int (*open)(struct file *file);

    /* The last reference has gone. NULL: nothing to do. */
    void (*release)(struct file *file);

    /* Read into, or write out of, the whole of uio from *offset on and move
     * *offset; the file is open for it. For a stream, offset is NULL.
     * Return the bytes moved, 0 at the end, or an error if none were.
     * NULL: -EINVAL. */
    int64_t (*read)(struct file *file, struct uio *uio, uint64_t *offset);
    int64_t (*write)(struct file *file, struct uio *uio, uint64_t *offset);

    /* Hands directory entries from *pos on to sink, . and .. among them, and
     * moves *pos. Returns 0 or an error. NULL: -ENOTDIR. */
    int (*readdir)(struct file *file, uint64_t *pos, struct dir_sink *sink);

    /* Returns a value >= 0 or an error. NULL: -ENOTTY. */
    int64_t (*ioctl)(struct file *file, unsigned command, uint64_t arg);

    /* What it is ready for, POLL*; goes on the queues that would be woken if
     * that changed (fs/poll.h). Does not block. NULL: always ready. */
    unsigned (*poll)(struct file *file, struct poll_table *table);

    /* Where SEEK_END counts from. NULL: the inode's size. */
    uint64_t (*get_size)(struct file *file);

    /* Brings what was written to the disk for good. Returns 0 or an error.
     * NULL: the inode knows. */
    int (*sync)(struct file *file);

    /* Describes a file without an inode. NULL: the inode is described. */
    void (*stat)(struct file *file, struct stat *st);

    bool is_stream; /* has no position: lseek and pread say -ESPIPE */
};

struct file {
    /* constant after open */
    const struct file_ops *ops;
    struct dentry *dentry;    /* with a reference; NULL for a pipe */
    struct inode *inode;      /* the dentry's; NULL for a pipe */
    void *private;            /* the ops' own */
    bool can_read, can_write; /* it was opened for that */

    /* atomic */
    uint32_t refs;
    uint32_t flags; /* O_* as fcntl tells them */

    struct sleeplock lock;
    /* guarded by lock, if anybody else has a reference */
    uint64_t offset;

    /* guarded by fs/epoll.c's lock */
    bool is_watched;           /* has ever been on a list of epoll's */
    struct list_node watchers; /* its entries there, once it has been */
};

void file_init_cache(void);

/* Makes a file with one reference that has ops and private, and no inode.
 * Returns NULL without memory. */
struct file *file_create(const struct file_ops *ops, unsigned flags,
                         void *private);

/* Opens what dentry leads to. Rights and types are the caller's to check.
 * Returns 0 with one reference in *out, -ENOMEM, -ENXIO (nothing answers
 * there), or what the file's own open says. */
int file_open_dentry(struct dentry *dentry, unsigned flags, struct file **out)
    MUST_CHECK;

/* Opens path for reading, as a program that exec is to run: it must be a
 * regular file that may be executed, else -EACCES. Other errors as
 * path_lookup and file_open_dentry. */
int file_open_program(struct fs_context *ctx, const char *path,
                      struct file **out) MUST_CHECK;

struct file *file_ref(struct file *file);
void file_put(struct file *file);
static inline void
file_end(struct file **file)
{
    if (*file)
        file_put(*file);
}

/* In the flags of a file that file_open_program opened. As long as it is there,
 * nobody can write to it, and as long as somebody can, it cannot be opened so:
 * -ETXTBSY. */
#define FILE_RUNS 040u

/* Whether it was opened for reading, or for writing. */
static inline bool
file_allows(const struct file *file, enum file_direction direction)
{
    return direction == FILE_READ ? file->can_read : file->can_write;
}

/* Whether it would rather fail with -EAGAIN than wait. */
static inline bool
file_is_nonblocking(const struct file *file)
{
    return READ_ONCE(file->flags) & O_NONBLOCK;
}

/* For a read or write that has to wait for wq. Returns 0, -EAGAIN at once if it
 * would rather, or -EINTR. */
static inline int MUST_CHECK
file_wait(const struct file *file, struct waitq *wq, struct spinlock *lock)
    REQUIRES(lock)
{
    return file_is_nonblocking(file)
               ? -EAGAIN
               : waitq_sleep_until(wq, lock, WAIT_FOREVER);
}

/* Reads into uio, or writes out of it, at *at, or at the file's position if at
 * is NULL; that, or *at, moves.
 * Returns the bytes moved, -EBADF if the file is not open for it, -EISDIR,
 * -EINVAL, -ESPIPE (a stream has no *at), or the ops' error. */
int64_t file_transfer(struct file *file, enum file_direction direction,
                      struct uio *uio, uint64_t *at) MUST_CHECK;

/* Hands directory entries from the file's position on to sink.
 * Returns 0, -ENOTDIR, or the ops' error. */
int file_readdir(struct file *file, struct dir_sink *sink) MUST_CHECK;

/* As lseek(2). Returns the new position, -ESPIPE, -EINVAL. */
int64_t file_seek(struct file *file, int64_t offset, int whence) MUST_CHECK;

/* Returns once what was written is on the disk for good, as fsync, or, if
 * data_only, fdatasync. Returns 0, -EINVAL (such files are on no disk), or
 * the file system's error. */
int file_sync(struct file *file, bool data_only) MUST_CHECK;

/* Describes the file as fstat does. */
void file_stat(struct file *file, struct stat *st);
void inode_stat(const struct inode *inode, struct stat *st);
