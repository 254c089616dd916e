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
    if (len < 0)
        kfree(path->text);
    return (int)MIN(len, 0);
}

void
path_arg_free(struct path_arg *path)
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
    struct path_arg path;
    struct dentry *base;
    int err = path_arg_read(&path, path_user);
    if (err)
        return err;
    if (empty_ok && path.text[0] == '\0') {
        err = lookup_fd(dirfd, out);
    } else {
        err = base_arg(dirfd, path.text, &base);
        if (!err)
            err =
                path_lookup(process_current()->fs, base, path.text, flags, out);
    }
    path_arg_free(&path);
    return err;
}

int
name_arg(uint64_t dirfd, uint64_t path_user, struct path_name *out)
{
    struct path_arg path;
    struct dentry *base;
    int err = path_arg_read(&path, path_user);
    if (err)
        return err;
    err = base_arg(dirfd, path.text, &base);
    if (!err)
        err =
            path_lookup_parent(process_current()->fs, base, path.text, 0, out);
    path_arg_free(&path);
    return err;
}
