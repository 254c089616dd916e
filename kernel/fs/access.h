/* Who may do what with an inode: the one place that reads permission bits.
 *
 * Owns nothing; attributes are read without the inode's lock, each being one
 * word. Any context. */
#pragma once

#include "lib/compiler.h"

struct inode;

enum access {
    MAY_EXEC = 1, /* of a directory: walk through it */
    MAY_WRITE = 2,
    MAY_READ = 4,
};

/* On whose behalf something is done. */
struct credential {
    uint32_t uid, gid;
};

/* The running process's. */
const struct credential *credential_current(void);

/* Whether cred has every right in mask (MAY_*) by the mode, owner and group
 * of inode. User 0 has them all, but executes a file only if somebody may
 * [posix §4.5]. */
bool inode_may(const struct inode *inode, const struct credential *cred,
               unsigned mask);
