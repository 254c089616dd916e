#include "sys/sys.h"

#include "abi/dirent.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sys/fileargs.h"

/* The path is built from the end of the buffer. If it does not begin at the
 * root, it says so, as Linux's does, and a C library takes it for none. */
SYSCALL_DEFINE(getcwd)
{
    static const char outside[] = "(unreachable)";
    struct fs_context *fs = process_current()->fs;
    FREED char *buf = kmalloc(PATH_MAX);
    struct OWNED(dentry) *cwd = fs_context_get_cwd(fs);
    if (!buf)
        return -ENOMEM;
    int64_t at = dentry_path(cwd, fs->root, buf, PATH_MAX), n;
    if (at >= 0 && !dentry_is_inside(cwd, fs->root)) {
        size_t len = strlen(outside);
        if ((size_t)at < len)
            return -ENAMETOOLONG;
        at -= (int64_t)len;
        memcpy(buf + at, outside, len);
    }
    if (at < 0)
        return at;
    n = PATH_MAX - at;
    if ((uint64_t)n > arg[1])
        return -ERANGE;
    return uaccess_write(uaddr(arg[0]), buf + at, (size_t)n) ?: n;
}

/* Hands the directory dir on to `set`. Takes over the reference to it. */
static int
change_dir(struct dentry *dir,
           void (*set)(struct fs_context *fs, struct dentry *dir))
{
    int err = 0;
    if (!S_ISDIR(dir->inode->mode))
        err = -ENOTDIR;
    else if (!inode_may(dir->inode, cred_current(), MAY_EXEC))
        err = -EACCES;

    if (err)
        dentry_put(dir);
    else
        set(process_current()->fs, dir);
    return err;
}

SYSCALL_DEFINE(chdir)
{
    struct dentry *dir;
    int err = lookup_path(arg[0], PATH_FOLLOW | PATH_DIRECTORY, &dir);
    return err ?: change_dir(dir, fs_context_set_cwd);
}

SYSCALL_DEFINE(fchdir)
{
    const struct file *file = file_arg(arg[0]);
    if (!file)
        return -EBADF;
    return file->dentry
               ? change_dir(dentry_ref(file->dentry), fs_context_set_cwd)
               : -ENOTDIR;
}

static void
set_root(struct fs_context *fs, struct dentry *dir)
{
    spin_lock(&process_lock);
    SWAP(fs->root, dir);
    spin_unlock(&process_lock);
    dentry_put(dir);
}

/* Only of a process that has its directories for itself: another thread could
 * be on its way along a path that begins at the old root. */
SYSCALL_DEFINE(chroot)
{
    const struct process *self = process_current();
    struct dentry *dir;
    int err = lookup_arg((uint64_t)AT_FDCWD, arg[0],
                         PATH_FOLLOW | PATH_DIRECTORY, false, &dir);
    if (err)
        return err;
    if (!cred_is_root(cred_current()))
        err = -EPERM;
    else if (READ_ONCE(self->nthreads) > 1 || fs_context_is_shared(self->fs))
        err = -EBUSY;
    if (!err)
        return change_dir(dir, set_root);
    dentry_put(dir);
    return err;
}

SYSCALL_DEFINE(umask)
{
    struct fs_context *fs = process_current()->fs;
    return __atomic_exchange_n(&fs->umask, (uint32_t)arg[0] & 0777,
                               __ATOMIC_RELAXED);
}

/* Collects entries as getdents64 lays them out. */
struct dirent_sink {
    struct dir_sink sink;
    char *buf; /* in kernel memory, of size bytes */
    size_t size, used;
    bool refused; /* some entry had no room */
};

static bool
put_dirent(struct dir_sink *sink, const char *name, size_t len, uint64_t ino,
           unsigned type_mode, uint64_t next_pos)
{
    struct dirent_sink *s = container_of(sink, struct dirent_sink, sink);
    size_t reclen =
        ALIGN_UP(offsetof(struct linux_dirent64, d_name) + len + 1, 8);
    if (reclen > s->size - s->used) {
        s->refused = true;
        return false;
    }
    struct linux_dirent64 *d = (void *)(s->buf + s->used);
    d->d_ino = ino;
    d->d_off = (int64_t)next_pos;
    d->d_reclen = (uint16_t)reclen;
    d->d_type = (uint8_t)((type_mode & S_IFMT) >> 12);
    memcpy(d->d_name, name, len);
    memset(d->d_name + len, 0,
           reclen - offsetof(struct linux_dirent64, d_name) - len);
    s->used += reclen;
    return true;
}

/* Entries are collected in kernel memory, so that the directory's lock is
 * not held while user pages are faulted in. */
SYSCALL_DEFINE(getdents64)
{
    struct file *file = open_arg(arg[0]);
    if (!file)
        return -EBADF;
    struct dirent_sink s = {.sink.entry = put_dirent,
                            .size = MIN((unsigned)arg[2], (unsigned)PATH_MAX)};
    FREED char *buf = s.buf = kmalloc(s.size + 1);
    if (!buf)
        return -ENOMEM;
    uint64_t before = READ_ONCE(file->offset);
    int err = file_readdir(file, &s.sink);
    if (s.used == 0)
        return err ?: s.refused ? -EINVAL : 0;
    err = uaccess_write(uaddr(arg[1]), buf, s.used);
    if (err && file_seek(file, (int64_t)before, SEEK_SET) < 0)
        err = -EIO;
    return err ?: (int64_t)s.used;
}

static int64_t
write_link(struct inode *inode, uint64_t user, size_t size)
{
    if (!S_ISLNK(inode->mode))
        return -EINVAL;
    size_t room = MIN(size, (size_t)PATH_MAX);
    FREED char *buf = kmalloc(room);
    if (!buf)
        return -ENOMEM;
    int64_t n = inode->ops->readlink(inode, buf, room);
    n = MIN(n, (int64_t)room);
    return n < 0 ? n : uaccess_write(uaddr(user), buf, (size_t)n) ?: n;
}

SYSCALL_DEFINE(readlinkat)
{
    struct OWNED(dentry) *dentry = NULL;
    if ((int)arg[3] <= 0)
        return -EINVAL;
    int err = lookup_arg(arg[0], arg[1], 0, true, &dentry);
    return err ?: write_link(dentry->inode, arg[2], (size_t)(int)arg[3]);
}
