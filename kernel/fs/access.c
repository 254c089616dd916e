#include "fs/access.h"

#include "fs/inode.h"

const struct credential *
credential_current(void)
{
    static const struct credential superuser = {.uid = 0, .gid = 0};
    return &superuser;
}

bool
inode_may(const struct inode *inode, const struct credential *cred,
          unsigned mask)
{
    uint32_t mode = READ_ONCE(inode->mode);

    if (cred->uid == 0)
        return !(mask & MAY_EXEC) || S_ISDIR(mode) ||
               (mode & (S_IXUSR | S_IXGRP | S_IXOTH));
    if (cred->uid == READ_ONCE(inode->uid))
        mode >>= 6;
    else if (cred->gid == READ_ONCE(inode->gid))
        mode >>= 3;
    return (mode & mask) == mask;
}
