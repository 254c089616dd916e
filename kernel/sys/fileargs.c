#include "sys/fileargs.h"

#include "mm/slab.h"

int
path_arg_read(struct path_arg *path, uint64_t user)
{
    path->text = path->small;
    int64_t len =
        uaccess_read_string(path->small, uaddr(user), sizeof(path->small));
    if (len != -ENAMETOOLONG)
        return (int)MIN(len, 0);
    path->text = kmalloc(PATH_MAX);
    if (!path->text)
        return -ENOMEM;
    len = uaccess_read_string(path->text, uaddr(user), PATH_MAX);
    return (int)MIN(len, 0);
}

void
path_arg_end(struct path_arg *path)
{
    if (path->text != path->small)
        kfree(path->text);
}

int
base_arg(uint64_t dirfd, const char *path, struct dentry **base)
{
    *base = NULL;
    if (*path == '/' || (int)dirfd == AT_FDCWD)
        return 0;
    const struct file *file = file_arg(dirfd);
    if (!file)
        return -EBADF;
    *base = file->dentry;
    return *base ? 0 : -ENOTDIR;
}

/* What dirfd itself refers to, of any type. */
static int
lookup_fd(uint64_t dirfd, struct dentry **out)
{
    if ((int)dirfd == AT_FDCWD) {
        *out = fs_context_get_cwd(process_current()->fs);
        return 0;
    }
    const struct file *file = file_arg(dirfd);
    if (!file)
        return -EBADF;
    if (!file->dentry)
        return -ENOENT;
    *out = dentry_ref(file->dentry);
    return 0;
}

int
lookup_arg(uint64_t dirfd, uint64_t path_user, unsigned flags, bool empty_ok,
           struct dentry **out)
{
    struct OWNED(path_arg) path;
    struct dentry *base;
    int err = path_arg_read(&path, path_user);
    if (!err && empty_ok && path.text[0] == '\0')
        return lookup_fd(dirfd, out);
    err = err ?: base_arg(dirfd, path.text, &base);
    if (err)
        return err;
    return path_lookup(process_current()->fs, base, path.text, flags, out);
}

int
name_arg(uint64_t dirfd, uint64_t path_user, struct path_name *out)
{
    struct OWNED(path_arg) path;
    struct dentry *base;
    out->dir = NULL;
    int err = path_arg_read(&path, path_user);
    err = err ?: base_arg(dirfd, path.text, &base);
    if (err)
        return err;
    return path_lookup_parent(process_current()->fs, base, path.text, 0, out);
}

int
lookup_path(uint64_t path_user, unsigned flags, struct dentry **out)
{
    return lookup_arg((uint64_t)AT_FDCWD, path_user, flags, false, out);
}

int
file_install_new(const struct file_ops *ops, void *private, unsigned flags)
{
    struct file *file =
        file_create(ops, O_RDWR | (flags & O_NONBLOCK), private);
    if (file)
        return file_install(file, flags & O_CLOEXEC);
    kfree(private);
    return -ENOMEM;
}

int
file_install_two(struct file *const files[2], bool cloexec, uint64_t user)
{
    int fds[2] = {file_install(files[0], cloexec),
                  file_install(files[1], cloexec)};
    int err = MIN(fds[0], 0) ?: MIN(fds[1], 0);
    err = err ?: uaccess_write(uaddr(user), fds, sizeof(fds));
    for (int i = 0; err && i < 2; i++)
        (void)!fdtable_close(process_current()->fdtable, fds[i]);
    return err;
}
