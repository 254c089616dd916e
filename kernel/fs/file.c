#include "fs/file.h"

#include "abi/stat.h"
#include "fs/attributes.h"
#include "fs/devfs.h"
#include "fs/epoll.h"
#include "fs/landlock.h"
#include "fs/pagecache.h"
#include "fs/path.h"
#include "fs/pipe.h"
#include "fs/record_lock.h"
#include "lib/refcount.h"
#include "fs/writeback.h"
#include "mm/slab.h"
#include "proc/signal.h"

static struct slab_cache file_slab;

void
file_init_cache(void)
{
    slab_init(&file_slab, "file", sizeof(struct file));
}

/* The fourth value of O_ACCMODE is for neither: only for ioctl. */
static bool
allows(unsigned flags, unsigned only)
{
    unsigned mode = flags & (O_ACCMODE | O_PATH);
    return mode == O_RDWR || mode == only;
}

struct file *
file_create(const struct file_ops *ops, unsigned flags, void *private)
{
    struct file *file = slab_alloc(&file_slab);
    if (!file)
        return NULL;
    file->ops = ops;
    file->dentry = NULL;
    file->inode = NULL;
    file->private = private;
    file->refs = 1;
    file->flags = flags;
    file->can_read = allows(flags, O_RDONLY);
    file->can_write = allows(flags, O_WRONLY);
    file->offset = 0;
    file->is_watched = false;
    sleeplock_init(&file->lock, RANK_FILE);
    return file;
}

/* ---- Files of pages ---- */

#define DAY_S 86400

/* Sets the time of reading, as `relatime` does: only if it is older than that
 * of writing or than a day, so that reads seldom change anything. */
static NOINLINE void
touch_atime(const struct file *file)
{
    struct inode *inode = file->inode;
    int64_t now = fs_now();

    if (READ_ONCE(inode->super->read_only) ||
        (READ_ONCE(file->flags) & O_NOATIME))
        return;
    sleeplock_guard(&inode->lock);
    if (inode->atime < now &&
        (inode->atime <= inode->mtime || now - inode->atime > DAY_S)) {
        inode->atime = now;
        inode_mark_dirty(inode);
    }
}

/* What a file that is open adds to its inode's uses. */
static int
use_of(const struct file *file)
{
    return file_allows(file, FILE_WRITE) ? 1 : -!!(file->flags & FILE_RUNS);
}

/* Counts a use. Returns 0, or -ETXTBSY if there are some of the other kind. */
static int
begin_use(struct inode *inode, int use)
{
    int uses = READ_ONCE(inode->uses);
    do {
        if (uses * use < 0)
            return -ETXTBSY;
    } while (!__atomic_compare_exchange_n(&inode->uses, &uses, uses + use, true,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return 0;
}

/* A day is long enough for one look at the clock to do. */
static int
regular_open(struct file *file)
{
    int use = use_of(file);
    int err = use > 0 ? super_begin_writing(file->inode->super) : 0;
    if (!err && use != 0) {
        err = begin_use(file->inode, use);
        if (err && use > 0)
            super_end_writing(file->inode->super);
    }
    if (err)
        return err;
    if (!READ_ONCE(file->inode->super->read_only) &&
        file_allows(file, FILE_READ) &&
        fs_now() - READ_ONCE(file->inode->atime) > DAY_S)
        touch_atime(file);
    return 0;
}

static void
regular_release(struct file *file)
{
    int use = use_of(file);
    if (use != 0)
        __atomic_fetch_sub(&file->inode->uses, use, __ATOMIC_RELAXED);
    if (use > 0)
        super_end_writing(file->inode->super);
}

static NOINLINE int64_t
read_and_touch(struct file *file, struct uio *uio, uint64_t *offset)
{
    touch_atime(file);
    return pagecache_read(file->inode, uio, offset);
}

static int64_t
regular_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct inode *inode = file->inode;

    if (unlikely(READ_ONCE(inode->atime) <= READ_ONCE(inode->mtime)) &&
        !READ_ONCE(inode->super->read_only))
        return read_and_touch(file, uio, offset);
    return pagecache_read(inode, uio, offset);
}

/* The end of file stays what it is from O_APPEND's look to the writing. */
static int64_t
write_locked(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct inode *inode = file->inode;
    int64_t n = -EROFS;

    sleeplock_guard(&inode->lock);
    if (READ_ONCE(file->flags) & O_APPEND)
        *offset = inode->size;
    if (!READ_ONCE(inode->super->read_only))
        n = unlikely(inode->mode & (S_ISUID | S_ISGID))
                ? attributes_will_write(inode)
                : 0;
    if (n == 0)
        n = pagecache_write(inode, uio, offset);
    return n;
}

/* What is written may have to be read from a file first, of which this one's
 * lock is no part. */
static int64_t
regular_write(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct super *super = file->inode->super;
    int64_t n, done = 0;

    do {
        n = write_locked(file, uio, offset);
        if (inode_made_room(super, n))
            n = write_locked(file, uio, offset);
        done += MAX(n, 0);
    } while ((n == -EFAULT || (n > 0 && uio->residual > 0)) &&
             !signal_killed_meanwhile() && uio_fault_in(uio) == 0);
    return done > 0 ? done : n;
}

static const struct file_ops regular_ops = {
    .open = regular_open,
    .release = regular_release,
    .read = regular_read,
    .write = regular_write,
};

/* ---- Directories ---- */

/* Positions 0 and 1 are "." and "..", the inode's own start at 2. */
static int
directory_readdir(struct file *file, uint64_t *pos, struct dir_sink *sink)
{
    struct dentry *dir = file->dentry;

    if (dir->removed)
        return -ENOENT;
    if (*pos == 0) {
        if (!sink->entry(sink, ".", 1, dir->inode->ino, S_IFDIR, 1))
            return 0;
        *pos = 1;
    }
    if (*pos == 1) {
        struct dentry *above = dentry_parent(dir, NULL);
        uint64_t ino = above->inode->ino;
        dentry_put(above);
        if (!sink->entry(sink, "..", 2, ino, S_IFDIR, 2))
            return 0;
        *pos = 2;
    }
    sleeplock_guard(&dir->inode->lock);
    return dir->inode->ops->readdir(dir->inode, pos, sink);
}

static const struct file_ops directory_ops = {.readdir = directory_readdir};

static const struct file_ops *
ops_for(const struct inode *inode, unsigned flags)
{
    static const struct file_ops path_only_ops = {.read = NULL};

    if (flags & O_PATH)
        return &path_only_ops;
    if (inode->file_ops)
        return inode->file_ops;
    if (S_ISREG(inode->mode) && inode->page_ops)
        return &regular_ops;
    if (S_ISDIR(inode->mode))
        return &directory_ops;
    if (S_ISFIFO(inode->mode))
        return &pipe_named_ops;
    return S_ISSOCK(inode->mode) ? NULL : &devfs_node_ops;
}

int
file_open_dentry(struct dentry *dentry, unsigned flags, struct file **out)
{
    const struct file_ops *ops = ops_for(dentry->inode, flags);
    if (!ops)
        return -ENXIO;
    struct file *file = file_create(ops, flags, NULL);
    if (!file)
        return -ENOMEM;
    file->dentry = dentry_ref(dentry);
    file->inode = dentry->inode;

    int err = ops->open ? ops->open(file) : 0;
    file->flags &= ~(uint32_t)O_NOCTTY; /* matters only while it is opened */
    if (err) {
        dentry_put(dentry);
        slab_free(&file_slab, file);
        return err;
    }
    *out = file;
    return 0;
}

int
file_open_program(struct fs_context *ctx, const char *path, struct file **out)
{
    struct OWNED(dentry) *dentry = NULL;
    int err = path_lookup(ctx, NULL, path, PATH_FOLLOW, &dentry);
    if (!err && (!S_ISREG(dentry->inode->mode) ||
                 !inode_may(dentry->inode, cred_current(), MAY_EXEC)))
        return -EACCES;
    err = err ?: landlock_check(dentry, LANDLOCK_ACCESS_FS_EXECUTE);
    return err ?: file_open_dentry(dentry, O_RDONLY | FILE_RUNS, out);
}

struct file *
file_ref(struct file *file)
{
    refcount_add(&file->refs);
    return file;
}

void
file_put(struct file *file)
{
    if (!refcount_drop(&file->refs))
        return;
    epoll_forget(file);
    if (file->ops->release)
        file->ops->release(file);
    record_lock_drop(file, file);
    if (file->dentry)
        dentry_put(file->dentry);
    slab_free(&file_slab, file);
}

/* Locks the position. A thread that has the only reference needs no lock:
 * only its own calls could make another. Returns whether it was locked. */
static bool
offset_lock(struct file *file) NO_LOCK_CHECK
{
    bool shared = refcount_read(&file->refs) > 1;
    if (shared)
        sleeplock_lock(&file->lock);
    return shared;
}

static void
offset_unlock(struct file *file, bool locked) NO_LOCK_CHECK
{
    if (locked)
        sleeplock_unlock(&file->lock);
}

/* One of struct file_ops' read and write. */
typedef int64_t transfer_op(struct file *file, struct uio *uio,
                            uint64_t *offset);

static NOINLINE int64_t
transfer_at_position(struct file *file, transfer_op *transfer, struct uio *uio)
{
    bool locked = offset_lock(file);
    int64_t n = transfer(file, uio, &file->offset);
    offset_unlock(file, locked);
    return n;
}

static ALWAYS_INLINE int64_t
transfer_bytes(struct file *file, transfer_op *transfer, struct uio *uio,
               uint64_t *at)
{
    if (at || file->ops->is_stream)
        return transfer(file, uio, at);
    return transfer_at_position(file, transfer, uio);
}

/* Writes and brings to the disk, which is what the file was opened for. */
static NOINLINE int64_t
transfer_synced(struct file *file, transfer_op *transfer, struct uio *uio,
                uint64_t *at)
{
    int64_t n = transfer_bytes(file, transfer, uio, at);
    if (n <= 0 || !file->inode || !S_ISREG(file->inode->mode))
        return n;
    return file_sync(file, (file->flags & O_SYNC) == O_DSYNC) ?: n;
}

/* Ends in a call that returns to its caller, so that it keeps nothing. */
int64_t
file_transfer(struct file *file, enum file_direction direction, struct uio *uio,
              uint64_t *at)
{
    const struct file_ops *ops = file->ops;
    transfer_op *transfer = direction == FILE_READ ? ops->read : ops->write;

    if (at && ops->is_stream)
        return -ESPIPE;
    if (!file_allows(file, direction))
        return -EBADF;
    if (!transfer)
        return file->inode && S_ISDIR(file->inode->mode) ? -EISDIR : -EINVAL;
    if (uio->residual == 0)
        return 0;
    if (direction == FILE_WRITE && unlikely(file->flags & O_SYNC))
        return transfer_synced(file, transfer, uio, at);
    return transfer_bytes(file, transfer, uio, at);
}

int
file_readdir(struct file *file, struct dir_sink *sink)
{
    if (!file->ops->readdir)
        return -ENOTDIR;
    bool locked = offset_lock(file);
    int err = file->ops->readdir(file, &file->offset, sink);
    offset_unlock(file, locked);
    return err;
}

static int64_t
seek_to(struct file *file, int64_t offset, int whence)
{
    uint64_t base = 0;
    uint64_t size = file->ops->get_size ? file->ops->get_size(file)
                                        : READ_ONCE(file->inode->size);

    if (whence == SEEK_CUR)
        base = file->offset;
    else if (whence == SEEK_END)
        base = size;
    else if (whence == SEEK_DATA || whence == SEEK_HOLE) {
        /* All counts as data, with a hole behind it. */
        if ((uint64_t)offset >= size)
            return -ENXIO;
        offset = whence == SEEK_DATA ? offset : (int64_t)size;
    } else if (whence != SEEK_SET)
        return -EINVAL;

    /* base <= INT64_MAX, so the sum wraps for no offset. */
    int64_t target = (int64_t)(base + (uint64_t)offset);
    if (offset > 0 ? target < (int64_t)base : target < 0)
        return offset > 0 ? -EOVERFLOW : -EINVAL;
    file->offset = (uint64_t)target;
    return target;
}

int64_t
file_seek(struct file *file, int64_t offset, int whence)
{
    if (file->flags & O_PATH)
        return -EBADF;
    if (file->ops->is_stream)
        return -ESPIPE;
    bool locked = offset_lock(file);
    int64_t position = seek_to(file, offset, whence);
    offset_unlock(file, locked);
    return position;
}

int
file_sync(struct file *file, bool data_only)
{
    struct inode *inode = file->inode;

    if (!inode ||
        !(S_ISREG(inode->mode) || S_ISDIR(inode->mode) || S_ISBLK(inode->mode)))
        return -EINVAL;
    if (file->ops->sync)
        return file->ops->sync(file);
    return inode->ops->sync ? inode->ops->sync(inode, data_only) : 0;
}

void
file_stat(struct file *file, struct stat *st)
{
    if (file->ops->stat)
        file->ops->stat(file, st);
    else if (!file->inode)
        *st = (struct stat){.st_mode = 0600, .st_nlink = 1, .st_blksize = 4096};
    else
        inode_stat(file->inode, st);
}

/* Each attribute is one word and is read without the lock: what two of them
 * say together may be a moment apart. All of *st is set, and by single
 * stores: clearing it first would cost as much again. */
void
inode_stat(const struct inode *inode, struct stat *st)
{
    int64_t size = (int64_t)READ_ONCE(inode->size);

    st->st_dev = inode->super->dev;
    st->st_ino = inode->ino;
    st->st_mode = READ_ONCE(inode->mode);
    st->st_nlink = READ_ONCE(inode->nlink);
    st->st_uid = READ_ONCE(inode->uid);
    st->st_gid = READ_ONCE(inode->gid);
    st->st_rdev = inode->rdev;
    st->st_pad1_ = 0;
    st->st_size = size;
    st->st_blksize = (int32_t)inode->super->block_size;
    st->st_pad2_ = 0;
    st->st_blocks = (int64_t)READ_ONCE(inode->blocks);
    st->st_atim = (struct timespec){READ_ONCE(inode->atime), 0};
    st->st_mtim = (struct timespec){READ_ONCE(inode->mtime), 0};
    st->st_ctim = (struct timespec){READ_ONCE(inode->ctime), 0};
    st->st_reserved_[0] = 0;
    st->st_reserved_[1] = 0;
}
