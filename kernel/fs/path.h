/* Path resolution [posix §4.13]: from a string to a place in the tree.
 *
 * Owns nothing that outlives a call. Thread context, may block.
 *
 * Errors that every function here can return: -ENOENT (also for ""),
 * -ENOTDIR, -EACCES (no search permission), -ELOOP (over 40 symbolic links),
 * -ENAMETOOLONG (a component over NAME_MAX), -ENOMEM, and the file system's.
 * A path is shorter than PATH_MAX: who reads one from user space checks. */
#pragma once

#include "abi/limits.h"
#include "fs/context.h"

#define PATH_LINKS_MAX 40 /* symbolic links followed in one resolution */

enum path_flags {
    PATH_FOLLOW = 1,    /* a symbolic link at the end is followed */
    PATH_DIRECTORY = 2, /* the end must be a directory, else -ENOTDIR */
};

/* Resolves path from `base`, a directory; NULL means the working directory.
 * An absolute path starts at ctx's root. A trailing slash asks for
 * PATH_FOLLOW and PATH_DIRECTORY.
 * Returns 0 with a reference in *out, whose inode is not NULL. */
int path_lookup(struct fs_context *ctx, struct dentry *base, const char *path,
                unsigned flags, struct dentry **out) MUST_CHECK;

enum path_last {
    LAST_NAME,
    LAST_ROOT, /* there is none: the path is only slashes */
    LAST_DOT,
    LAST_DOT_DOT,
};

/* A name that may be made, taken away or moved: all of a path but the last
 * component is resolved, and that one as it stands in the string. */
struct path_name {
    struct dentry *dir; /* a directory that may be searched, with a reference */
    enum path_last kind;
    bool slash; /* slashes follow */
    size_t len;
    char name[NAME_MAX + 1];
};

static inline void
path_name_end(struct path_name *name)
{
    dentry_end(&name->dir);
}

/* Resolves path up to its last component, which may be missing. With
 * PATH_FOLLOW, a symbolic link there is replaced by the last component of its
 * target. Returns 0 with a reference in out->dir; else that is NULL. */
int path_lookup_parent(struct fs_context *ctx, struct dentry *base,
                       const char *path, unsigned flags, struct path_name *out)
    MUST_CHECK;
