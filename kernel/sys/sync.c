#include "sys/sys.h"

#include "abi/errno.h"
#include "sys/fileargs.h"

/* Nothing that is mounted can be written to, so all of it is on its disk. */
int64_t
sys_sync(const uint64_t arg[6] UNUSED)
{
    return 0;
}

int64_t
sys_fsync(const uint64_t arg[6])
{
    bool counted;
    struct file *file = file_arg(arg[0], &counted);
    if (!file || (file->flags & O_PATH))
        return -EBADF;
    int64_t result = file->inode && (S_ISREG(file->inode->mode) ||
                                     S_ISDIR(file->inode->mode) ||
                                     S_ISBLK(file->inode->mode))
                         ? 0
                         : -EINVAL;
    fdtable_return(file, counted);
    return result;
}

int64_t
sys_fdatasync(const uint64_t arg[6])
{
    return sys_fsync(arg);
}
