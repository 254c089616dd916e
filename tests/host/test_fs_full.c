/* A disk that is filled and emptied over and over: what is free comes back,
 * block for block and inode for inode. An argument says how many times. */
// SOURCES: $(VFS_SRCS) kernel/fs/attributes.c

#include "vfs_rig.h"

#include "abi/errno.h"
#include "abi/statfs.h"
#include "fs/attributes.h"

#include <stdio.h>
#include <stdlib.h>

#define BLOCKS 700u
#define INODES 512u
#define CACHE  64u

static struct vfs_rig rig;
static uint32_t seed = 1;
static unsigned rounds = 40;

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
    for (unsigned round = 0; round < rounds; round++) {
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

/* A disk with so many blocks free, one file of a block of x and a hole, and
 * another that has the rest. */
static struct inode *
leave_free(unsigned blocks)
{
    static uint8_t bytes[BLOCK_SIZE];

    vfs_init_format(
        &rig, BLOCKS, BLOCKS,
        &(struct efs_format){.inodes = INODES, .journal_blocks = 80});
    assert_int_equal(vfs_create_file(&rig, "file"), 0);
    assert_int_equal(vfs_create_file(&rig, "rest"), 0);
    struct inode *file = vfs_open(&rig, "file"), *rest = vfs_open(&rig, "rest");
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(vfs_pwrite(file, bytes, BLOCK_SIZE, 0), BLOCK_SIZE);
    assert_int_equal(vfs_truncate(file, 10 * BLOCK_SIZE), 0);
    for (uint64_t at = 0; count_free().f_bfree > blocks; at += BLOCK_SIZE)
        assert_int_equal(vfs_pwrite(rest, bytes, BLOCK_SIZE, at), BLOCK_SIZE);
    inode_put(rest);
    return file;
}

/* What the disk has no room for is refused as a whole, and takes nothing. */
static void
test_allocating_too_much(void **state)
{
    static const uint64_t from[] = {0, 5, 12, 2, 0};
    static const uint64_t to[] = {80, 90, 80, 10, 10};
    static const unsigned room[] = {60, 60, 60, 6, 8};
    uint8_t byte;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(from); i++) {
        struct inode *file = leave_free(room[i]);
        uint64_t size = file->size, blocks = file->blocks;
        assert_int_equal(
            attributes_allocate(file, from[i] * BLOCK_SIZE, to[i] * BLOCK_SIZE),
            -ENOSPC);
        assert_int_equal(file->size, size);
        assert_int_equal(file->blocks, blocks);
        assert_int_equal(count_free().f_bfree, room[i]);
        assert_int_equal(vfs_pread(file, &byte, 1, BLOCK_SIZE - 1), 1);
        assert_int_equal(byte, 'x');
        inode_put(file);
        vfs_unmount(&rig);
        vfs_check(&rig);
        vfs_free(&rig);
    }
}

/* Others take all that is left; what was allocated is still there to be
 * written to, before and after a mount. */
static void
test_allocated_is_kept(void **state)
{
    static uint8_t bytes[BLOCK_SIZE];
    struct inode *file = leave_free(60);

    (void)state;
    assert_int_equal(attributes_allocate(file, 0, 50 * BLOCK_SIZE), 0);
    assert_true(file->blocks >= 50 * BLOCK_SIZE / 512);
    assert_int_equal(vfs_create_file(&rig, "more"), 0);
    struct inode *more = vfs_open(&rig, "more");
    fill_file(more);
    inode_put(more);
    for (unsigned i = 0; i < 50; i += 2)
        assert_int_equal(
            vfs_pwrite(file, bytes, BLOCK_SIZE, i * (uint64_t)BLOCK_SIZE),
            BLOCK_SIZE);
    assert_int_equal(vfs_fsync(file), 0);
    inode_put(file);
    vfs_remount(&rig);
    file = vfs_open(&rig, "file");
    for (unsigned i = 1; i < 50; i += 2)
        assert_int_equal(
            vfs_pwrite(file, bytes, BLOCK_SIZE, i * (uint64_t)BLOCK_SIZE),
            BLOCK_SIZE);
    assert_int_equal(vfs_fsync(file), 0);
    inode_put(file);
    vfs_unmount(&rig);
    vfs_check(&rig);
    vfs_free(&rig);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_come_back),
        cmocka_unit_test(test_inodes_come_back),
        cmocka_unit_test(test_allocating_too_much),
        cmocka_unit_test(test_allocated_is_kept),
    };
    if (argc > 1)
        rounds = (unsigned)strtoul(argv[1], NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
