/* What the file calls have in common: arguments turned into kernel objects.
 *
 * Owns nothing; thread context of a process, may block. Errors are those
 * that the calls return. */
#pragma once

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/path.h"
#include "proc/process.h"

/* A path copied from user space: short ones cost no allocation. */
struct path_arg {
    char *text;
    char small[256];
};

/* Returns 0, -EFAULT, -ENAMETOOLONG, -ENOMEM; path_arg_end afterwards, in
 * either case. */
int path_arg_read(struct path_arg *path, uint64_t user) MUST_CHECK;
void path_arg_end(struct path_arg *path);

/* Sets *base to where a path relative to dirfd starts, without a reference:
 * NULL for the working directory, and for absolute paths.
 * Returns 0, -EBADF, -ENOTDIR. */
int base_arg(uint64_t dirfd, const char *path, struct dentry **base) MUST_CHECK;

/* Resolves the path at user address path_user from the directory dirfd, or
 * AT_FDCWD, with enum path_flags. If empty_ok, an empty path names dirfd
 * itself. Returns 0 with a reference in *out, or as base_arg, path_arg_read
 * and path_lookup; -ENOENT if dirfd itself has no name. */
int lookup_arg(uint64_t dirfd, uint64_t path_user, unsigned flags,
               bool empty_ok, struct dentry **out) MUST_CHECK;

/* The same from the working directory, and not for an empty path. */
int lookup_path(uint64_t path_user, unsigned flags, struct dentry **out)
    MUST_CHECK;

/* The same for a path whose last component is to be made, taken away or
 * moved. Returns 0, or as path_lookup_parent; out is to be ended in either
 * case. */
int name_arg(uint64_t dirfd, uint64_t path_user, struct path_name *out)
    MUST_CHECK;

/* The file of a descriptor for the length of a call; NULL: -EBADF. */
static inline struct file *
file_arg(uint64_t fd)
{
    return fdtable_get(process_current()->fdtable, (int)fd);
}

/* The same, but NULL for one that O_PATH was said of, too. */
static inline struct file *
open_arg(uint64_t fd)
{
    struct file *file = file_arg(fd);
    return file && !(file->flags & O_PATH) ? file : NULL;
}

/* Gives file, whose reference it takes over, the lowest free descriptor.
 * Returns that, or as fdtable_install. */
static inline int
file_install(struct file *file, bool cloexec)
{
    return fdtable_install(process_current()->fdtable, file, 0, cloexec);
}

/* The same for two files; writes both numbers to user address `user`. Returns 0
 * or an error, and then neither has one. */
int file_install_two(struct file *const files[2], bool cloexec, uint64_t user)
    MUST_CHECK;

/* The same for a new file with ops and private, which comes from kmalloc and
 * is the file's or freed. flags: O_CLOEXEC, O_NONBLOCK. */
int file_install_new(const struct file_ops *ops, void *private, unsigned flags);
