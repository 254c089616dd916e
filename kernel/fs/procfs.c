#include "fs/procfs.h"

#include "abi/errno.h"
#include "proc/process.h"

#define PROCFS_MAGIC 0x9fa0

static struct pseudo_fs *procfs; /* constant after procfs_init */

static int
show_self(struct text_buf *out, void *arg UNUSED)
{
    text_printf(out, "%d", process_current()->pid);
    return 0;
}

int
procfs_init(void)
{
    procfs = pseudo_create("proc", PROCFS_MAGIC, &procfs_processes);
    if (!procfs)
        return -ENOMEM;
    int err = pseudo_add_link(pseudo_root(procfs), "self", show_self, NULL);
    return err ? err : procfs_add_system(pseudo_root(procfs));
}

struct super *
procfs_super(void)
{
    return pseudo_super(procfs);
}
