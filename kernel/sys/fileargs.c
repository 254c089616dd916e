#include "sys/fileargs.h"

#include "abi/errno.h"
#include "mm/slab.h"
#include "mm/uaccess.h"

int
path_arg_read(struct path_arg *path, uint64_t user)
{
    path->text = path->small;
    int64_t len =
        uaccess_read_string(path->small, uaddr(user), sizeof(path->small));
    if (len >= 0)
        return 0;
    if (len != -ENAMETOOLONG)
        return (int)len;

    path->text = kmalloc(PATH_MAX);
    if (!path->text)
        return -ENOMEM;
    len = uaccess_read_string(path->text, uaddr(user), PATH_MAX);
    if (len >= 0)
        return 0;
    kfree(path->text);
    return (int)len;
}

void
path_arg_free(struct path_arg *path)
{
    if (path->text != path->small)
        kfree(path->text);
}

/* The directory that a relative path starts from: NULL for the working
 * directory. With *file to return, if not NULL. */
static int
base_of(uint64_t dirfd, const char *path, struct file **file, bool *counted,
        struct dentry **base)
{
    *file = NULL;
    *base = NULL;
    if (*path == '/' || (int)dirfd == AT_FDCWD)
        return 0;
    *file = file_arg(dirfd, counted);
    if (!*file)
        return -EBADF;
    *base = (*file)->dentry;
    if (*base)
        return 0;
    fdtable_return(*file, *counted);
    return -ENOTDIR;
}

int
lookup_from(uint64_t dirfd, const char *path, unsigned flags,
            struct dentry **out)
{
    struct file *file;
    struct dentry *base;
    bool counted;
    int err = base_of(dirfd, path, &file, &counted, &base);
    if (err)
        return err;
    err = path_lookup(process_current()->fs, base, path, flags, out);
    if (file)
        fdtable_return(file, counted);
    return err;
}

int
lookup_parent_from(uint64_t dirfd, const char *path, struct dentry **dir,
                   struct path_last *last)
{
    struct file *file;
    struct dentry *base;
    bool counted;
    int err = base_of(dirfd, path, &file, &counted, &base);
    if (err)
        return err;
    err = path_lookup_parent(process_current()->fs, base, path, dir, last);
    if (file)
        fdtable_return(file, counted);
    return err;
}

/* What dirfd itself refers to, of any type. */
static int
lookup_fd(uint64_t dirfd, struct dentry **out)
{
    if ((int)dirfd == AT_FDCWD) {
        *out = fs_context_get_cwd(process_current()->fs);
        return 0;
    }
    bool counted;
    struct file *file = file_arg(dirfd, &counted);
    if (!file)
        return -EBADF;
    int err = file->dentry ? 0 : -ENOENT;
    if (!err)
        *out = dentry_ref(file->dentry);
    fdtable_return(file, counted);
    return err;
}

int
lookup_arg(uint64_t dirfd, uint64_t path_user, unsigned flags, bool empty_ok,
           struct dentry **out)
{
    struct path_arg path;
    int err = path_arg_read(&path, path_user);
    if (err)
        return err;
    if (empty_ok && path.text[0] == '\0')
        err = lookup_fd(dirfd, out);
    else
        err = lookup_from(dirfd, path.text, flags, out);
    path_arg_free(&path);
    return err;
}
