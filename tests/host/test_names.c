/* Changes to names over tmpfs: what the table of names says afterwards, what
 * happens without space or memory. */
// SOURCES: tests/host/names_rig.c kernel/fs/names.c kernel/fs/attributes.c
// SOURCES: kernel/fs/tmpfs.c kernel/fs/path.c kernel/fs/dentry.c
// SOURCES: kernel/fs/context.c kernel/fs/inode.c kernel/fs/mount.c
// SOURCES: kernel/fs/file.c kernel/mm/uio.c
// SOURCES: mkfs/host_kernel.c tests/host/fs_shim.c kernel/fs/pagecache.c
// SOURCES: kernel/fs/pagedirty.c kernel/fs/buf.c kernel/fs/readahead.c
// SOURCES: kernel/dev/blockdev.c
// LIBS: -Wl,--wrap=cred_current -Wl,--wrap=kmalloc
// LIBS: -Wl,--wrap=kzalloc -Wl,--wrap=slab_alloc
#include "names_rig.h"

#include "fs/mount.h"

#include <stdio.h>
#include <string.h>

static void
test_table_follows(void **state UNUSED)
{
    assert_int_equal(rig_find("/t/a"), -ENOENT);
    assert_int_equal(rig_dir("/t/a"), 0);
    assert_int_equal(rig_find("/t/a"), 0);
    assert_int_equal(rig_file("/t/a/f"), 0);
    assert_int_equal(rig_find("/t/a/f"), 0);
    assert_int_equal(rig_take_away("/t/a/f", false), 0);
    assert_int_equal(rig_find("/t/a/f"), -ENOENT);
    assert_int_equal(rig_file("/t/a/f"), 0);
    assert_int_equal(rig_move("/t/a", "/t/b", 0), 0);
    assert_int_equal(rig_find("/t/a"), -ENOENT);
    assert_int_equal(rig_find("/t/a/f"), -ENOENT);
    assert_int_equal(rig_find("/t/b/f"), 0);
    assert_int_equal(rig_dir("/t/a"), 0);
    assert_int_equal(rig_find("/t/a/f"), -ENOENT);
}

static void
test_dentries_move(void **state UNUSED)
{
    assert_int_equal(rig_dir("/t/a") | rig_dir("/t/a/b") | rig_dir("/t/x"), 0);
    assert_int_equal(rig_file("/t/a/b/f"), 0);
    struct dentry *f = rig_get("/t/a/b/f"), *x = rig_get("/t/x");
    assert_true(rig_path_is(f, "/t/a/b/f"));
    assert_int_equal(rig_move("/t/a", "/t/x/a_longer_name", 0), 0);
    assert_true(rig_path_is(f, "/t/x/a_longer_name/b/f"));
    assert_int_equal(rig_move("/t/x/a_longer_name/b", "/t/b", 0), 0);
    assert_true(rig_path_is(f, "/t/b/f"));
    assert_int_equal(rig_move("/t/b", "/t/x", RENAME_EXCHANGE), 0);
    assert_true(rig_path_is(f, "/t/x/f"));
    assert_true(rig_path_is(x, "/t/b"));
    assert_int_equal(rig_move("/t/x/f", "/t/b/f", 0), 0);
    assert_true(rig_path_is(f, "/t/b/f"));
    dentry_put(f);
    dentry_put(x);
}

static void
test_replaced(void **state UNUSED)
{
    char buf[64];
    assert_int_equal(rig_file("/t/a") | rig_file("/t/b"), 0);
    struct dentry *a = rig_get("/t/a"), *b = rig_get("/t/b");
    assert_int_equal(rig_move("/t/a", "/t/b", 0), 0);
    assert_true(rig_path_is(a, "/t/b"));
    assert_int_equal(dentry_path(b, rig_ctx->root, buf, sizeof(buf)), -ENOENT);
    assert_int_equal(b->inode->nlink, 0);
    struct dentry *again = rig_get("/t/b");
    assert_ptr_equal(again, a);
    dentry_put(again);
    dentry_put(a);
    dentry_put(b);
}

static void
test_removed_directory(void **state UNUSED)
{
    char buf[64];
    assert_int_equal(rig_dir("/t/d"), 0);
    fs_context_set_cwd(rig_ctx, rig_get("/t/d"));
    assert_int_equal(rig_find("none"), -ENOENT);
    assert_int_equal(rig_take_away("/t/d", true), 0);
    assert_int_equal(dentry_path(rig_ctx->cwd, rig_ctx->root, buf, 64),
                     -ENOENT);
    assert_int_equal(rig_find("none"), -ENOENT);
    assert_int_equal(rig_file("new"), -ENOENT);
    assert_int_equal(rig_find(".."), 0);
    fs_context_set_cwd(rig_ctx, rig_get("/"));
}

static void
test_unmount(void **state UNUSED)
{
    assert_int_equal(rig_dir("/t/d") | rig_dir("/t/d/e") | rig_file("/t/d/e/f"),
                     0);
    assert_int_equal(rig_find("/t/d/e/f") | rig_find("/t/d"), 0);
    struct dentry *e = rig_get("/t/d/e");
    sleeplock_lock(&mount_lock);
    assert_int_equal(mount_remove(rig_get("/t")), -EBUSY);
    assert_int_equal(mount_remove(rig_get("/t/d")), -EINVAL);
    assert_int_equal(mount_remove(rig_get("/")), -EBUSY);
    sleeplock_unlock(&mount_lock);
    assert_true(rig_path_is(e, "/t/d/e"));
    dentry_put(e);
}

/* However deep the tree is: it must not be the stack that frees it. */
static void
test_unmount_deep(void **state UNUSED)
{
    struct dentry *root = rig_get("/t");
    for (int i = 0; i < 25; i++) {
        assert_int_equal(rig_dir("d"), 0);
        fs_context_set_cwd(rig_ctx, rig_get("d"));
    }
    assert_int_equal(rig_file("f"), 0);
    assert_int_equal(rig_dir("d"), 0);
    fs_context_set_cwd(rig_ctx, root);
}

static void
test_space(void **state UNUSED)
{
    int n = 0;
    char path[32];
    assert_int_equal(rig_file("/t/f"), 0);
    assert_int_equal(rig_write_to("/t/f", 10 * 4096), 10 * 4096);
    assert_int_equal(rig_write_to("/t/f", 100 * 4096),
                     (RIG_FRAMES / 2 - 1) * 4096);
    assert_int_equal(rig_file("/t/g"), -ENOSPC);
    assert_int_equal(rig_move("/t/f", "/t/g", 0), -ENOSPC);
    assert_int_equal(rig_take_away("/t/f", false), 0);
    do {
        snprintf(path, sizeof(path), "/t/%d", n++);
    } while (rig_file(path) == 0);
    assert_int_equal(n, RIG_FRAMES / 2 + 1);
    assert_int_equal(rig_write_to("/t/0", 1), -ENOSPC);
    assert_int_equal(rig_take_away("/t/1", false), 0);
    assert_int_equal(rig_write_to("/t/0", 1), 1);
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
    struct dentry *root = rig_get("/t");
    char path[32];
    uint64_t pos = 2;
    for (int i = 0; i < 20; i++) {
        snprintf(path, sizeof(path), "/t/%d", i);
        assert_int_equal(rig_file(path), 0);
    }
    for (unsigned i = 0, before = c.found; i == 0 || c.found > before; i++) {
        before = c.found;
        c.left = 1;
        assert_int_equal(root->inode->ops->readdir(root->inode, &pos, &c.sink),
                         0);
        snprintf(path, sizeof(path), "/t/%s", c.last);
        if (i < 20 && i % 3 == 0)
            assert_int_equal(rig_take_away(path, false), 0);
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
    assert_int_equal(rig_dir("/t/d") | rig_file("/t/f"), 0);
    for (unsigned n = 1; err; n++) {
        rig_fail_alloc = n;
        err = rig_dir("/t/d/e");
        rig_fail_alloc = 0;
        assert_true(err == 0 || err == -ENOMEM);
        assert_int_equal(rig_find("/t/d/e"), err ? -ENOENT : 0);
    }
    err = -ENOMEM;
    for (unsigned n = 1; err; n++) {
        rig_fail_alloc = n;
        err = rig_move("/t/f", "/t/d/e/f", 0);
        rig_fail_alloc = 0;
        assert_true(err == 0 || err == -ENOMEM);
        assert_int_equal(rig_find("/t/d/e/f"), err ? -ENOENT : 0);
        assert_int_equal(rig_find("/t/f"), err ? 0 : -ENOENT);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_table_follows), RIG_TEST(test_dentries_move),
        RIG_TEST(test_replaced),      RIG_TEST(test_removed_directory),
        RIG_TEST(test_unmount),       RIG_TEST(test_unmount_deep),
        RIG_TEST(test_space),         RIG_TEST(test_readdir),
        RIG_TEST(test_no_memory),
    };
    return cmocka_run_group_tests_name("names", tests, rig_start, NULL);
}
