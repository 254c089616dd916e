/* Who may change names and attributes, and what becomes of those. */
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

static void
test_rights(void **state UNUSED)
{
    assert_int_equal(
        rig_dir("/t/root") | rig_dir("/t/all") | rig_file("/t/root/f"), 0);
    assert_int_equal(rig_chmod("/t/all", 0777), 0);
    rig_be(5);
    assert_int_equal(rig_file("/t/root/g"), -EACCES);
    assert_int_equal(rig_file("/t/root/f"), -EEXIST);
    assert_int_equal(rig_take_away("/t/root/f", false), -EACCES);
    assert_int_equal(rig_move("/t/root/f", "/t/all/f", 0), -EACCES);
    assert_int_equal(rig_file("/t/all/g"), 0);
    assert_int_equal(rig_move("/t/all/g", "/t/root/g", 0), -EACCES);
    assert_int_equal(rig_move("/t/all/g", "/t/all/h", 0), 0);
    rig_be(6);
    assert_int_equal(rig_take_away("/t/all/h", false), 0);
    rig_be(0);
    assert_int_equal(rig_dir("/t/all/d"), 0);
    rig_be(5);
    assert_int_equal(rig_dir("/t/all/mine"), 0);
    /* Its .. would be another. */
    assert_int_equal(rig_move("/t/all/d", "/t/all/mine/d", 0), -EACCES);
    assert_int_equal(rig_move("/t/all/d", "/t/all/e", 0), 0);
}

static void
test_sticky(void **state UNUSED)
{
    assert_int_equal(rig_dir("/t/d"), 0);
    assert_int_equal(rig_chmod("/t/d", 01777), 0);
    rig_be(5);
    assert_int_equal(rig_file("/t/d/f") | rig_file("/t/d/g"), 0);
    rig_be(6);
    assert_int_equal(rig_file("/t/d/h"), 0);
    assert_int_equal(rig_take_away("/t/d/f", false), -EPERM);
    assert_int_equal(rig_move("/t/d/f", "/t/d/x", 0), -EPERM);
    assert_int_equal(rig_move("/t/d/h", "/t/d/f", 0), -EPERM);
    assert_int_equal(rig_take_away("/t/d/h", false), 0);
    rig_be(5);
    assert_int_equal(rig_take_away("/t/d/f", false), 0);
    rig_be(0);
    assert_int_equal(rig_chown("/t/d", 7, 7), 0);
    rig_be(7);
    assert_int_equal(rig_take_away("/t/d/g", false), 0);
}

static void
test_owners(void **state UNUSED)
{
    struct inode_attributes times = {.mask = SET_ATIME | SET_MTIME};
    assert_int_equal(rig_chmod("/t", 0777), 0);
    rig_be(5);
    assert_int_equal(rig_file("/t/f"), 0);
    assert_int_equal(rig_chmod("/t/f", 0600), 0);
    assert_int_equal(rig_chown("/t/f", 5, 5), 0);
    assert_int_equal(rig_chown("/t/f", 6, UINT32_MAX), -EPERM);
    assert_int_equal(rig_chown("/t/f", UINT32_MAX, 6), -EPERM);
    assert_int_equal(rig_set("/t/f", times, false), 0);
    rig_be(6);
    assert_int_equal(rig_chmod("/t/f", 0666), -EPERM);
    assert_int_equal(rig_chown("/t/f", 6, 6), -EPERM);
    assert_int_equal(rig_set("/t/f", times, false), -EPERM);
    assert_int_equal(rig_set("/t/f", times, true), -EACCES);
    rig_be(5);
    assert_int_equal(rig_chmod("/t/f", 0666), 0);
    rig_be(6);
    assert_int_equal(rig_set("/t/f", times, true), 0);
    assert_int_equal(rig_set("/t/f", times, false), -EPERM);
}

static void
test_set_id(void **state UNUSED)
{
    assert_int_equal(rig_file("/t/f") | rig_dir("/t/d"), 0);
    assert_int_equal(rig_chmod("/t/f", 06755) | rig_chmod("/t/d", 06755), 0);
    assert_int_equal(rig_chown("/t/f", 1, 1) | rig_chown("/t/d", 1, 1), 0);
    assert_int_equal(rig_mode_of("/t/f"), 0755);
    assert_int_equal(rig_mode_of("/t/d"), 06755);
    assert_int_equal(rig_file("/t/d/f") | rig_dir("/t/d/e"), 0);
    assert_int_equal(rig_mode_of("/t/d/e"), 02755);
    struct dentry *d = rig_get("/t/d/f");
    assert_int_equal(d->inode->gid, 1);
    assert_int_equal(d->inode->uid, 0);
    dentry_put(d);
}

static void
test_read_only(void **state UNUSED)
{
    assert_int_equal(rig_file("/t/f") | rig_dir("/t/d"), 0);
    assert_int_equal(rig_file("/x"), -EROFS);
    struct dentry *d = rig_get("/t");
    d->super->read_only = true;
    assert_int_equal(rig_file("/t/f"), -EEXIST);
    assert_int_equal(rig_file("/t/g"), -EROFS);
    assert_int_equal(rig_take_away("/t/f", false), -EROFS);
    assert_int_equal(rig_take_away("/t/d", true), -EROFS);
    assert_int_equal(rig_move("/t/f", "/t/g", 0), -EROFS);
    assert_int_equal(rig_chmod("/t/f", 0), -EROFS);
    d->super->read_only = false;
    dentry_put(d);
}

static void
test_size(void **state UNUSED)
{
    assert_int_equal(rig_file("/t/f"), 0);
    struct dentry *f = rig_get("/t/f");
    assert_int_equal(rig_write_to("/t/f", 3 * 4096 + 5), 3 * 4096 + 5);
    assert_int_equal(f->inode->blocks, 4 * 8);
    assert_int_equal(attributes_set_size(f->inode, 4097), 0);
    assert_int_equal(f->inode->blocks, 2 * 8);
    assert_int_equal(attributes_set_size(f->inode, INT64_MAX), -EFBIG);
    assert_int_equal(f->inode->size, 4097);
    assert_int_equal(attributes_set_size(f->inode, 1ull << 40), 0);
    assert_int_equal(f->inode->blocks, 2 * 8);
    dentry_put(f);
    struct dentry *root = rig_get("/t");
    assert_int_equal(attributes_set_size(root->inode, 0), -EISDIR);
    dentry_put(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_rights), RIG_TEST(test_sticky),    RIG_TEST(test_owners),
        RIG_TEST(test_set_id), RIG_TEST(test_read_only), RIG_TEST(test_size),
    };
    return cmocka_run_group_tests_name("rights", tests, rig_start, NULL);
}
