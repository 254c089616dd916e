#include "fs/fs.h"

#include "abi/errno.h"
#include "fs/devfs.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/path.h"
#include "fs/procfs.h"
#include "fs/sysfs.h"
#include "lib/print.h"
#include "mm/frame.h"
#include "proc/process.h"

#define DENTRIES_MIN 256u
#define DENTRIES_MAX 8192u

/* Memory in frames for each name that the cache keeps. */
#define FRAMES_PER_DENTRY 16u

int
fs_clone_process(struct process *child, const struct process *parent)
{
    child->fs = fs_context_clone(parent->fs);
    if (!child->fs)
        return -ENOMEM;
    child->fdtable = fdtable_clone(parent->fdtable);
    if (child->fdtable)
        return 0;
    fs_context_put(child->fs);
    child->fs = NULL;
    return -ENOMEM;
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
    if (table)
        fdtable_put(table);
    if (ctx)
        fs_context_put(ctx);
}

void
fs_init(void)
{
    size_t names = frame_count_total() / FRAMES_PER_DENTRY;

    inode_init_cache();
    dentry_init_cache(MIN(MAX(names, DENTRIES_MIN), DENTRIES_MAX));
    file_init_cache();
}

/* A tree for a machine without a disk. */
static struct super *
make_bare_root(void)
{
    static const char *const names[] = {"dev", "proc", "sys"};

    struct pseudo_fs *fs = pseudo_create("rootfs", 0x858458f6, NULL);
    for (size_t i = 0; fs && i < ARRAY_LEN(names); i++) {
        if (pseudo_add_dir(pseudo_root(fs), names[i], NULL) < 0)
            return NULL;
    }
    return fs ? pseudo_super(fs) : NULL;
}

static int
mount_on(struct fs_context *ctx, const char *path, struct super *super)
{
    struct dentry *at;
    int err = path_lookup(ctx, NULL, path, PATH_FOLLOW | PATH_DIRECTORY, &at);
    if (err)
        return err;
    err = mount_at(at, super);
    dentry_put(at);
    return err;
}

int
fs_mount_all(struct super *root)
{
    if (!root)
        root = make_bare_root();
    int err = root ? mount_root(root) : -ENOMEM;
    if (!err)
        err = devfs_init();
    if (!err)
        err = procfs_init();
    if (!err)
        err = sysfs_init();
    if (err)
        return err;

    struct fs_context *ctx = fs_context_create(mount_get_root());
    if (!ctx)
        return -ENOMEM;
    const struct {
        const char *path;
        struct super *super;
    } mounts[] = {
        {"/dev", devfs_super()},
        {"/proc", procfs_super()},
        {"/sys", sysfs_super()},
    };
    for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
        err = mount_on(ctx, mounts[i].path, mounts[i].super);
        if (err)
            pr_warn("%s: nothing is mounted there (error %d)", mounts[i].path,
                    -err);
    }
    fs_context_put(ctx);
    return 0;
}

/* Opens the console, by name or, where /dev is missing, without. */
static int
open_console(struct fs_context *ctx, struct file **out)
{
    int err = file_open_path(ctx, "/dev/console", O_RDWR, out);
    if (!err)
        return 0;
    struct dentry *root, *console;
    err = dentry_make_root(devfs_super(), &root);
    if (err)
        return err;
    err = dentry_lookup(root, "console", 7, &console);
    if (!err) {
        err = console->inode ? file_open_dentry(console, O_RDWR, out) : -ENXIO;
        dentry_put(console);
    }
    dentry_put(root);
    return err;
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
    err = open_console(process->fs, &console);
    if (err)
        goto fail;
    for (int fd = 0; fd < 3 && err >= 0; fd++) {
        err = fdtable_install(process->fdtable, file_ref(console), fd, false);
        if (err < 0)
            file_put(console);
    }
    file_put(console);
    if (err >= 0)
        return 0;
fail:
    fs_release_process(process);
    return err;
}
