/* Changes to what an inode says of itself, and to its size.
 *
 * Who may do what [posix, chmod, chown, utimensat, truncate], whatever the
 * file system. Thread context, may block; takes the inode's lock. Errors of
 * all: -EROFS, -EPERM (not the owner; the file system does not do this), and
 * those of struct inode_ops. */
#pragma once

#include "fs/inode.h"

/* Sets what set->mask names; uid and gid together or not at all, UINT32_MAX
 * for one that stays. Who may write the file may set its times to now, if
 * to_now is true; else -EACCES. A new owner takes the set-id bits away, and
 * S_ISGID is not set by who is not of the group. */
int attributes_set(struct inode *inode, struct inode_attributes *set,
                   bool to_now) MUST_CHECK;

/* Takes the set-id bits of a file that the caller, not being user 0, is about
 * to write to. LOCKED as in struct inode_ops. */
int attributes_will_write(struct inode *inode) MUST_CHECK;

/* What attributes_set does to inode itself, and, for a file system whose
 * inodes are only in memory, all of set_attributes: returns 0. */
int attributes_apply(struct inode *inode, const struct inode_attributes *set);

/* Sets a regular file's size; whether the caller may write to it is the
 * caller's to check. -EISDIR, -EINVAL (no regular file), -ETXTBSY (a program
 * that is running). */
int attributes_set_size(struct inode *inode, uint64_t size) MUST_CHECK;

/* Sets space aside for bytes from..to-1 of a file, which is extended if it is
 * shorter: writing there will not fail for want of it. -ENODEV (no regular
 * file), -EOPNOTSUPP, -ENOSPC, -EFBIG, -EINTR. */
int attributes_allocate(struct inode *inode, uint64_t from, uint64_t to)
    MUST_CHECK;
