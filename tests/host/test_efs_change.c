/* An extended image from mount to unmount: its header, changes, orphans, and
 * what damage and a failing disk do to it. */
// SOURCES: $(EFS_SRCS) tests/host/efs_rig.c tests/host/crash_disk.c

#include "efs_rig.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "crash_disk.h"
#include "fs/eclipsefs/record_block.h"
#include "host_kernel.h"
#include "lib/bits.h"

#define BLOCKS 400u

static struct crash_disk disk;
static struct efs fs;
static uint8_t image[BLOCKS * BLOCK_SIZE];

static int
start(bool read_only)
{
    const char *why;

    bcache_drop(NULL);
    assert_int_equal(efs_open(&fs, &disk.dev, &why), 0);
    return efs_start(&fs, read_only, &why);
}

static int
setup(void **state)
{
    struct efs_format options = {.inodes = 512};

    (void)state;
    host_kernel_quiet = true;
    bcache_init(256);
    crash_disk_free(&disk);
    crash_disk_init(&disk, sizeof image);
    assert_int_equal(efs_format(&disk.dev, &options), 0);
    crash_disk_load(&disk, disk.now);
    assert_int_equal(start(false), 0);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    bcache_drop(NULL);
    crash_disk_free(&disk);
    return 0;
}

/* The header as it is on the disk. */
static const struct efsx_header *
ext(void)
{
    return (const void *)(disk.now + EFSX_OFFSET);
}

static uint32_t
state_on_disk(void)
{
    return le32_load(ext()->state);
}

/* The power goes; what was not flushed is lost. */
static void
lose_power(void)
{
    struct efs lost = fs;

    crash_disk_cut(&disk, disk.count, 0, image);
    disk.fail_at = disk.count;
    disk.dead = true;
    efs_stop(&lost);
    crash_disk_load(&disk, image);
}

/* Makes a file within a change. */
static void
create(struct efs_node *node)
{
    *node = (struct efs_node){
        .type = ECLIPSEFS_FILE, .mode = S_IFREG | 0644, .nlink = 1};
    assert_int_equal(efs_inode_alloc(&fs, 0, &node->ino), 0);
    assert_int_equal(efs_node_write(&fs, node, 0, NULL), 0);
}

static uint32_t
create_file(void)
{
    struct efs_node node;

    assert_int_equal(efs_begin(&fs), 0);
    create(&node);
    assert_int_equal(efs_end(&fs, 0), 0);
    return node.ino;
}

static bool
exists(uint32_t ino)
{
    struct efs_node node;
    int err = efs_node_read(&fs, ino, &node);

    assert_true(err == 0 || err == -EUCLEAN);
    return err == 0;
}

static void
set_orphan(uint32_t ino)
{
    struct efs_node node;

    assert_int_equal(efs_begin(&fs), 0);
    assert_int_equal(efs_node_read(&fs, ino, &node), 0);
    node.nlink = 0;
    assert_int_equal(efs_node_write(&fs, &node, 0, NULL), 0);
    assert_int_equal(efs_inode_set_orphan(&fs, ino, true), 0);
    assert_int_equal(efs_end(&fs, 0), 0);
}

/* ---- The header ---- */

static void
test_header_from_mount_to_unmount(void **state)
{
    uint32_t mounts = le32_load(ext()->mount_count);

    (void)state;
    assert_int_equal(state_on_disk(), EFSX_IN_USE);
    uint64_t blocks = le64_load(ext()->free_blocks);
    uint32_t inodes = le32_load(ext()->free_inodes);
    create_file();
    assert_int_equal(efs_stop(&fs), 0);
    assert_int_equal(state_on_disk(), EFSX_CLEAN);
    assert_int_equal(le64_load(ext()->free_blocks), blocks - 1);
    assert_int_equal(le32_load(ext()->free_inodes), inodes - 1);

    assert_int_equal(start(false), 0);
    assert_int_equal(le32_load(ext()->mount_count), mounts + 1);
    assert_int_equal(efs_space_free_blocks(&fs), blocks - 1);
    assert_int_equal(efs_stop(&fs), 0);
}

static void
test_damage_is_noted(void **state)
{
    (void)state;
    uint32_t ino = create_file();
    assert_int_equal(efs_broken(&fs, 1, 4096, "a test"), -EUCLEAN);
    assert_int_equal(state_on_disk(), EFSX_IN_USE | EFSX_ERRORS);
    unsigned events = disk.count;
    assert_int_equal(efs_broken(&fs, 1, 8192, "a test"), -EUCLEAN);
    assert_int_equal(disk.count, events);
    assert_int_equal(efs_begin(&fs), -EROFS);
    assert_int_equal(efs_commit(&fs), 0);
    assert_int_equal(efs_stop(&fs), 0);
    assert_int_equal(state_on_disk(), EFSX_CLEAN | EFSX_ERRORS);

    assert_int_equal(start(false), 0);
    assert_true(exists(ino));
    create_file();
    assert_int_equal(state_on_disk(), EFSX_IN_USE | EFSX_ERRORS);
    assert_int_equal(efs_stop(&fs), 0);
}

/* Within a change, which then is undone. */
static void
test_damage_within_a_change(void **state)
{
    uint64_t blocks = efs_space_free_blocks(&fs);
    struct efs_node node;

    (void)state;
    assert_int_equal(efs_begin(&fs), 0);
    create(&node);
    int err = efs_broken(&fs, 1, 4096, "a test");
    assert_int_equal(efs_end(&fs, err), -EUCLEAN);
    assert_int_equal(efs_space_free_blocks(&fs), blocks);
    assert_int_equal(efs_stop(&fs), 0);
    assert_int_equal(start(false), 0);
    assert_false(exists(node.ino));
    assert_int_equal(efs_space_free_blocks(&fs), blocks);
    assert_int_equal(efs_stop(&fs), 0);
}

/* ---- Crashes ---- */

static void
test_replay(void **state)
{
    (void)state;
    uint32_t kept = create_file();
    assert_int_equal(efs_commit(&fs), 0);
    uint32_t lost = create_file();
    lose_power();
    assert_int_equal(start(false), 0);
    assert_true(exists(kept));
    assert_false(exists(lost));
    assert_int_equal(efs_stop(&fs), 0);
}

static void
test_orphans_are_freed(void **state)
{
    uint32_t orphans[5], kept = create_file();

    (void)state;
    uint64_t blocks = efs_space_free_blocks(&fs);
    for (unsigned i = 0; i < ARRAY_LEN(orphans); i++) {
        orphans[i] = create_file();
        set_orphan(orphans[i]);
    }
    assert_int_equal(efs_commit(&fs), 0);
    lose_power();
    assert_int_equal(start(true), 0); /* they may stay */
    assert_true(exists(orphans[0]));
    assert_int_equal(efs_stop(&fs), 0);

    assert_int_equal(start(false), 0);
    for (unsigned i = 0; i < ARRAY_LEN(orphans); i++)
        assert_false(exists(orphans[i]));
    assert_true(exists(kept));
    assert_int_equal(efs_commit(&fs), 0);
    assert_int_equal(efs_space_free_blocks(&fs), blocks);
    assert_int_equal(efs_stop(&fs), 0);
}

/* A file that has links is none, whatever its slot says. */
static void
test_an_orphan_with_links_stays(void **state)
{
    uint32_t ino = create_file();

    (void)state;
    assert_int_equal(efs_begin(&fs), 0);
    assert_int_equal(efs_inode_set_orphan(&fs, ino, true), 0);
    assert_int_equal(efs_end(&fs, 0), 0);
    assert_int_equal(efs_stop(&fs), 0);
    assert_int_equal(start(false), 0);
    assert_true(exists(ino));
    assert_int_equal(efs_stop(&fs), 0);
    assert_int_equal(state_on_disk(), EFSX_CLEAN | EFSX_ERRORS);
}

/* It is there to be looked at, and no reason not to mount. */
static void
test_a_damaged_orphan_stays(void **state)
{
    uint32_t orphan = create_file();
    uint64_t record;

    (void)state;
    set_orphan(orphan);
    assert_int_equal(efs_find_record(&fs, orphan, &record), 0);
    assert_int_equal(efs_commit(&fs), 0);
    assert_int_equal(journal_flush(fs.journal), 0);
    lose_power();
    disk.now[record + 20] ^= 1;
    assert_int_equal(start(false), 0);
    assert_int_equal(state_on_disk(), EFSX_IN_USE | EFSX_ERRORS);
    assert_int_equal(efs_begin(&fs), -EROFS);
    assert_int_equal(efs_stop(&fs), 0);
}

static void
test_a_disk_that_cannot_be_written(void **state)
{
    (void)state;
    uint32_t ino = create_file();
    assert_int_equal(efs_commit(&fs), 0);
    lose_power();
    disk.dev.read_only = true;
    assert_int_equal(start(false), 0);
    assert_true(fs.read_only);
    assert_true(exists(ino));
    assert_int_equal(efs_begin(&fs), -EROFS);
    assert_int_equal(efs_commit(&fs), 0);
    assert_int_equal(efs_broken(&fs, 1, 4096, "a test"), -EUCLEAN);
    assert_int_equal(efs_stop(&fs), 0);
    assert_int_equal(disk.count, 0);
    assert_memory_equal(disk.now, image, sizeof image);
}

/* ---- Errors of the disk ---- */

static void
test_a_failing_disk(void **state)
{
    (void)state;
    uint32_t kept = create_file();
    assert_int_equal(efs_commit(&fs), 0);
    uint32_t lost = create_file();
    disk.fail_at = disk.count;
    assert_int_equal(efs_commit(&fs), -EIO);
    assert_int_equal(efs_begin(&fs), -EROFS);
    assert_int_equal(efs_commit(&fs), -EROFS);
    assert_true(exists(lost)); /* in memory */
    assert_int_equal(efs_stop(&fs), -EROFS);
    assert_int_equal(state_on_disk(), EFSX_IN_USE);

    assert_int_equal(start(false), 0);
    assert_true(exists(kept));
    assert_false(exists(lost));
    assert_int_equal(efs_stop(&fs), 0);
}

/* Whatever fails while it is mounted or unmounted, the next time finds it. */
static void
test_failures_at_every_write(void **state)
{
    (void)state;
    uint32_t ino = create_file(), orphan = create_file();
    set_orphan(orphan);
    assert_int_equal(efs_commit(&fs), 0);
    lose_power();
    for (unsigned at = 0;; at++) {
        crash_disk_load(&disk, image);
        disk.fail_at = at;
        int err = start(false);
        if (!err)
            err = efs_stop(&fs);
        if (!err) {
            assert_true(disk.count <= at);
            break;
        }
        assert_true(err == -EIO || err == -EROFS);
        assert_null(fs.journal);
        assert_null(fs.space);
        assert_int_equal(start(false), 0);
        assert_true(exists(ino));
        assert_false(exists(orphan));
        assert_int_equal(efs_stop(&fs), 0);
        assert_int_equal(state_on_disk(), EFSX_CLEAN);
    }
}

/* ---- Blocks of metadata ---- */

static void
test_blocks_are_checked(void **state)
{
    struct buf *buf;
    uint32_t block;
    uint8_t *bytes;

    (void)state;
    assert_int_equal(efs_begin(&fs), 0);
    assert_int_equal(efs_block_alloc(&fs, 0, false, efs_seal, &block, &bytes),
                     0);
    struct efsx_block *head = (void *)bytes;
    le32_store(head->magic, EFSX_LEAF_MAGIC);
    le32_store(head->owner, 7);
    le32_store(head->used, EFSX_BLOCK_ROOM);
    assert_int_equal(efs_end(&fs, 0), 0);
    assert_int_equal(efs_stop(&fs), 0);

    assert_int_equal(start(true), 0);
    bytes = disk.now + (size_t)block * BLOCK_SIZE;
    for (unsigned at = 0; at < BLOCK_SIZE; at += at < 20 ? 1 : 97) {
        bytes[at] ^= 1;
        bcache_drop(NULL);
        assert_int_equal(efs_block_get(&fs, block, EFSX_LEAF_MAGIC, 7, &buf),
                         -EUCLEAN);
        bytes[at] ^= 1;
    }
    bcache_drop(NULL);
    assert_int_equal(efs_block_get(&fs, block, EFSX_LEAF_MAGIC, 7, &buf), 0);
    bcache_put(buf);
    assert_int_equal(efs_block_get(&fs, block, EFSX_LEAF_MAGIC, 8, &buf),
                     -EUCLEAN);
    assert_int_equal(efs_block_get(&fs, block, EFSX_INDEX_MAGIC, 7, &buf),
                     -EUCLEAN);
    assert_int_equal(efs_block_get(&fs, BLOCKS, EFSX_LEAF_MAGIC, 7, &buf),
                     -EUCLEAN);
    assert_int_equal(efs_block_get(&fs, UINT32_MAX, EFSX_LEAF_MAGIC, 7, &buf),
                     -EUCLEAN);
    assert_int_equal(efs_stop(&fs), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_header_from_mount_to_unmount, setup),
        cmocka_unit_test_setup(test_damage_is_noted, setup),
        cmocka_unit_test_setup(test_damage_within_a_change, setup),
        cmocka_unit_test_setup(test_replay, setup),
        cmocka_unit_test_setup(test_orphans_are_freed, setup),
        cmocka_unit_test_setup(test_an_orphan_with_links_stays, setup),
        cmocka_unit_test_setup(test_a_damaged_orphan_stays, setup),
        cmocka_unit_test_setup(test_a_disk_that_cannot_be_written, setup),
        cmocka_unit_test_setup(test_a_failing_disk, setup),
        cmocka_unit_test_setup(test_failures_at_every_write, setup),
        cmocka_unit_test_setup(test_blocks_are_checked, setup),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
