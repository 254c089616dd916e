/* What the file calls have in common: arguments turned into kernel objects.
 *
 * Owns nothing; thread context of a process, may block. Errors are those
 * that the calls return. */
#pragma once

#include "abi/limits.h"
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

/* Resolves the path at user address path_user from the directory dirfd, or
 * AT_FDCWD, with enum path_flags. If empty_ok, an empty path names dirfd
 * itself. Returns 0 with a reference in *out; -EBADF, -ENOTDIR for a dirfd
 * that does not do, or as path_arg_read and path_lookup. */
int lookup_arg(uint64_t dirfd, uint64_t path_user, unsigned flags,
               bool empty_ok, struct dentry **out) MUST_CHECK;

/* The same for a path read already, not empty; with parent_of the directory
 * that would hold its last component. */
int lookup_from(uint64_t dirfd, const char *path, unsigned flags,
                struct dentry **out) MUST_CHECK;
int lookup_parent_from(uint64_t dirfd, const char *path, struct dentry **dir,
                       struct path_last *last) MUST_CHECK;

/* The file of a descriptor for the length of a call; NULL: -EBADF. */
static inline struct file *
file_arg(uint64_t fd, bool *counted)
{
    return fdtable_borrow(process_current()->fdtable, (int)fd, counted);
}
