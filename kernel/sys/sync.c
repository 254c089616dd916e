/* The system calls that return once something is on its disk for good. */
#include "fs/fs.h"
#include "sys/fileargs.h"
#include "sys/sys.h"

SYSCALL_DEFINE(sync)
{
    fs_sync_all();
    return 0;
}

SYSCALL_DEFINE(syncfs)
{
    const struct file *file = open_arg(arg[0]);
    if (!file)
        return -EBADF;
    struct super *super = file->inode ? file->inode->super : NULL;
    return super && super->ops->sync ? super->ops->sync(super) : 0;
}

static int64_t
sync_file(uint64_t fd, bool data_only)
{
    struct file *file = open_arg(fd);
    if (!file)
        return -EBADF;
    return file_sync(file, data_only);
}

SYSCALL_IS(fsync, sync_file(arg[0], false))
SYSCALL_IS(fdatasync, sync_file(arg[0], true))
