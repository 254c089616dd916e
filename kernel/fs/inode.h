/* Inodes in memory, and the file systems they come from.
 *
 * Owns the inode cache: at most one struct inode for each (super, ino).
 * Reference counts are guarded by the cache's lock; an inode's attributes and
 * content by its own sleep lock. Who changes names holds super->names, one
 * for a file system, and then the locks of all inodes concerned; nobody else
 * holds two inodes' locks, so their order does not matter. Lookups take but
 * one directory's lock, or none. Thread context, may block, unless said
 * otherwise. */
#pragma once

#include "abi/mode.h"
#include "fs/pages.h"
#include "mm/object.h"
#include "mm/uio.h"
#include "proc/cred.h"
#include "proc/sleeplock.h"

struct inode;
struct page_ops;
struct pipe;
struct statfs;
struct file;
struct file_ops;
struct super;
struct blockdev;
struct dentry;

/* What a directory reader is handed, entry by entry. Returns false to stop
 * (its buffer is full): the entry will be asked for again. next_pos is the
 * position to read on from. */
struct dir_sink {
    bool (*entry)(struct dir_sink *sink, const char *name, size_t len,
                  uint64_t ino, unsigned type_mode, uint64_t next_pos);
};

/* A new inode, for create. */
struct inode_new {
    uint32_t mode; /* with type bits */
    uint32_t uid, gid;
    uint64_t rdev;
    const char *target; /* of a symbolic link, target_len bytes */
    size_t target_len;
};

/* One end of a renaming: the name of inode in dir; inode NULL: not there. */
struct inode_place {
    struct inode *dir;
    const char *name;
    size_t len;
    struct inode *inode;
};

enum inode_set {
    SET_MODE = 1,
    SET_UID = 2,
    SET_GID = 4,
    SET_ATIME = 8,
    SET_MTIME = 16
};

/* Attributes to be set: those that mask, of SET_*, names. */
struct inode_attributes {
    unsigned mask;
    uint32_t mode; /* permission bits */
    uint32_t uid, gid;
    int64_t atime, mtime; /* seconds since 1970 */
};

/* What a file system does with one inode; the caller has made sure of types,
 * rights, that the file system may be written, and of names: 1 to NAME_MAX
 * bytes, not terminated, never . or .., there or not there as each operation
 * needs it. It holds references, and the inode's lock where LOCKED is said.
 * NAMES: super->names is held, and the locks of all inodes handed over. A
 * member that is NULL: -EPERM, or -EINVAL for readlink. Changes fail with
 * -ENOSPC, -EUCLEAN, -EIO, -ENOMEM, -EROFS (after an earlier error), and then
 * have changed nothing. */
struct inode_ops {
    /* LOCKED. Finds name in dir.
     * Returns 0 with a reference in *out, -ENOENT, -EUCLEAN, -EIO. */
    int (*lookup)(struct inode *dir, const char *name, size_t len,
                  struct inode **out);

    /* LOCKED. Hands entries from *pos on to sink, . and .. not among them,
     * and moves *pos. Positions >= 2 are the file system's to define; the
     * first is 2. Names that come or go meanwhile do not make it leave out or
     * repeat others. Returns 0 or an error. */
    int (*readdir)(struct inode *dir, uint64_t *pos, struct dir_sink *sink);

    /* Copies the target, not terminated, to buf of size bytes.
     * Returns its whole length, or an error. */
    int64_t (*readlink)(struct inode *inode, char *buf, size_t size);

    /* Of a symbolic link that leads somewhere whatever its target reads:
     * returns 0 with a reference in *out, or an error; or 0 and NULL, and the
     * link is followed as others are, or, if it has file_ops, opened itself.
     * NULL: it is an ordinary one. */
    int (*get_link)(const struct inode *inode, struct dentry **out);

    /* NAMES. Makes an inode with a name. Returns 0 with a reference. */
    int (*create)(struct inode *dir, const char *name, size_t len,
                  const struct inode_new *what, struct inode **out);

    /* NAMES. Gives inode another name. */
    int (*link)(struct inode *dir, const char *name, size_t len,
                struct inode *inode);

    /* NAMES. Takes a name away from inode, which may be a directory: then
     * -ENOTEMPTY if there is anything in it. */
    int (*unlink)(struct inode *dir, const char *name, size_t len,
                  struct inode *inode);

    /* NAMES. Moves from's inode to to's place, whose inode loses that name,
     * or exchanges the two. Content of from's that is only in memory has been
     * written before: power loss must not leave an empty file in place of a
     * full one. */
    int (*rename)(struct inode_place *from, struct inode_place *to,
                  bool exchange);

    /* LOCKED. Sets attributes, and ctime to now. */
    int (*set_attributes)(struct inode *inode,
                          const struct inode_attributes *attributes);

    /* LOCKED. Sets a file's size: cut, or extended by a hole. */
    int (*set_size)(struct inode *inode, uint64_t size);

    /* Returns once the inode and its content (data_only: what is needed to
     * read that again) are on the disk for good. NULL: nothing to do. */
    int (*sync)(struct inode *inode, bool data_only);
};

struct super_ops {
    /* Fills a fresh inode whose super and ino are set: ops, file_ops,
     * attributes, private. Returns 0, -ENOENT, -EUCLEAN, -EIO, -ENOMEM. */
    int (*read_inode)(struct inode *inode);

    /* Frees inode->private; the last reference has gone. If nlink is 0, the
     * inode itself goes, and its content. NULL if nothing. */
    void (*free_inode)(struct inode *inode);

    /* Returns once all that was changed is on the disk for good; writes pages
     * that are only in memory. NULL: nothing ever is. */
    int (*sync)(struct super *super);

    /* Fills in f_blocks, f_bfree, f_bavail, f_files, f_ffree. NULL: none. */
    void (*statfs)(struct super *super, struct statfs *st);

    /* Makes it read-only, all written, or writable again; 0 or an error.
     * NULL: -EINVAL. */
    int (*remount)(struct super *super, bool read_only);

    /* Writes all and frees the super; nobody uses an inode of it. NULL: it
     * cannot be unmounted. */
    void (*unmount)(struct super *super);
};

/* One mounted file system. */
struct super {
    /* constant after mount */
    const struct super_ops *ops;
    const char *type;      /* "eclipsefs" */
    struct blockdev *bdev; /* NULL if none */
    uint64_t dev; /* st_dev; 0 before mounting: mount_add's to choose */
    uint64_t root_ino;
    uint32_t magic;      /* statfs's f_type */
    bool volatile_names; /* names come and go by themselves, as in /proc: none
                          * is kept in the table of names */
    uint32_t block_size;
    void *private;

    struct sleeplock names;     /* RANK_NAMES: who changes names */
    struct sleeplock writeback; /* RANK_WRITEBACK: who writes all back */

    /* guarded by the inode cache's lock */
    struct list_node dirty; /* inodes */
    unsigned writers;       /* see super_begin_writing */

    /* guarded by the mount table's lock */
    struct dentry *root; /* with a reference; NULL: it is not mounted */
    struct list_node mount_node;
    bool is_stale; /* somebody may have changed the disk beneath it, so that
                    * it can be read, but not be made writable */

    /* atomic */
    bool read_only; /* also set by a file system that met damage */
    bool no_set_id; /* programs run with the rights of who runs them */
};

struct inode {
    /* constant after read_inode */
    struct super *super;
    uint64_t ino;
    const struct inode_ops *ops;
    const struct file_ops *file_ops; /* given to files that open it */
    const struct page_ops *page_ops; /* of a regular file: fs/pagecache.h */
    uint64_t rdev;                   /* of a device node */
    void *private;

    struct sleeplock lock;
    /* guarded by lock */
    uint32_t mode; /* type bits constant */
    uint32_t uid, gid, nlink;
    uint64_t size;
    int64_t atime, mtime, ctime; /* seconds since 1970 */
    uint64_t blocks;             /* of 512 bytes, that it has on the disk */
    struct pipe *fifo;           /* of a named pipe that is open */

    /* atomic: how often it is open for writing; below 0, how often to be run
     * as a program: never both */
    int uses;

    struct pages pages;   /* a regular file's content in memory */
    struct object object; /* who has it mapped */

    /* guarded by the inode cache's lock */
    unsigned refs;
    bool loading;
    int error; /* why it could not be read in */
    struct list_node hash_node;
    struct list_node dirty_node; /* of super->dirty, with a reference */
};

/* Rights to an inode. */
enum access {
    MAY_EXEC = 1, /* of a directory: walk through it */
    MAY_WRITE = 2,
    MAY_READ = 4,
};

void inode_init_cache(void);

/* Returns 0 and the inode with a new reference, read in if need be; or
 * -ENOMEM, or the file system's error. */
int inode_get(struct super *super, uint64_t ino, struct inode **out) MUST_CHECK;

void inode_put(struct inode *inode); /* NULL: nothing to do */

/* Its content or attributes are newer than the disk's: puts it on its super's
 * list, with a reference, until somebody writes it back (fs/writeback.h). If
 * it loses its last name, and everybody else has put it, it goes nevertheless:
 * nobody will miss what it holds. */
void inode_mark_dirty(struct inode *inode);

/* Moves super's dirty inodes to a list of the caller's; takes one off, whose
 * reference then is the caller's. */
void inode_take_dirty(struct super *super, struct list_node *list);
struct inode *inode_pop_dirty(struct list_node *list);

/* Content of super's files is going to change, for as long as somebody keeps
 * one open for that, or until super_end_writing: super cannot be remounted
 * meanwhile. Returns 0 or -EROFS. */
int super_begin_writing(struct super *super) MUST_CHECK;
void super_end_writing(struct super *super);

/* Sets super->read_only. Returns 0, or -EBUSY if somebody is writing. */
int super_stop_writing(struct super *super) MUST_CHECK;

/* Whether an operation that has ended with err may do better now: after
 * -ENOSPC, super is synced first, so that what has been freed can be given
 * away. No lock of super or its inodes is held. */
bool inode_made_room(struct super *super, int64_t err);

/* Whether cred has every right in mask (MAY_*) by the mode, owner and group
 * of inode: the one place that reads permission bits. Those of the owner or the
 * group decide even if others may do more [posix §4.5]. User 0 has all rights,
 * but executes a file only if somebody may. Any context. */
bool inode_may(const struct inode *inode, const struct cred *cred,
               unsigned mask);

/* Whether cred may do what only inode's owner and user 0 may. */
static inline bool
inode_is_own(const struct inode *inode, const struct cred *cred)
{
    return cred->uid.fs == 0 || cred->uid.fs == READ_ONCE(inode->uid);
}
