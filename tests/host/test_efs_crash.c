/* Space and extents over a disk that loses its power: whatever was written
 * last, each block is owned once or free, and holds its owner's data. */
// SOURCES: $(EFS_SRCS) tests/host/efs_rig.c tests/host/crash_disk.c

#include "efs_rig.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "crash_disk.h"
#include "fs/eclipsefs/record_block.h"
#include "host_kernel.h"
#include "lib/bits.h"

#define BLOCKS      420u
#define FILES       6u
#define FILE_BLOCKS 90u
#define STEPS       150u

static struct crash_disk disk;
static struct efs fs;
static uint8_t image[BLOCKS * BLOCK_SIZE];
static uint32_t seed;
static uint64_t last_id;

static struct file {
    struct efs_node node;
    bool exists;
} files[FILES];

static uint32_t
pick(uint32_t n)
{
    return crash_random(&seed, n);
}

static void
begin(void)
{
    assert_int_equal(efs_begin(&fs), 0);
}

static void
end(void)
{
    assert_int_equal(efs_end(&fs, 0), 0);
}

/* ---- What the disk goes through ---- */

/* A file's id is its mtime; each sector of its blocks says whose it is. */
static void
write_data(const struct efs_node *node, uint32_t logical, struct efs_run run)
{
    static uint8_t block[BLOCK_SIZE];

    for (uint32_t i = 0; i < run.count; i++) {
        for (uint32_t at = 0; at < BLOCK_SIZE; at += SECTOR_SIZE) {
            le64_store(block + at, node->mtime);
            le32_store(block + at + 8, logical + i);
        }
        assert_int_equal(blockdev_transfer(fs.dev, BLK_WRITE,
                                           (run.start + i) * 8ull, block,
                                           BLOCK_SIZE),
                         0);
    }
}

static void
create(struct file *file)
{
    file->node = (struct efs_node){.type = ECLIPSEFS_FILE,
                                   .mode = S_IFREG | 0644,
                                   .nlink = 1,
                                   .mtime = ++last_id};
    begin();
    int err = efs_inode_alloc(&fs, 0, &file->node.ino);
    if (!err)
        err = efs_node_write(&fs, &file->node, 0, NULL);
    assert_true(err == 0 || err == -ENOSPC);
    assert_int_equal(efs_end(&fs, err), err);
    file->exists = !err;
}

static void
grow(struct file *file)
{
    uint32_t logical = pick(FILE_BLOCKS);
    struct efs_map map;
    struct efs_run run;

    assert_int_equal(efs_extent_find(&fs, &file->node, logical, &map), 0);
    if (map.physical)
        return;
    uint32_t n = MIN(map.count, 1 + pick(4));
    begin();
    int err = efs_space_reserve(&fs, n);
    if (!err)
        assert_int_equal(efs_run_take(&fs, pick(BLOCKS), n, &run), 0);
    end();
    if (err)
        return;
    write_data(&file->node, logical, run);
    begin();
    file->node.size =
        MAX(file->node.size, (logical + run.count) * (uint64_t)BLOCK_SIZE);
    assert_int_equal(efs_run_use(&fs, run), 0);
    assert_int_equal(efs_extent_insert(&fs, &file->node, logical, run), 0);
    efs_space_unreserve(&fs, n - run.count);
    end();
}

static void
shrink(struct file *file, uint32_t blocks)
{
    int more;

    file->node.size = MIN(file->node.size, blocks * (uint64_t)BLOCK_SIZE);
    do {
        begin();
        more = efs_extent_truncate(&fs, &file->node, blocks);
        assert_in_range(more, 0, 1);
        if (blocks == 0 && !more) {
            assert_int_equal(efs_inode_free(&fs, file->node.ino), 0);
            file->exists = false;
        }
        end();
    } while (more);
}

static void
step(void)
{
    struct file *file = &files[pick(FILES)];

    if (!file->exists)
        create(file);
    else if (pick(10) < 7)
        grow(file);
    else
        shrink(file, pick(4) ? pick(FILE_BLOCKS) : 0);
    if (pick(12) == 0)
        assert_int_equal(efs_commit(&fs), 0);
}

static void
make_history(uint32_t start)
{
    struct efs_format options = {.inodes = 512};
    const char *why;

    seed = start;
    memset(files, 0, sizeof files);
    crash_disk_init(&disk, BLOCKS * BLOCK_SIZE);
    assert_int_equal(efs_format(&disk.dev, &options), 0);
    crash_disk_load(&disk, disk.now);
    assert_int_equal(efs_open(&fs, &disk.dev, &why), 0);
    assert_int_equal(efs_start(&fs, false, &why), 0);
    for (unsigned i = 0; i < STEPS; i++)
        step();
    rig_check(&fs);
    efs_stop(&fs);
}

/* ---- What is left ---- */

static void
check_data(struct efs *left, const struct efs_node *node)
{
    struct efs_map map;

    for (uint32_t at = 0; at < FILE_BLOCKS; at += MIN(map.count, FILE_BLOCKS)) {
        assert_int_equal(efs_extent_find(left, node, at, &map), 0);
        for (uint32_t i = 0; map.physical && i < map.count; i++) {
            const uint8_t *data = image + (map.physical + i) * BLOCK_SIZE;
            for (uint32_t b = 0; b < BLOCK_SIZE; b += SECTOR_SIZE) {
                assert_int_equal(le64_load(data + b), node->mtime);
                assert_int_equal(le32_load(data + b + 8), at + i);
            }
        }
    }
}

static void
check_left(void)
{
    struct host_disk host;
    struct efs_node node;
    struct efs left;
    const char *why;

    host_disk_wrap_rw(&host, image, sizeof image);
    assert_int_equal(efs_open(&left, &host.dev, &why), 0);
    assert_int_equal(efs_start(&left, false, &why), 0);
    rig_check(&left);
    for (uint32_t ino = 2; ino <= 20; ino++) {
        uint64_t record;
        if (efs_find_record(&left, ino, &record) == 0) {
            assert_int_equal(efs_node_read(&left, ino, &node), 0);
            check_data(&left, &node);
        }
    }
    assert_int_equal(efs_stop(&left), 0);
    host_disk_close(&host);
}

static void
test_crash_anywhere(void **state)
{
    (void)state;
    host_kernel_quiet = true;
    bcache_init(256);
    for (uint32_t start = 1; start <= 4; start++) {
        make_history(start);
        for (unsigned at = 0; at <= disk.count; at += 1 + pick(5)) {
            crash_disk_cut(&disk, at, pick(100), image);
            check_left();
        }
        bcache_drop(NULL);
        crash_disk_free(&disk);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crash_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
