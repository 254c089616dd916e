/* System calls that say what a file will be needed for, or write a part of it
 * back. */
#include "fs/buf.h"
#include "fs/pagecache.h"
#include "proc/signal.h"
#include "sys/fileargs.h"
#include "sys/sys.h"

#define READ_MOST 0x200000u /* bytes read in advance by one call */

enum { ADVISE_WILLNEED = 3, ADVISE_LAST = 5 };
enum { SYNC_WAIT_BEFORE = 1, SYNC_WRITE = 2, SYNC_WAIT_AFTER = 4 };

/* Reads pages of a regular file into memory; an error is somebody else's to
 * find. */
static void
read_in(struct inode *inode, uint64_t offset, uint64_t len)
{
    uint64_t most = MIN(len, (uint64_t)READ_MOST);
    uint64_t end = MIN(READ_ONCE(inode->size), offset + most);
    struct buf *held;
    for (uint64_t at = offset; at < end && !signal_pending(); at += PAGE_SIZE) {
        if (pagecache_get(inode, at / PAGE_SIZE, &held) != 0)
            return;
        buf_put(held);
    }
}

SYSCALL_DEFINE(readahead)
{
    struct file *file = file_arg(arg[0]);
    if (!file || !file_allows(file, FILE_READ))
        return -EBADF;
    if (!file->inode || !file->inode->page_ops || (int64_t)arg[1] < 0)
        return -EINVAL;
    read_in(file->inode, arg[1], arg[2]);
    return 0;
}

/* Of all advice only "will need" changes anything; how a file is read is
 * noticed without being told. */
SYSCALL_DEFINE(fadvise64)
{
    struct file *file = open_arg(arg[0]);
    if (!file)
        return -EBADF;
    if (!file->inode || S_ISFIFO(file->inode->mode))
        return -ESPIPE;
    if ((int64_t)arg[2] < 0 || arg[3] > ADVISE_LAST)
        return -EINVAL;
    if (arg[3] == ADVISE_WILLNEED && file->inode->page_ops)
        read_in(file->inode, arg[1], arg[2] ? arg[2] : READ_MOST);
    return 0;
}

/* More than was asked for is written: all that is needed to read the file. */
SYSCALL_DEFINE(sync_file_range)
{
    struct file *file = open_arg(arg[0]);
    uint64_t all = SYNC_WAIT_BEFORE | SYNC_WRITE | SYNC_WAIT_AFTER;
    if (!file)
        return -EBADF;
    if ((arg[3] & ~all) || (int64_t)arg[1] < 0 || (int64_t)arg[2] < 0 ||
        (int64_t)(arg[1] + arg[2]) < 0)
        return -EINVAL;
    if (!file->inode || S_ISFIFO(file->inode->mode) ||
        S_ISCHR(file->inode->mode))
        return -ESPIPE;
    return arg[3] & SYNC_WRITE ? file_sync(file, true) : 0;
}
