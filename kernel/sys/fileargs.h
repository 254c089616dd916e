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

/* Returns 0, -EFAULT, -ENAMETOOLONG, -ENOMEM; path_arg_free afterwards only
 * on 0. */
int path_arg_read(struct path_arg *path, uint64_t user) MUST_CHECK;
void path_arg_free(struct path_arg *path);

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

/* The same for a path whose last component is to be made, taken away or
 * moved. Returns 0 with a reference in out->dir, or as path_lookup_parent. */
int name_arg(uint64_t dirfd, uint64_t path_user, struct path_name *out)
    MUST_CHECK;

/* The file of a descriptor for the length of a call; NULL: -EBADF. */
static inline struct file *
file_arg(uint64_t fd)
{
    return fdtable_get(process_current()->fdtable, (int)fd);
}
