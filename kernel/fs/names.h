/* Changes to names: what the calls that make, link, take away and move files
 * have in common, whatever the file system.
 *
 * Each takes super->names, looks at what the names lead to, checks types and
 * rights, locks the inodes concerned, has the file system do it, and brings
 * the table of names up to date. Thread context, may block.
 *
 * Errors of all: -EROFS, -EACCES (no right to write the directory), -ENOENT
 * (also: the directory has been removed), -EPERM (the file system does not do
 * this), -ENOMEM, and those of struct inode_ops. */
#pragma once

#include "fs/path.h"

/* Makes an inode as what says, but for uid and gid, which are the caller's,
 * or, in a directory with S_ISGID, its.
 * Returns 0, with a reference in *out if that is not NULL; -EEXIST. */
int names_create(const struct path_name *at, struct inode_new *what,
                 struct dentry **out) MUST_CHECK;

/* Gives the inode of old one more name. -EEXIST, -EXDEV. */
int names_link(const struct path_name *at, struct dentry *old) MUST_CHECK;

/* Takes a name away, as unlink or, if directory is true, as rmdir. -EISDIR,
 * -ENOTDIR, -ENOTEMPTY, -EINVAL (rmdir "."), -EBUSY (something is mounted
 * there), -EPERM (sticky). */
int names_unlink(const struct path_name *at, bool directory) MUST_CHECK;

/* As renameat2, with its flags. Errors as names_unlink; -EXDEV, -EINVAL (into
 * itself), -EEXIST. */
int names_rename(const struct path_name *from, const struct path_name *to,
                 unsigned flags) MUST_CHECK;
