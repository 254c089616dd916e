/* Changes to names and attributes over tmpfs, mounted in a small tree: who
 * may do what, what the table of names says afterwards, what happens without
 * memory. Taking the tmpfs away again after each test proves that nobody has
 * kept a reference. */
// SOURCES: kernel/fs/names.c kernel/fs/attributes.c kernel/fs/tmpfs.c
// SOURCES: kernel/fs/path.c kernel/fs/dentry.c kernel/fs/context.c
// SOURCES: kernel/fs/inode.c kernel/fs/mount.c kernel/fs/file.c
// SOURCES: kernel/fs/flock.c kernel/mm/uio.c mkfs/host_kernel.c
// SOURCES: tests/host/fs_shim.c kernel/fs/pagecache.c
// SOURCES: kernel/fs/pagedirty.c kernel/fs/buf.c kernel/fs/readahead.c
// SOURCES: kernel/dev/blockdev.c
// LIBS: -Wl,--wrap=credential_current -Wl,--wrap=kmalloc
// LIBS: -Wl,--wrap=kzalloc -Wl,--wrap=slab_alloc
#include "fs_shim.h"

#include "abi/errno.h"
#include "dev/rtc.h"
#include "fs/attributes.h"
#include "fs/bcache.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/names.h"
#include "fs/tmpfs.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "proc/signal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAMES 64u /* of memory; the tmpfs has half of them */

static const struct shim_node disk[] = {
    {1, "", S_IFDIR | 0755, NULL, 0},
    {1, "t", S_IFDIR | 0755, NULL, 0},
};

static struct super disk_super;
static struct fs_context *ctx;
static struct credential user;
static int64_t now_ns;
static unsigned fail_alloc; /* the n-th from now on fails; 0: none */

const struct credential *__wrap_credential_current(void);
void *__wrap_kmalloc(size_t size);
void *__wrap_kzalloc(size_t size);
void *__wrap_slab_alloc(struct slab_cache *cache);
void *__real_slab_alloc(struct slab_cache *cache);

const struct credential *
__wrap_credential_current(void)
{
    return &user;
}

static bool
fails(void)
{
    return fail_alloc > 0 && --fail_alloc == 0;
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
    return FRAMES;
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

static void
be(uint32_t id)
{
    user = (struct credential){.uid = id, .gid = id};
}

/* ---- Calls by path ---- */

static int
make(const char *path, uint32_t mode)
{
    struct inode_new what = {.mode = mode};
    struct path_name at;
    int err = path_lookup_parent(ctx, NULL, path, 0, &at);
    if (err)
        return err;
    err = names_create(&at, &what, NULL);
    dentry_put(at.dir);
    return err;
}

static int
file(const char *path)
{
    return make(path, S_IFREG | 0644);
}

static int
dir(const char *path)
{
    return make(path, S_IFDIR | 0755);
}

static int
take_away(const char *path, bool directory)
{
    struct path_name at;
    int err = path_lookup_parent(ctx, NULL, path, 0, &at);
    if (err)
        return err;
    err = names_unlink(&at, directory);
    dentry_put(at.dir);
    return err;
}

static int
move(const char *from, const char *to, unsigned flags)
{
    struct path_name a, b;
    assert_int_equal(path_lookup_parent(ctx, NULL, from, 0, &a), 0);
    assert_int_equal(path_lookup_parent(ctx, NULL, to, 0, &b), 0);
    int err = names_rename(&a, &b, flags);
    dentry_put(a.dir);
    dentry_put(b.dir);
    return err;
}

static struct dentry *
get(const char *path)
{
    struct dentry *d;
    assert_int_equal(path_lookup(ctx, NULL, path, 0, &d), 0);
    return d;
}

static int
find(const char *path)
{
    struct dentry *d;
    int err = path_lookup(ctx, NULL, path, 0, &d);
    if (!err)
        dentry_put(d);
    return err;
}

static int
set(const char *path, struct inode_attributes a, bool to_now)
{
    struct dentry *d = get(path);
    int err = attributes_set(d->inode, &a, to_now);
    dentry_put(d);
    return err;
}

static int
chmod(const char *path, uint32_t mode)
{
    return set(path, (struct inode_attributes){.mask = SET_MODE, .mode = mode},
               false);
}

static int
chown(const char *path, uint32_t uid, uint32_t gid)
{
    struct inode_attributes a = {
        .mask = SET_UID | SET_GID, .uid = uid, .gid = gid};
    return set(path, a, false);
}

static uint32_t
mode_of(const char *path)
{
    struct dentry *d = get(path);
    uint32_t mode = d->inode->mode & 07777;
    dentry_put(d);
    return mode;
}

static int64_t
write_to(const char *path, size_t n)
{
    static char bytes[1 << 20];
    struct uio_vec vec;
    struct uio uio;
    struct file *f;
    struct dentry *d = get(path);
    assert_int_equal(file_open_dentry(d, O_WRONLY, &f), 0);
    dentry_put(d);
    uio_init_kernel(&uio, &vec, bytes, n);
    int64_t written = file_transfer(f, FILE_WRITE, &uio, NULL);
    file_put(f);
    return written;
}

/* Whether the path of d in the tree is that. */
static bool
path_is(const struct dentry *d, const char *expected)
{
    char buf[256];
    int start = dentry_path(d, ctx->root, buf, sizeof(buf));
    assert_true(start >= 0);
    return strcmp(buf + start, expected) == 0;
}

/* ---- Tests ---- */

static void
test_table_follows(void **state UNUSED)
{
    assert_int_equal(find("/t/a"), -ENOENT);
    assert_int_equal(dir("/t/a"), 0);
    assert_int_equal(find("/t/a"), 0);
    assert_int_equal(file("/t/a/f"), 0);
    assert_int_equal(find("/t/a/f"), 0);
    assert_int_equal(take_away("/t/a/f", false), 0);
    assert_int_equal(find("/t/a/f"), -ENOENT);
    assert_int_equal(file("/t/a/f"), 0);
    assert_int_equal(move("/t/a", "/t/b", 0), 0);
    assert_int_equal(find("/t/a"), -ENOENT);
    assert_int_equal(find("/t/a/f"), -ENOENT);
    assert_int_equal(find("/t/b/f"), 0);
    assert_int_equal(dir("/t/a"), 0);
    assert_int_equal(find("/t/a/f"), -ENOENT);
}

static void
test_dentries_move(void **state UNUSED)
{
    assert_int_equal(dir("/t/a") | dir("/t/a/b") | dir("/t/x"), 0);
    assert_int_equal(file("/t/a/b/f"), 0);
    struct dentry *f = get("/t/a/b/f"), *x = get("/t/x");
    assert_true(path_is(f, "/t/a/b/f"));
    assert_int_equal(move("/t/a", "/t/x/a_longer_name", 0), 0);
    assert_true(path_is(f, "/t/x/a_longer_name/b/f"));
    assert_int_equal(move("/t/x/a_longer_name/b", "/t/b", 0), 0);
    assert_true(path_is(f, "/t/b/f"));
    assert_int_equal(move("/t/b", "/t/x", RENAME_EXCHANGE), 0);
    assert_true(path_is(f, "/t/x/f"));
    assert_true(path_is(x, "/t/b"));
    assert_int_equal(move("/t/x/f", "/t/b/f", 0), 0);
    assert_true(path_is(f, "/t/b/f"));
    dentry_put(f);
    dentry_put(x);
}

static void
test_replaced(void **state UNUSED)
{
    char buf[64];
    assert_int_equal(file("/t/a") | file("/t/b"), 0);
    struct dentry *a = get("/t/a"), *b = get("/t/b");
    assert_int_equal(move("/t/a", "/t/b", 0), 0);
    assert_true(path_is(a, "/t/b"));
    assert_int_equal(dentry_path(b, ctx->root, buf, sizeof(buf)), -ENOENT);
    assert_int_equal(b->inode->nlink, 0);
    struct dentry *again = get("/t/b");
    assert_ptr_equal(again, a);
    dentry_put(again);
    dentry_put(a);
    dentry_put(b);
}

static void
test_removed_directory(void **state UNUSED)
{
    char buf[64];
    assert_int_equal(dir("/t/d"), 0);
    fs_context_set_cwd(ctx, get("/t/d"));
    assert_int_equal(find("none"), -ENOENT);
    assert_int_equal(take_away("/t/d", true), 0);
    assert_int_equal(dentry_path(ctx->cwd, ctx->root, buf, 64), -ENOENT);
    assert_int_equal(find("none"), -ENOENT);
    assert_int_equal(file("new"), -ENOENT);
    assert_int_equal(find(".."), 0);
    fs_context_set_cwd(ctx, get("/"));
}

static void
test_unmount(void **state UNUSED)
{
    assert_int_equal(dir("/t/d") | dir("/t/d/e") | file("/t/d/e/f"), 0);
    assert_int_equal(find("/t/d/e/f") | find("/t/d"), 0);
    struct dentry *e = get("/t/d/e");
    mount_lock();
    assert_int_equal(mount_remove(get("/t")), -EBUSY);
    assert_int_equal(mount_remove(get("/t/d")), -EINVAL);
    assert_int_equal(mount_remove(get("/")), -EBUSY);
    mount_unlock();
    assert_true(path_is(e, "/t/d/e"));
    dentry_put(e);
}

/* However deep the tree is: it must not be the stack that frees it. */
static void
test_unmount_deep(void **state UNUSED)
{
    struct dentry *root = get("/t");
    for (int i = 0; i < 25; i++) {
        assert_int_equal(dir("d"), 0);
        fs_context_set_cwd(ctx, get("d"));
    }
    assert_int_equal(file("f"), 0);
    assert_int_equal(dir("d"), 0);
    fs_context_set_cwd(ctx, root);
}

static void
test_rights(void **state UNUSED)
{
    assert_int_equal(dir("/t/root") | dir("/t/all") | file("/t/root/f"), 0);
    assert_int_equal(chmod("/t/all", 0777), 0);
    be(5);
    assert_int_equal(file("/t/root/g"), -EACCES);
    assert_int_equal(file("/t/root/f"), -EEXIST);
    assert_int_equal(take_away("/t/root/f", false), -EACCES);
    assert_int_equal(move("/t/root/f", "/t/all/f", 0), -EACCES);
    assert_int_equal(file("/t/all/g"), 0);
    assert_int_equal(move("/t/all/g", "/t/root/g", 0), -EACCES);
    assert_int_equal(move("/t/all/g", "/t/all/h", 0), 0);
    be(6);
    assert_int_equal(take_away("/t/all/h", false), 0);
    be(0);
    assert_int_equal(dir("/t/all/d"), 0);
    be(5);
    assert_int_equal(dir("/t/all/mine"), 0);
    /* Its .. would be another. */
    assert_int_equal(move("/t/all/d", "/t/all/mine/d", 0), -EACCES);
    assert_int_equal(move("/t/all/d", "/t/all/e", 0), 0);
}

static void
test_sticky(void **state UNUSED)
{
    assert_int_equal(dir("/t/d"), 0);
    assert_int_equal(chmod("/t/d", 01777), 0);
    be(5);
    assert_int_equal(file("/t/d/f") | file("/t/d/g"), 0);
    be(6);
    assert_int_equal(file("/t/d/h"), 0);
    assert_int_equal(take_away("/t/d/f", false), -EPERM);
    assert_int_equal(move("/t/d/f", "/t/d/x", 0), -EPERM);
    assert_int_equal(move("/t/d/h", "/t/d/f", 0), -EPERM);
    assert_int_equal(take_away("/t/d/h", false), 0);
    be(5);
    assert_int_equal(take_away("/t/d/f", false), 0);
    be(0);
    assert_int_equal(chown("/t/d", 7, 7), 0);
    be(7);
    assert_int_equal(take_away("/t/d/g", false), 0);
}

static void
test_owners(void **state UNUSED)
{
    struct inode_attributes times = {.mask = SET_ATIME | SET_MTIME};
    assert_int_equal(chmod("/t", 0777), 0);
    be(5);
    assert_int_equal(file("/t/f"), 0);
    assert_int_equal(chmod("/t/f", 0600), 0);
    assert_int_equal(chown("/t/f", 5, 5), 0);
    assert_int_equal(chown("/t/f", 6, UINT32_MAX), -EPERM);
    assert_int_equal(chown("/t/f", UINT32_MAX, 6), -EPERM);
    assert_int_equal(set("/t/f", times, false), 0);
    be(6);
    assert_int_equal(chmod("/t/f", 0666), -EPERM);
    assert_int_equal(chown("/t/f", 6, 6), -EPERM);
    assert_int_equal(set("/t/f", times, false), -EPERM);
    assert_int_equal(set("/t/f", times, true), -EACCES);
    be(5);
    assert_int_equal(chmod("/t/f", 0666), 0);
    be(6);
    assert_int_equal(set("/t/f", times, true), 0);
    assert_int_equal(set("/t/f", times, false), -EPERM);
}

static void
test_set_id(void **state UNUSED)
{
    assert_int_equal(file("/t/f") | dir("/t/d"), 0);
    assert_int_equal(chmod("/t/f", 06755) | chmod("/t/d", 06755), 0);
    assert_int_equal(chown("/t/f", 1, 1) | chown("/t/d", 1, 1), 0);
    assert_int_equal(mode_of("/t/f"), 0755);
    assert_int_equal(mode_of("/t/d"), 06755);
    assert_int_equal(file("/t/d/f") | dir("/t/d/e"), 0);
    assert_int_equal(mode_of("/t/d/e"), 02755);
    struct dentry *d = get("/t/d/f");
    assert_int_equal(d->inode->gid, 1);
    assert_int_equal(d->inode->uid, 0);
    dentry_put(d);
}

static void
test_read_only(void **state UNUSED)
{
    assert_int_equal(file("/t/f") | dir("/t/d"), 0);
    assert_int_equal(file("/x"), -EROFS);
    struct dentry *d = get("/t");
    d->super->read_only = true;
    assert_int_equal(file("/t/f"), -EEXIST);
    assert_int_equal(file("/t/g"), -EROFS);
    assert_int_equal(take_away("/t/f", false), -EROFS);
    assert_int_equal(take_away("/t/d", true), -EROFS);
    assert_int_equal(move("/t/f", "/t/g", 0), -EROFS);
    assert_int_equal(chmod("/t/f", 0), -EROFS);
    d->super->read_only = false;
    dentry_put(d);
}

static void
test_space(void **state UNUSED)
{
    int n = 0;
    char path[32];
    assert_int_equal(file("/t/f"), 0);
    assert_int_equal(write_to("/t/f", 10 * 4096), 10 * 4096);
    assert_int_equal(write_to("/t/f", 100 * 4096), (FRAMES / 2 - 1) * 4096);
    assert_int_equal(file("/t/g"), -ENOSPC);
    assert_int_equal(move("/t/f", "/t/g", 0), -ENOSPC);
    assert_int_equal(take_away("/t/f", false), 0);
    do {
        snprintf(path, sizeof(path), "/t/%d", n++);
    } while (file(path) == 0);
    assert_int_equal(n, FRAMES / 2 + 1);
    assert_int_equal(write_to("/t/0", 1), -ENOSPC);
    assert_int_equal(take_away("/t/1", false), 0);
    assert_int_equal(write_to("/t/0", 1), 1);
}

static void
test_size(void **state UNUSED)
{
    assert_int_equal(file("/t/f"), 0);
    struct dentry *f = get("/t/f");
    assert_int_equal(write_to("/t/f", 3 * 4096 + 5), 3 * 4096 + 5);
    assert_int_equal(f->inode->blocks, 4 * 8);
    assert_int_equal(attributes_set_size(f->inode, 4097), 0);
    assert_int_equal(f->inode->blocks, 2 * 8);
    assert_int_equal(attributes_set_size(f->inode, INT64_MAX), -EFBIG);
    assert_int_equal(f->inode->size, 4097);
    assert_int_equal(attributes_set_size(f->inode, 1ull << 40), 0);
    assert_int_equal(f->inode->blocks, 2 * 8);
    dentry_put(f);
    struct dentry *root = get("/t");
    assert_int_equal(attributes_set_size(root->inode, 0), -EISDIR);
    dentry_put(root);
}

/* Collects names, and takes each third away after it has been read. */
struct collector {
    struct dir_sink sink;
    unsigned left, found;
    char last[16];
};

static bool
collect(struct dir_sink *sink, const char *name, size_t len,
        uint64_t ino UNUSED, unsigned mode UNUSED, uint64_t next UNUSED)
{
    struct collector *c = (struct collector *)sink;
    if (c->left == 0)
        return false;
    c->left--;
    c->found++;
    memcpy(c->last, name, len);
    c->last[len] = '\0';
    return true;
}

static void
test_readdir(void **state UNUSED)
{
    struct collector c = {.sink.entry = collect};
    struct dentry *root = get("/t");
    char path[32];
    uint64_t pos = 2;
    for (int i = 0; i < 20; i++) {
        snprintf(path, sizeof(path), "/t/%d", i);
        assert_int_equal(file(path), 0);
    }
    for (unsigned i = 0, before = c.found; i == 0 || c.found > before; i++) {
        before = c.found;
        c.left = 1;
        assert_int_equal(root->inode->ops->readdir(root->inode, &pos, &c.sink),
                         0);
        snprintf(path, sizeof(path), "/t/%s", c.last);
        if (i < 20 && i % 3 == 0)
            assert_int_equal(take_away(path, false), 0);
    }
    assert_int_equal(c.found, 20);
    dentry_put(root);
}

/* Runs an operation with the n-th allocation failing, for each n, until it
 * succeeds. Failing, it must leave everything as it was. */
static void
test_no_memory(void **state UNUSED)
{
    int err = -ENOMEM;
    assert_int_equal(dir("/t/d") | file("/t/f"), 0);
    for (unsigned n = 1; err; n++) {
        fail_alloc = n;
        err = dir("/t/d/e");
        fail_alloc = 0;
        assert_true(err == 0 || err == -ENOMEM);
        assert_int_equal(find("/t/d/e"), err ? -ENOENT : 0);
    }
    err = -ENOMEM;
    for (unsigned n = 1; err; n++) {
        fail_alloc = n;
        err = move("/t/f", "/t/d/e/f", 0);
        fail_alloc = 0;
        assert_true(err == 0 || err == -ENOMEM);
        assert_int_equal(find("/t/d/e/f"), err ? -ENOENT : 0);
        assert_int_equal(find("/t/f"), err ? 0 : -ENOENT);
    }
}

/* ---- Around each test ---- */

static int
set_up(void **state UNUSED)
{
    struct super *tmpfs;
    be(0);
    struct dentry *at = get("/t");
    mount_lock();
    int err = tmpfs_open(&tmpfs);
    if (!err)
        err = mount_add(at, tmpfs);
    mount_unlock();
    dentry_put(at);
    if (!err)
        err = chmod("/t", 0755);
    fs_context_set_cwd(ctx, get("/t"));
    return err;
}

static int
tear_down(void **state UNUSED)
{
    be(0);
    fs_context_set_cwd(ctx, get("/"));
    mount_lock();
    int err = mount_remove(get("/t"));
    mount_unlock();
    return err;
}

static int
start(void **state UNUSED)
{
    shim_super_init(&disk_super, disk, ARRAY_LEN(disk));
    bcache_init(64);
    inode_init_cache();
    dentry_init_cache(64);
    file_init_cache();
    mount_lock();
    int err = mount_add(NULL, &disk_super);
    mount_unlock();
    ctx = fs_context_create(mount_get_root());
    return err;
}

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_table_follows), TEST(test_dentries_move),
        TEST(test_replaced),      TEST(test_removed_directory),
        TEST(test_unmount),       TEST(test_unmount_deep),
        TEST(test_rights),        TEST(test_sticky),
        TEST(test_owners),        TEST(test_set_id),
        TEST(test_read_only),     TEST(test_space),
        TEST(test_size),          TEST(test_readdir),
        TEST(test_no_memory),
    };
    return cmocka_run_group_tests_name("names", tests, start, NULL);
}
