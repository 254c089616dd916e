#include "vfs_rig.h"

#include "abi/errno.h"
#include "check.h"
#include "fs/devfs.h"
#include "fs/eclipsefs/eclipsefs.h"
#include "fs/writeback.h"
#include "host_kernel.h"

#include <stdio.h>

/* ---- What stands in for the layers beside ---- */

int64_t vfs_now = 1000;
unsigned vfs_wanted;
bool vfs_killed;

int64_t
fs_now(void)
{
    return vfs_now;
}

void
flusher_want(bool now)
{
    (void)now;
    vfs_wanted++;
}

uint64_t
devfs_block_rdev(const struct blockdev *dev)
{
    (void)dev;
    return 42;
}

/* What proc/signal.h would say; that header is not for the host. */
bool signal_killed_meanwhile(void);

bool
signal_killed_meanwhile(void)
{
    return vfs_killed;
}

/* User memory is all memory but address 0 to 4095. */
int
uaccess_write(uaddr_t dst, const void *src, size_t n)
{
    if (dst.v < BLOCK_SIZE)
        return -EFAULT;
    memcpy((void *)(uintptr_t)dst.v, src, n);
    return 0;
}

int
uaccess_read(void *dst, uaddr_t src, size_t n)
{
    if (src.v < BLOCK_SIZE)
        return -EFAULT;
    memcpy(dst, (const void *)(uintptr_t)src.v, n);
    return 0;
}

int uaccess_read_now(void *dst, uaddr_t src, size_t n) ALIAS("uaccess_read");

bool
uaccess_write_at_once(uaddr_t dst, const void *src, size_t n)
{
    return uaccess_write(dst, src, n) == 0;
}

bool
uaccess_read_at_once(void *dst, uaddr_t src, size_t n)
{
    return uaccess_read(dst, src, n) == 0;
}

/* ---- Disks ---- */

void
vfs_init(struct vfs_rig *rig, size_t blocks, size_t cache)
{
    struct efs_format format = {.inodes = 64, .uuid = "0123456789abcdef"};

    vfs_init_format(rig, blocks, cache, &format);
}

void
vfs_init_format(struct vfs_rig *rig, size_t blocks, size_t cache,
                const struct efs_format *format)
{
    host_kernel_quiet = true;
    bcache_init(cache);
    inode_init_cache();
    crash_disk_init(&rig->disk, blocks * BLOCK_SIZE);
    memset(rig->disk.now, VFS_STALE, rig->disk.size);
    assert_int_equal(efs_format(&rig->disk.dev, format), 0);
    bcache_drop(NULL);
    crash_disk_load(&rig->disk, rig->disk.now);
    vfs_mount(rig);
}

void
vfs_free(struct vfs_rig *rig)
{
    if (rig->super)
        rig->super->ops->unmount(rig->super);
    bcache_drop(NULL);
    crash_disk_free(&rig->disk);
}

void
vfs_mount(struct vfs_rig *rig)
{
    bcache_drop(NULL);
    assert_int_equal(eclipsefs_mount(&rig->disk.dev, false, &rig->super), 0);
}

void
vfs_unmount(struct vfs_rig *rig)
{
    rig->super->ops->unmount(rig->super);
    rig->super = NULL;
}

void
vfs_remount(struct vfs_rig *rig)
{
    vfs_unmount(rig);
    vfs_mount(rig);
}

static void
report(const struct check_finding *finding, void *context)
{
    (void)context;
    fprintf(stderr, "%s: inode %u, block %lu: %s\n", finding->kind,
            finding->ino, (unsigned long)finding->block, finding->text);
}

void
vfs_check(struct vfs_rig *rig)
{
    struct check_options options = {.report = NULL};
    struct check_result result;
    const char *why = "";

    bcache_drop(NULL);
    int err = check_image(&rig->disk.dev, &options, &result, &why);
    options.report = report;
    if (!err && result.findings > 0)
        err = check_image(&rig->disk.dev, &options, &result, &why);
    if (err)
        fail_msg("check: %d %s", err, why);
    assert_int_equal(result.findings, 0);
}

/* ---- Files ---- */

static struct inode *
lock_root(struct vfs_rig *rig)
{
    struct inode *root;

    assert_int_equal(inode_get(rig->super, rig->super->root_ino, &root), 0);
    sleeplock_lock(&root->lock);
    return root;
}

static void
unlock_root(struct inode *root)
{
    sleeplock_unlock(&root->lock);
    inode_put(root);
}

int
vfs_create_file(struct vfs_rig *rig, const char *name)
{
    struct inode_new what = {.mode = S_IFREG | 0644};
    struct inode *root = lock_root(rig), *file;

    int err = root->ops->create(root, name, strlen(name), &what, &file);
    if (!err)
        inode_put(file);
    unlock_root(root);
    return err;
}

int
vfs_unlink(struct vfs_rig *rig, const char *name)
{
    struct inode *file = vfs_open(rig, name), *root = lock_root(rig);

    assert_non_null(file);
    sleeplock_lock(&file->lock);
    int err = root->ops->unlink(root, name, strlen(name), file);
    sleeplock_unlock(&file->lock);
    unlock_root(root);
    inode_put(file);
    return err;
}

struct inode *
vfs_open(struct vfs_rig *rig, const char *name)
{
    struct inode *root = lock_root(rig), *file;

    int err = root->ops->lookup(root, name, strlen(name), &file);
    unlock_root(root);
    assert_true(err == 0 || err == -ENOENT);
    return err ? NULL : file;
}

int64_t
vfs_pwrite(struct inode *file, const void *data, size_t n, uint64_t at)
{
    struct uio_vec vec;
    struct uio uio;

    uio_init_user(&uio, &vec, uaddr((uintptr_t)data), n);
    sleeplock_lock(&file->lock);
    int64_t done = pagecache_write(file, &uio, &at);
    sleeplock_unlock(&file->lock);
    return done;
}

int64_t
vfs_pread(struct inode *file, void *data, size_t n, uint64_t at)
{
    struct uio_vec vec;
    struct uio uio;

    uio_init_kernel(&uio, &vec, data, n);
    return pagecache_read(file, &uio, &at);
}

int
vfs_truncate(struct inode *file, uint64_t size)
{
    sleeplock_lock(&file->lock);
    int err = file->ops->set_size(file, size);
    sleeplock_unlock(&file->lock);
    return err;
}

int
vfs_fsync(struct inode *file)
{
    return file->ops->sync(file, false);
}

int
vfs_sync_all(struct vfs_rig *rig)
{
    return rig->super->ops->sync(rig->super);
}
