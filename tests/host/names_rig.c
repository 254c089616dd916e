#include "names_rig.h"

#include "dev/rtc.h"
#include "fs/bcache.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/mount.h"
#include "fs/tmpfs.h"
#include "fs_shim.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "proc/signal.h"

#include <stdlib.h>
#include <string.h>

static const struct shim_node disk[] = {
    {1, "", S_IFDIR | 0755, NULL, 0},
    {1, "t", S_IFDIR | 0755, NULL, 0},
};

static struct super disk_super;
struct fs_context *rig_ctx;
static struct cred user;
static int64_t now_ns;
unsigned rig_fail_alloc;

const struct cred *__wrap_cred_current(void);
void *__wrap_kmalloc(size_t size);
void *__wrap_kzalloc(size_t size);
void *__wrap_slab_alloc(struct slab_cache *cache);
void *__real_slab_alloc(struct slab_cache *cache);

const struct cred *
__wrap_cred_current(void)
{
    return &user;
}

static bool
fails(void)
{
    return rig_fail_alloc > 0 && --rig_fail_alloc == 0;
}

void *
__wrap_kmalloc(size_t size)
{
    return fails() ? NULL : malloc(size);
}

void *
__wrap_kzalloc(size_t size)
{
    return fails() ? NULL : calloc(1, size);
}

void *
__wrap_slab_alloc(struct slab_cache *cache)
{
    return fails() ? NULL : __real_slab_alloc(cache);
}

int64_t
rtc_now_ns(void)
{
    return now_ns;
}

size_t
frame_count_total(void)
{
    return RIG_FRAMES;
}

void *
frame_alloc_zeroed(unsigned order)
{
    void *frame = frame_alloc(order);
    memset(frame, 0, 4096u << order);
    return frame;
}

bool
signal_killed_meanwhile(void)
{
    return false;
}

void
rig_be(uint32_t id)
{
    user = (struct cred){.uid.fs = id, .gid.fs = id};
}

/* ---- Calls by path ---- */

static int
make(const char *path, uint32_t mode)
{
    struct inode_new what = {.mode = mode};
    struct path_name at;
    int err = path_lookup_parent(rig_ctx, NULL, path, 0, &at);
    if (err)
        return err;
    err = names_create(&at, &what, NULL);
    dentry_put(at.dir);
    return err;
}

int
rig_file(const char *path)
{
    return make(path, S_IFREG | 0644);
}

int
rig_dir(const char *path)
{
    return make(path, S_IFDIR | 0755);
}

int
rig_take_away(const char *path, bool directory)
{
    struct path_name at;
    int err = path_lookup_parent(rig_ctx, NULL, path, 0, &at);
    if (err)
        return err;
    err = names_unlink(&at, directory);
    dentry_put(at.dir);
    return err;
}

int
rig_move(const char *from, const char *to, unsigned flags)
{
    struct path_name a, b;
    assert_int_equal(path_lookup_parent(rig_ctx, NULL, from, 0, &a), 0);
    assert_int_equal(path_lookup_parent(rig_ctx, NULL, to, 0, &b), 0);
    int err = names_rename(&a, &b, flags);
    dentry_put(a.dir);
    dentry_put(b.dir);
    return err;
}

struct dentry *
rig_get(const char *path)
{
    struct dentry *d;
    assert_int_equal(path_lookup(rig_ctx, NULL, path, 0, &d), 0);
    return d;
}

int
rig_find(const char *path)
{
    struct dentry *d;
    int err = path_lookup(rig_ctx, NULL, path, 0, &d);
    if (!err)
        dentry_put(d);
    return err;
}

int
rig_set(const char *path, struct inode_attributes a, bool to_now)
{
    struct dentry *d = rig_get(path);
    int err = attributes_set(d->inode, &a, to_now);
    dentry_put(d);
    return err;
}

int
rig_chmod(const char *path, uint32_t mode)
{
    return rig_set(
        path, (struct inode_attributes){.mask = SET_MODE, .mode = mode}, false);
}

int
rig_chown(const char *path, uint32_t uid, uint32_t gid)
{
    struct inode_attributes a = {
        .mask = SET_UID | SET_GID, .uid = uid, .gid = gid};
    return rig_set(path, a, false);
}

uint32_t
rig_mode_of(const char *path)
{
    struct dentry *d = rig_get(path);
    uint32_t mode = d->inode->mode & 07777;
    dentry_put(d);
    return mode;
}

int64_t
rig_write_to(const char *path, size_t n)
{
    static char bytes[1 << 20];
    struct uio_vec vec;
    struct uio uio;
    struct file *f;
    struct dentry *d = rig_get(path);
    assert_int_equal(file_open_dentry(d, O_WRONLY, &f), 0);
    dentry_put(d);
    uio_init_kernel(&uio, &vec, bytes, n);
    int64_t written = file_transfer(f, FILE_WRITE, &uio, NULL);
    file_put(f);
    return written;
}

bool
rig_path_is(const struct dentry *d, const char *expected)
{
    char buf[256];
    int start = dentry_path(d, rig_ctx->root, buf, sizeof(buf));
    assert_true(start >= 0);
    return strcmp(buf + start, expected) == 0;
}

/* ---- Around each test ---- */

int
rig_set_up(void **state UNUSED)
{
    struct super *tmpfs;
    rig_be(0);
    struct dentry *at = rig_get("/t");
    sleeplock_lock(&mount_lock);
    int err = tmpfs_open(&tmpfs);
    if (!err)
        err = mount_add(at, tmpfs);
    sleeplock_unlock(&mount_lock);
    dentry_put(at);
    if (!err)
        err = rig_chmod("/t", 0755);
    fs_context_set_cwd(rig_ctx, rig_get("/t"));
    return err;
}

int
rig_tear_down(void **state UNUSED)
{
    rig_be(0);
    fs_context_set_cwd(rig_ctx, rig_get("/"));
    sleeplock_lock(&mount_lock);
    int err = mount_remove(rig_get("/t"));
    sleeplock_unlock(&mount_lock);
    return err;
}

int
rig_start(void **state UNUSED)
{
    shim_super_init(&disk_super, disk, ARRAY_LEN(disk));
    bcache_init(64);
    inode_init_cache();
    dentry_init_cache(64);
    file_init_cache();
    sleeplock_lock(&mount_lock);
    int err = mount_add(NULL, &disk_super);
    sleeplock_unlock(&mount_lock);
    rig_ctx = fs_context_create(mount_get_root());
    return err;
}
