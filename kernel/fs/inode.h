/* Inodes in memory, and the file systems they come from.
 *
 * Owns the inode cache: at most one struct inode for each (super, ino).
 * Reference counts are guarded by the cache's lock; an inode's attributes by
 * its own sleep lock. Thread context, may block, unless said otherwise. */
#pragma once

#include "abi/mode.h"
#include "lib/list.h"
#include "mm/uio.h"
#include "proc/sleeplock.h"

struct inode;
struct file;
struct file_ops;
struct super;
struct blockdev;

/* What a directory reader is handed, entry by entry. Returns false to stop
 * (its buffer is full): the entry will be asked for again. next_pos is the
 * position to read on from. */
struct dir_sink {
    bool (*entry)(struct dir_sink *sink, const char *name, size_t len,
                  uint64_t ino, unsigned type_mode, uint64_t next_pos);
};

/* What a file system does with one inode; the caller has made sure of its
 * type. It holds a reference, and inode->lock where LOCKED is said. */
struct inode_ops {
    /* LOCKED. Finds name (len bytes, not terminated, never . or ..) in dir.
     * Returns 0 with a reference in *out, -ENOENT, -EUCLEAN, -EIO. */
    int (*lookup)(struct inode *dir, const char *name, size_t len,
                  struct inode **out);

    /* LOCKED. Hands entries from *pos on to sink, . and .. not among them,
     * and moves *pos. Positions >= 2 are the file system's to define; the
     * first is 2. Returns 0 or an error. */
    int (*readdir)(struct inode *dir, uint64_t *pos, struct dir_sink *sink);

    /* Copies the target, not terminated, to buf of size bytes.
     * Returns its whole length, or an error. */
    int64_t (*readlink)(struct inode *inode, char *buf, size_t size);

    /* Reads file content at offset into uio; short at the end of file.
     * Returns the bytes read, or an error if none were. */
    int64_t (*read)(struct inode *inode, struct uio *uio, uint64_t offset);
};

struct super_ops {
    /* Fills a fresh inode whose super and ino are set: ops, file_ops,
     * attributes, private. Returns 0, -ENOENT, -EUCLEAN, -EIO, -ENOMEM. */
    int (*read_inode)(struct inode *inode);

    /* Frees inode->private; the last reference has gone. NULL if nothing. */
    void (*free_inode)(struct inode *inode);
};

/* One mounted file system. */
struct super {
    /* constant after mount */
    const struct super_ops *ops;
    const char *type;      /* "eclipsefs" */
    struct blockdev *bdev; /* NULL if none */
    uint64_t dev; /* st_dev; 0 before mounting: mount_add's to choose */
    uint64_t root_ino;
    uint32_t magic; /* statfs's f_type */
    bool read_only;
    bool volatile_names; /* names come and go by themselves, as in /proc: none
                          * is kept in the table of names */
    uint32_t block_size;
    void *private;
};

struct inode {
    /* constant after read_inode */
    struct super *super;
    uint64_t ino;
    const struct inode_ops *ops;
    const struct file_ops *file_ops; /* given to files that open it */
    uint64_t rdev;                   /* of a device node */
    void *private;

    struct sleeplock lock;
    /* guarded by lock */
    uint32_t mode; /* type bits constant */
    uint32_t uid, gid, nlink;
    uint64_t size;
    int64_t atime, mtime, ctime; /* seconds since 1970 */

    /* guarded by the inode cache's lock */
    unsigned refs;
    bool loading;
    int error; /* why it could not be read in */
    struct list_node hash_node;
};

/* Rights to an inode. */
enum access {
    MAY_EXEC = 1, /* of a directory: walk through it */
    MAY_WRITE = 2,
    MAY_READ = 4,
};

/* On whose behalf something is done. */
struct credential {
    uint32_t uid, gid;
};

void inode_init_cache(void);

/* Returns 0 and the inode with a new reference, read in if need be; or
 * -ENOMEM, or the file system's error. */
int inode_get(struct super *super, uint64_t ino, struct inode **out) MUST_CHECK;

void inode_put(struct inode *inode);

/* The running process's credential. Any context. */
const struct credential *credential_current(void);

/* Whether cred has every right in mask (MAY_*) by the mode, owner and group
 * of inode: the one place that reads permission bits. User 0 has them all,
 * but executes a file only if somebody may [posix §4.5]. Any context. */
bool inode_may(const struct inode *inode, const struct credential *cred,
               unsigned mask);
