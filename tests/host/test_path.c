/* Path resolution over two small file systems, one mounted in the other. */
// SOURCES: kernel/fs/path.c kernel/fs/dentry.c kernel/fs/context.c
// SOURCES: kernel/fs/inode.c kernel/fs/mount.c kernel/mm/uio.c
// SOURCES: mkfs/host_kernel.c tests/host/fs_shim.c
// LIBS: -Wl,--wrap=cred_current
#include "fs_shim.h"

#include "abi/errno.h"
#include "abi/limits.h"
#include "fs/mount.h"
#include "fs/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DIR (S_IFDIR | 0755)
#define REG (S_IFREG | 0644)
#define LNK (S_IFLNK | 0777)

static char name_255[256], name_256[257];

/* Inode numbers are positions in the table, from 1 on. */
static const struct shim_node disk[] = {
    {1, "", DIR, NULL, 0},                  /* 1 */
    {1, "dir", DIR, NULL, 0},               /* 2 */
    {1, "file", REG, "content", 0},         /* 3 */
    {2, "sub", DIR, NULL, 0},               /* 4 */
    {4, "leaf", REG, "leaf", 0},            /* 5 */
    {1, "mnt", DIR, NULL, 0},               /* 6 */
    {6, "hidden", REG, "", 0},              /* 7 */
    {1, "to_dir", LNK, "dir", 0},           /* 8 */
    {1, "to_file", LNK, "/file", 0},        /* 9 */
    {2, "up", LNK, "../dir/sub/../sub", 0}, /* 10 */
    {1, "loop_a", LNK, "loop_b", 0},        /* 11 */
    {1, "loop_b", LNK, "loop_a", 0},        /* 12 */
    {1, "dangling", LNK, "nowhere", 0},     /* 13 */
    {1, "empty_link", LNK, "", 0},          /* 14 */
    {1, "to_slash", LNK, "dir/", 0},        /* 15 */
    {1, "file_slash", LNK, "file/", 0},     /* 16 */
    {1, name_255, REG, "", 0},              /* 17 */
    {1, "secret", S_IFDIR | 0700, NULL, 7}, /* 18 */
    {18, "inside", REG, "", 0},             /* 19 */
    {1, "to_mnt", LNK, "mnt/deep", 0},      /* 20 */
};

static const struct shim_node other[] = {
    {1, "", DIR, NULL, 0},          /* 1 */
    {1, "deep", DIR, NULL, 0},      /* 2 */
    {2, "below", REG, "below", 0},  /* 3 */
    {1, "abs", LNK, "/dir/sub", 0}, /* 4 */
    {1, "rel", LNK, "../file", 0},  /* 5 */
};

static struct super disk_super, other_super;
static struct fs_context *ctx;
static struct cred user;

const struct cred *__wrap_cred_current(void);

const struct cred *
__wrap_cred_current(void)
{
    return &user;
}

/* Resolves path and tells what it found: the super's dev * 1000 + ino, or an
 * error. */
static int
found_from(struct dentry *base, const char *path, unsigned flags)
{
    struct dentry *d;
    int err = path_lookup(ctx, base, path, flags, &d);
    if (err)
        return err;
    int result = (int)(d->super->dev * 1000 + d->inode->ino);
    dentry_put(d);
    return result;
}

static int
found(const char *path, unsigned flags)
{
    return found_from(NULL, path, flags);
}

#define ON_DISK(ino)  ((int)disk_super.dev * 1000 + (ino))
#define ON_OTHER(ino) ((int)other_super.dev * 1000 + (ino))

static void
test_plain(void **state UNUSED)
{
    assert_int_equal(found("/", 0), ON_DISK(1));
    assert_int_equal(found("////", 0), ON_DISK(1));
    assert_int_equal(found("/file", 0), ON_DISK(3));
    assert_int_equal(found("file", 0), ON_DISK(3));
    assert_int_equal(found("//dir///sub//leaf", 0), ON_DISK(5));
    assert_int_equal(found("", 0), -ENOENT);
    assert_int_equal(found("/none", 0), -ENOENT);
    assert_int_equal(found("/none/x", 0), -ENOENT);
    assert_int_equal(found("/fil", 0), -ENOENT);
    assert_int_equal(found("/filee", 0), -ENOENT);
}

static void
test_dots(void **state UNUSED)
{
    assert_int_equal(found(".", 0), ON_DISK(1));
    assert_int_equal(found("..", 0), ON_DISK(1));
    assert_int_equal(found("/../../..", 0), ON_DISK(1));
    assert_int_equal(found("/dir/.", 0), ON_DISK(2));
    assert_int_equal(found("/dir/./sub/..", 0), ON_DISK(2));
    assert_int_equal(found("/dir/sub/../../file", 0), ON_DISK(3));
    assert_int_equal(found("/file/.", 0), -ENOTDIR);
    assert_int_equal(found("/file/..", 0), -ENOTDIR);
    assert_int_equal(found("/none/..", 0), -ENOENT);
    assert_int_equal(found("/dir/...", 0), -ENOENT);
}

static void
test_not_a_directory(void **state UNUSED)
{
    assert_int_equal(found("/file/", 0), -ENOTDIR);
    assert_int_equal(found("/file/x", 0), -ENOTDIR);
    assert_int_equal(found("/dir/", 0), ON_DISK(2));
    assert_int_equal(found("/dir//", PATH_DIRECTORY), ON_DISK(2));
    assert_int_equal(found("/file", PATH_DIRECTORY), -ENOTDIR);
    assert_int_equal(found("/none/", 0), -ENOENT);
}

static void
test_long_names(void **state UNUSED)
{
    assert_int_equal(found(name_255, 0), ON_DISK(17));
    assert_int_equal(found(name_256, 0), -ENAMETOOLONG);
    char path[300] = "/dir/";
    strcat(path, name_256);
    strcat(path, "/x");
    assert_int_equal(found(path, 0), -ENAMETOOLONG);
}

static void
test_links(void **state UNUSED)
{
    assert_int_equal(found("/to_dir", 0), ON_DISK(8));
    assert_int_equal(found("/to_dir", PATH_FOLLOW), ON_DISK(2));
    assert_int_equal(found("/to_dir/sub", 0), ON_DISK(4));
    assert_int_equal(found("/to_file", PATH_FOLLOW), ON_DISK(3));
    assert_int_equal(found("/dir/up", PATH_FOLLOW), ON_DISK(4));
    assert_int_equal(found("/dir/up/leaf", 0), ON_DISK(5));
    assert_int_equal(found("/dir/up/../sub/leaf", 0), ON_DISK(5));
    assert_int_equal(found("/dangling", 0), ON_DISK(13));
    assert_int_equal(found("/dangling", PATH_FOLLOW), -ENOENT);
    assert_int_equal(found("/empty_link", PATH_FOLLOW), -ENOENT);
    assert_int_equal(found("/to_file/x", 0), -ENOTDIR);
}

static void
test_links_and_slashes(void **state UNUSED)
{
    assert_int_equal(found("/to_dir/", 0), ON_DISK(2));
    assert_int_equal(found("/to_file/", 0), -ENOTDIR);
    assert_int_equal(found("/to_slash", PATH_FOLLOW), ON_DISK(2));
    assert_int_equal(found("/to_slash/sub", 0), ON_DISK(4));
    assert_int_equal(found("/file_slash", PATH_FOLLOW), -ENOTDIR);
    assert_int_equal(found("/file_slash", 0), ON_DISK(16));
}

static void
test_too_many_links(void **state UNUSED)
{
    assert_int_equal(found("/loop_a", 0), ON_DISK(11));
    assert_int_equal(found("/loop_a", PATH_FOLLOW), -ELOOP);
    assert_int_equal(found("/loop_a/x", 0), -ELOOP);

    char path[PATH_MAX] = "";
    for (int i = 0; i < PATH_LINKS_MAX; i++)
        strcat(path, "/to_dir/..");
    assert_int_equal(found(path, 0), ON_DISK(1));
    strcat(path, "/to_dir");
    assert_int_equal(found(path, 0), ON_DISK(8));
    assert_int_equal(found(path, PATH_FOLLOW), -ELOOP);
}

static void
test_mounts(void **state UNUSED)
{
    assert_int_equal(found("/mnt", 0), ON_OTHER(1));
    assert_int_equal(found("/mnt/hidden", 0), -ENOENT);
    assert_int_equal(found("/mnt/deep/below", 0), ON_OTHER(3));
    assert_int_equal(found("/mnt/..", 0), ON_DISK(1));
    assert_int_equal(found("/mnt/../file", 0), ON_DISK(3));
    assert_int_equal(found("/mnt/deep/../../mnt/deep", 0), ON_OTHER(2));
    assert_int_equal(found("/to_mnt/below", 0), ON_OTHER(3));
    assert_int_equal(found("/to_mnt/../../file", 0), ON_DISK(3));
    assert_int_equal(found("/mnt/abs/leaf", 0), ON_DISK(5));
    assert_int_equal(found("/mnt/rel", PATH_FOLLOW), ON_DISK(3));
}

static void
test_mount_table(void **state UNUSED)
{
    struct super more;
    shim_super_init(&more, other, ARRAY_LEN(other));
    assert_ptr_equal(mount_next(NULL), &disk_super);
    assert_ptr_equal(mount_next(&disk_super), &other_super);
    assert_null(mount_next(&other_super));

    assert_int_equal(mount_add(NULL, &more), -EBUSY);
    assert_int_equal(mount_add(other_super.root, &more), -EBUSY);
    struct dentry *file, *dir;
    assert_int_equal(path_lookup(ctx, NULL, "/file", 0, &file), 0);
    assert_int_equal(mount_add(file, &more), -ENOTDIR);
    dentry_put(file);
    assert_int_equal(path_lookup(ctx, NULL, "/dir", 0, &dir), 0);
    assert_int_equal(mount_add(dir, &other_super), -EBUSY);
    dentry_put(dir);
}

static void
test_working_directory(void **state UNUSED)
{
    struct dentry *sub, *deep;
    assert_int_equal(path_lookup(ctx, NULL, "/dir/sub", 0, &sub), 0);
    assert_int_equal(found_from(sub, "leaf", 0), ON_DISK(5));
    assert_int_equal(found_from(sub, "../../file", 0), ON_DISK(3));
    assert_int_equal(found_from(sub, "/file", 0), ON_DISK(3));

    assert_int_equal(path_lookup(ctx, NULL, "/mnt/deep", 0, &deep), 0);
    struct fs_context *child = fs_context_clone(ctx);
    fs_context_set_cwd(ctx, deep);
    assert_int_equal(found("below", 0), ON_OTHER(3));
    assert_int_equal(found("../../dir", 0), ON_DISK(2));
    fs_context_put(ctx);
    ctx = child;
    assert_int_equal(found("below", 0), -ENOENT);
    dentry_put(sub);
}

static void
check_path(const char *path, const char *expected)
{
    char buf[PATH_MAX];
    struct dentry *d;
    assert_int_equal(path_lookup(ctx, NULL, path, PATH_FOLLOW, &d), 0);
    int start = dentry_path(d, ctx->root, buf, sizeof(buf));
    assert_true(start >= 0);
    assert_string_equal(buf + start, expected);

    size_t len = strlen(expected);
    start = dentry_path(d, ctx->root, buf, len + 1);
    assert_int_equal(start, 0);
    assert_int_equal(dentry_path(d, ctx->root, buf, len), -ENAMETOOLONG);
    dentry_put(d);
}

static void
test_way_back(void **state UNUSED)
{
    check_path("/", "/");
    check_path("/dir/../dir/sub", "/dir/sub");
    check_path("/mnt", "/mnt");
    check_path("/mnt/deep/below", "/mnt/deep/below");
    check_path("/to_mnt", "/mnt/deep");
}

static void
check_parent(const char *path, unsigned flags, uint64_t ino, const char *name,
             bool slash)
{
    struct path_name last;
    assert_int_equal(path_lookup_parent(ctx, NULL, path, flags, &last), 0);
    assert_int_equal(last.kind, LAST_NAME);
    assert_int_equal(last.dir->inode->ino, ino);
    assert_int_equal(last.len, strlen(name));
    assert_memory_equal(last.name, name, last.len);
    assert_int_equal(last.slash, slash);
    dentry_put(last.dir);
}

/* What kind of last component a path has, or an error. */
static int
kind_of(const char *path, unsigned flags)
{
    struct path_name last;
    int err = path_lookup_parent(ctx, NULL, path, flags, &last);
    if (err)
        return err;
    dentry_put(last.dir);
    return (int)last.kind;
}

static void
test_parent(void **state UNUSED)
{
    check_parent("/dir/new", 0, 2, "new", false);
    check_parent("to_dir/x//", 0, 2, "x", true);
    check_parent("dir/sub", PATH_FOLLOW, 2, "sub", false);
    check_parent("to_dir", 0, 1, "to_dir", false);
    check_parent("to_dir", PATH_FOLLOW, 1, "dir", false);
    check_parent("dir/up", PATH_FOLLOW, 2, "sub", false);
    check_parent("dangling", PATH_FOLLOW, 1, "nowhere", false);
    check_parent("to_slash", PATH_FOLLOW, 1, "dir", true);
    check_parent("to_slash/", PATH_FOLLOW, 1, "to_slash", true);

    assert_int_equal(kind_of("/", 0), LAST_ROOT);
    assert_int_equal(kind_of("///", PATH_FOLLOW), LAST_ROOT);
    assert_int_equal(kind_of("/dir/.", 0), LAST_DOT);
    assert_int_equal(kind_of("..", 0), LAST_DOT_DOT);
    assert_int_equal(kind_of("/dir/...", 0), LAST_NAME);
    assert_int_equal(kind_of("/no/x", 0), -ENOENT);
    assert_int_equal(kind_of("/file/x", 0), -ENOTDIR);
    assert_int_equal(kind_of("/loop_a", PATH_FOLLOW), -ELOOP);
    assert_int_equal(kind_of("/empty_link", PATH_FOLLOW), -ENOENT);
    assert_int_equal(kind_of(name_256, 0), -ENAMETOOLONG);
    user = (struct cred){.uid.fs = 8, .gid.fs = 8};
    assert_int_equal(kind_of("/secret/x", 0), -EACCES);
}

static void
test_permission(void **state UNUSED)
{
    assert_int_equal(found("/secret/inside", 0), ON_DISK(19));
    user = (struct cred){.uid.fs = 8, .gid.fs = 8};
    assert_int_equal(found("/secret", 0), ON_DISK(18));
    assert_int_equal(found("/secret/inside", 0), -EACCES);
    assert_int_equal(found("/secret/.", 0), -EACCES);
    assert_int_equal(found("/secret/..", 0), -EACCES);
    user = (struct cred){.uid.fs = 7, .gid.fs = 8};
    assert_int_equal(found("/secret/inside", 0), ON_DISK(19));
}

static void
test_cache(void **state UNUSED)
{
    assert_int_equal(found("/dir/sub/leaf", 0), ON_DISK(5));
    assert_int_equal(found("/dir/none", 0), -ENOENT);
    unsigned lookups = shim_lookups;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(found("/dir/sub/leaf", 0), ON_DISK(5));
        assert_int_equal(found("/dir/none", 0), -ENOENT);
    }
    assert_int_equal(shim_lookups, lookups);

    disk_super.volatile_names = true;
    assert_int_equal(found("/dir/sub/leaf", 0), ON_DISK(5));
    assert_int_equal(shim_lookups, lookups + 3);
    disk_super.volatile_names = false;
}

static void
test_cache_throws_out(void **state UNUSED)
{
    char path[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(path, sizeof(path), "/none-%d", i);
        assert_int_equal(found(path, 0), -ENOENT);
    }
    unsigned lookups = shim_lookups;
    assert_int_equal(found("/none-0", 0), -ENOENT);
    assert_int_equal(shim_lookups, lookups + 1);
    assert_int_equal(found("/none-999", 0), -ENOENT);
    assert_int_equal(shim_lookups, lookups + 1);
    assert_int_equal(found("/mnt/deep/below", 0), ON_OTHER(3));
}

static void
test_errors_are_not_kept(void **state UNUSED)
{
    shim_lookup_error = -EIO;
    assert_int_equal(found("/dir/fresh", 0), -EIO);
    shim_lookup_error = -EUCLEAN;
    assert_int_equal(found("/dir/fresh", 0), -EUCLEAN);
    shim_lookup_error = 0;
    assert_int_equal(found("/dir/fresh", 0), -ENOENT);
}

static int
set_up(void **state UNUSED)
{
    memset(name_255, 'n', 255);
    memset(name_256, 'n', 256);
    shim_super_init(&disk_super, disk, ARRAY_LEN(disk));
    shim_super_init(&other_super, other, ARRAY_LEN(other));
    inode_init_cache();
    dentry_init_cache(64);
    if (mount_add(NULL, &disk_super) != 0)
        return -1;
    ctx = fs_context_create(mount_get_root());
    struct dentry *mnt;
    if (path_lookup(ctx, NULL, "/mnt", 0, &mnt) != 0 ||
        mount_add(mnt, &other_super) != 0)
        return -1;
    dentry_put(mnt);
    return 0;
}

static int
be_root(void **state UNUSED)
{
    user = (struct cred){.uid.fs = 0, .gid.fs = 0};
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_plain, be_root),
        cmocka_unit_test_setup(test_dots, be_root),
        cmocka_unit_test_setup(test_not_a_directory, be_root),
        cmocka_unit_test_setup(test_long_names, be_root),
        cmocka_unit_test_setup(test_links, be_root),
        cmocka_unit_test_setup(test_links_and_slashes, be_root),
        cmocka_unit_test_setup(test_too_many_links, be_root),
        cmocka_unit_test_setup(test_mounts, be_root),
        cmocka_unit_test_setup(test_mount_table, be_root),
        cmocka_unit_test_setup(test_working_directory, be_root),
        cmocka_unit_test_setup(test_way_back, be_root),
        cmocka_unit_test_setup(test_parent, be_root),
        cmocka_unit_test_setup(test_permission, be_root),
        cmocka_unit_test_setup(test_cache, be_root),
        cmocka_unit_test_setup(test_cache_throws_out, be_root),
        cmocka_unit_test_setup(test_errors_are_not_kept, be_root),
    };
    return cmocka_run_group_tests_name("path", tests, set_up, NULL);
}
