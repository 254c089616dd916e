#include "fs/fs.h"

#include "abi/sched.h"
#include "dev/blockdev.h"
#include "fs/devfs.h"
#include "fs/fdtable.h"
#include "fs/mount.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "proc/process.h"

#define DENTRIES_MIN 256u
#define DENTRIES_MAX 8192u

/* Memory in frames for each name that the cache keeps. */
#define FRAMES_PER_DENTRY 16u

void
fs_init(void)
{
    size_t names = frame_count_total() / FRAMES_PER_DENTRY;

    inode_init_cache();
    dentry_init_cache(MIN(MAX(names, DENTRIES_MIN), DENTRIES_MAX));
    file_init_cache();
}

int
fs_mount_root(struct super *root)
{
    static const struct pseudo_row rows[] = {
        {0, S_IFDIR | 0555, "", .kind = NULL},
        {0, S_IFDIR | 0555, "dev", .kind = NULL},
        {0, S_IFDIR | 0555, "proc", .kind = NULL},
        {0, S_IFDIR | 0555, "sys", .kind = NULL},
        {0, S_IFDIR | 0555, "tmp", .kind = NULL},
        {.name = NULL},
    };
    static struct super bare = PSEUDO_SUPER("rootfs", 0x858458f6, rows);

    sleeplock_guard(&mount_lock);
    int err = mount_add(NULL, root ? root : &bare);
    return err;
}

void
fs_mount(const struct super *parent, const char *name, struct super *super)
{
    struct dentry *root = parent ? parent->root : mount_get_root();
    struct OWNED(dentry) *at = NULL;
    sleeplock_guard(&mount_lock);
    int err = root ? dentry_lookup(root, name, strlen(name), &at) : -ENOENT;
    if (!err)
        err = at->inode ? mount_add(at, super) : -ENOENT;
    if (err)
        pr_warn("/%s: nothing is mounted there (error %d)", name, -err);
}

void
fs_sync_all(void)
{
    sleeplock_guard(&mount_lock);
    for (struct super *s = mount_next(NULL); s; s = mount_next(s))
        if (s->ops->sync && s->ops->sync(s) != 0)
            continue; /* who asks for one file system is told */
}

void
fs_stop_all(void)
{
    fs_sync_all();
    sleeplock_guard(&mount_lock);
    for (struct super *s = mount_next(NULL); s; s = mount_next(s))
        if (s->bdev && s->ops->remount && s->ops->remount(s, true) != 0)
            pr_err("%s: not everything could be written", s->bdev->name);
}

int
fs_clone_process(struct process *child, const struct process *parent,
                 uint64_t flags)
{
    child->fs = flags & CLONE_FS ? fs_context_share(parent->fs)
                                 : fs_context_clone(parent->fs);
    if (!child->fs)
        return -ENOMEM;
    child->fdtable = flags & CLONE_FILES ? fdtable_share(parent->fdtable)
                                         : fdtable_clone(parent->fdtable);
    if (child->fdtable)
        return 0;
    fs_context_put(child->fs);
    child->fs = NULL;
    return -ENOMEM;
}

void
fs_share_process(struct process *process)
{
    fdtable_set_shared(process->fdtable);
}

void
fs_release_process(struct process *process)
{
    spin_lock(&process_lock); /* against who looks from /proc */
    struct fdtable *table = process->fdtable;
    struct fs_context *ctx = process->fs;
    process->fdtable = NULL;
    process->fs = NULL;
    spin_unlock(&process_lock);
    fdtable_end(&table);
    if (ctx)
        fs_context_put(ctx);
}

void
fs_end_call(void)
{
    fdtable_end_call(process_current()->fdtable);
}

/* Opens the console, without a path: a damaged disk may have no /dev. */
static int
open_console(struct file **out)
{
    struct OWNED(dentry) *root = NULL, *console = NULL;
    int err = 0;
    if (devfs.root)
        root = dentry_ref(devfs.root);
    else
        err = dentry_make_root(&devfs, &root);
    err = err ?: dentry_lookup(root, "console", strlen("console"), &console);
    return err ?: file_open_dentry(console, O_RDWR, out);
}

int
fs_start_process(struct process *process)
{
    struct file *console;
    int err = -ENOMEM;

    process->fs = fs_context_create(mount_get_root());
    process->fdtable = fdtable_create();
    if (!process->fs || !process->fdtable)
        goto fail;
    err = open_console(&console);
    for (int fd = 0; fd < 3 && err >= 0; fd++)
        err = fdtable_install(process->fdtable,
                              fd ? file_ref(console) : console, 0, false);
    if (err >= 0)
        return 0;
fail:
    fs_release_process(process);
    return err;
}
