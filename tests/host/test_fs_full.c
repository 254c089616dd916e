/* A disk that is filled and emptied a hundred times: what is free comes back,
 * block for block and inode for inode. */
// SOURCES: $(VFS_SRCS)

#include "vfs_rig.h"

#include "abi/errno.h"
#include "abi/statfs.h"

#include <stdio.h>

#define BLOCKS 700u
#define INODES 512u
#define CACHE  64u
#define ROUNDS 100u

static struct vfs_rig rig;
static uint32_t seed = 1;

static const char *
name_of(unsigned i)
{
    static char name[16];
    snprintf(name, sizeof name, "file%u", i);
    return name;
}

/* Everything is on the disk for good, so what is free is free at once. */
static struct statfs
count_free(void)
{
    struct statfs st = {0};

    assert_int_equal(vfs_sync_all(&rig), 0);
    rig.super->ops->statfs(rig.super, &st);
    return st;
}

/* Writes until there is no room even after a sync, in pieces and with
 * holes. */
static void
fill_file(struct inode *file)
{
    static uint8_t bytes[40000];
    uint64_t at = 0, before;
    int64_t n;

    do {
        before = at;
        while ((n = vfs_pwrite(file, bytes, 1 + crash_random(&seed, 39999),
                               at)) > 0)
            at += (uint64_t)n + crash_random(&seed, 20000);
        assert_int_equal(n, -ENOSPC);
        assert_int_equal(vfs_sync_all(&rig), 0);
    } while (at > before);
}

static unsigned
fill_with_data(void)
{
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(vfs_create_file(&rig, name_of(i)), 0);
        struct inode *file = vfs_open(&rig, name_of(i));
        if (i < 2)
            assert_int_equal(vfs_pwrite(file, "x", 1, 100000 * i), 1);
        else
            fill_file(file);
        inode_put(file);
    }
    assert_true(count_free().f_bfree <= 4);
    return 3;
}

static unsigned
fill_with_inodes(void)
{
    unsigned n = 0;
    int err;

    while ((err = vfs_create_file(&rig, name_of(n))) == 0)
        n++;
    assert_int_equal(err, -ENOSPC);
    assert_int_equal(n, INODES - 1);
    assert_int_equal(count_free().f_ffree, 0);
    return n;
}

static void
fill_and_empty(unsigned (*fill)(void))
{
    vfs_init_format(
        &rig, BLOCKS, CACHE,
        &(struct efs_format){.inodes = INODES, .journal_blocks = 80});
    rig.disk.forgetful = true;
    struct statfs before = count_free();
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned n = fill();
        for (unsigned i = 0; i < n; i++)
            assert_int_equal(vfs_unlink(&rig, name_of(i)), 0);
        struct statfs after = count_free();
        assert_int_equal(after.f_bfree, before.f_bfree);
        assert_int_equal(after.f_ffree, before.f_ffree);
        if (round % 10 == 9)
            vfs_remount(&rig);
    }
    vfs_unmount(&rig);
    vfs_check(&rig);
    vfs_free(&rig);
}

static void
test_blocks_come_back(void **state)
{
    (void)state;
    fill_and_empty(fill_with_data);
}

static void
test_inodes_come_back(void **state)
{
    (void)state;
    fill_and_empty(fill_with_inodes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_come_back),
        cmocka_unit_test(test_inodes_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
