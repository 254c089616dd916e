/* Path resolution [posix §4.13]: from a string to a place in the tree.
 *
 * Owns nothing that outlives a call. Thread context, may block.
 *
 * Errors that every function here can return: -ENOENT (also for ""),
 * -ENOTDIR, -EACCES (no search permission), -ELOOP (over 40 symbolic links),
 * -ENAMETOOLONG (a component over NAME_MAX), -ENOMEM, and the file system's.
 * A path is shorter than PATH_MAX: who reads one from user space checks. */
#pragma once

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

/* The last component of a path, as it stands in the string. */
struct path_last {
    const char *name; /* not terminated */
    size_t len;       /* 0: the path is only slashes */
    bool slash;       /* slashes follow */
};

/* Resolves all of path but the last component, which may be missing, or be
 * "." or "..". Returns 0 with a reference to the directory in *dir. */
int path_lookup_parent(struct fs_context *ctx, struct dentry *base,
                       const char *path, struct dentry **dir,
                       struct path_last *last) MUST_CHECK;
