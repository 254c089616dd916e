/* Making an extended image, and opening one that is not as it was made: what
 * headers and bitmaps say is refused, or does no harm. */
// SOURCES: $(EFS_SRCS) tests/host/efs_rig.c

#include "efs_rig.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/record_block.h"
#include "lib/bits.h"
#include "lib/crc32c.h"

#define BLOCKS 400u
#define INODES 512u

static struct efs_rig rig;
static struct efs *fs = &rig.fs;

static int
setup(void **state)
{
    (void)state;
    rig_init(&rig, BLOCKS, INODES);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

/* ---- Formatting ---- */

static void
test_empty_image(void **state)
{
    struct efs_node root;

    (void)state;
    assert_true(fs->extended);
    assert_string_equal((char *)fs->ext.label, "rig");
    assert_memory_equal(fs->ext.uuid, "0123456789abcdef", 16);
    assert_int_equal(le32_load(fs->header.header_checksum),
                     efs_header_checksum(&fs->header));
    assert_int_equal(fs->inode_count, INODES);
    assert_int_equal(efs_space_free_inodes(fs), INODES - 1);
    assert_int_equal(efs_space_free_blocks(fs), le64_load(fs->ext.free_blocks));
    rig_expect_free(&rig, BLOCKS - fs->records / ECLIPSEFS_BLOCK_SIZE - 1);
    assert_int_equal(efs_node_read(fs, 1, &root), 0);
    assert_int_equal(root.type, ECLIPSEFS_DIRECTORY);
    assert_int_equal(root.mode, S_IFDIR | 0755);
    assert_int_equal(root.nlink, 2);
    assert_int_equal(root.ctime, 7);
    assert_int_equal(root.data_len, 0);
}

static void
test_sizes_of_images(void **state)
{
    static const size_t sizes[] = {120, 32735, 32736, 32737, 70000};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        rig_free(&rig);
        rig_init(&rig, sizes[i], 0);
        rig_expect_free(&rig,
                        sizes[i] - fs->records / ECLIPSEFS_BLOCK_SIZE - 1);
        assert_true(fs->inode_count >= sizes[i] / 4);
    }
}

static void
test_too_small_or_wrong(void **state)
{
    struct efs_format options = {.inodes = 512};
    struct blockdev *dev = &rig.disk.dev;

    (void)state;
    rig_unmount(&rig);
    options.journal_blocks = JOURNAL_BLOCKS_MIN - 1;
    assert_int_equal(efs_format(dev, &options), -ENOSPC);
    options.journal_blocks = BLOCKS;
    assert_int_equal(efs_format(dev, &options), -ENOSPC);
    options.journal_blocks = 0;
    options.inodes = UINT32_MAX;
    assert_int_equal(efs_format(dev, &options), -ENOSPC);
    dev->sectors = 98 * 8;
    options.inodes = 1;
    assert_int_equal(efs_format(dev, &options), -ENOSPC);
    dev->sectors = 99 * 8;
    assert_int_equal(efs_format(dev, &options), 0);
    rig_mount(&rig);
    assert_int_equal(efs_space_free_blocks(fs), 99 - 84);
}

/* ---- The header of the extension ---- */

static void
store(uint8_t *field, size_t n, uint64_t value)
{
    for (size_t i = 0; i < n; i++)
        field[i] = (uint8_t)(value >> 8 * i);
}

/* Opens the image with one field of n bytes set to value, sealed again. */
static int
open_with(size_t field, size_t n, uint64_t value)
{
    struct efsx_header *ext = (void *)(rig.image + EFSX_OFFSET);
    struct efsx_header old = *ext;

    store((uint8_t *)ext + field, n, value);
    store(ext->checksum, 4,
          crc32c(0, ext, offsetof(struct efsx_header, checksum)));
    int err = rig_open(&rig);
    *ext = old;
    return err;
}

#define OPEN_WITH(field, value)                    \
    open_with(offsetof(struct efsx_header, field), \
              sizeof((struct efsx_header *)0)->field, value)

static void
test_header_is_refused(void **state)
{
    struct efsx_header *ext = (void *)(rig.image + EFSX_OFFSET);
    uint64_t table = fs->table / ECLIPSEFS_BLOCK_SIZE;

    (void)state;
    rig_unmount(&rig);
    assert_int_equal(OPEN_WITH(mount_count, 77), 0);
    assert_int_equal(OPEN_WITH(magic, 1), -EUCLEAN);
    assert_int_equal(OPEN_WITH(version, 2), -EOPNOTSUPP);
    assert_int_equal(OPEN_WITH(block_size, 1024), -EOPNOTSUPP);
    assert_int_equal(OPEN_WITH(total_blocks, BLOCKS + 1), -EUCLEAN);
    assert_int_equal(OPEN_WITH(total_blocks, UINT64_MAX), -EUCLEAN);
    assert_int_equal(OPEN_WITH(total_blocks, 0), -EUCLEAN);
    assert_int_equal(OPEN_WITH(total_blocks, table), -EUCLEAN);
    assert_int_equal(OPEN_WITH(total_blocks, BLOCKS - 1), 0);
    assert_int_equal(OPEN_WITH(journal_start, 0), -EUCLEAN);
    assert_int_equal(OPEN_WITH(journal_start, 2), -EUCLEAN);
    assert_int_equal(OPEN_WITH(journal_start, UINT64_MAX), -EUCLEAN);
    assert_int_equal(OPEN_WITH(journal_blocks, 79), -EUCLEAN);
    assert_int_equal(OPEN_WITH(journal_blocks, 81), -EUCLEAN);
    assert_int_equal(OPEN_WITH(bitmap_start, 80), -EUCLEAN);
    assert_int_equal(OPEN_WITH(bitmap_start, table), -EUCLEAN);
    assert_int_equal(OPEN_WITH(bitmap_start, UINT64_MAX), -EUCLEAN);
    assert_int_equal(OPEN_WITH(bitmap_blocks, 0), -EUCLEAN);
    assert_int_equal(OPEN_WITH(bitmap_blocks, 2), -EUCLEAN);
    assert_int_equal(OPEN_WITH(bitmap_blocks, UINT32_MAX), -EUCLEAN);
    assert_int_equal(rig_open(&rig), 0);
    ext->label[31] ^= 1;
    assert_int_equal(rig_open(&rig), -EUCLEAN);
    ext->label[31] ^= 1;
    store(rig.image + 13, 8, fs->table + 8);
    store(rig.image + 33, 4, 0);
    assert_int_equal(rig_open(&rig), -EUCLEAN);
}

static void
test_wrong_bitmap_is_refused(void **state)
{
    const char *why;
    uint64_t bitmap = le64_load(fs->ext.bitmap_start);

    (void)state;
    rig_unmount(&rig);
    rig_block(&rig, bitmap)[4000] ^= 1;
    assert_int_equal(rig_open(&rig), 0);
    assert_int_equal(efs_start(fs, false, &why), -EUCLEAN);
    rig_block(&rig, bitmap)[4000] ^= 1;
    rig_mount(&rig);
}

/* A bitmap that offers everything, with a right checksum: the parts before
 * the blocks are not given away. */
static void
test_bitmap_of_lies(void **state)
{
    uint64_t bitmap = le64_load(fs->ext.bitmap_start);
    uint64_t first = fs->records / ECLIPSEFS_BLOCK_SIZE;
    uint32_t block;

    (void)state;
    rig_unmount(&rig);
    memset(rig_block(&rig, bitmap), 0, ECLIPSEFS_BLOCK_SIZE);
    efs_seal(rig_block(&rig, bitmap));
    rig_mount(&rig);
    assert_int_equal(efs_space_free_blocks(fs), BLOCKS - first);
    rig_begin(&rig);
    assert_int_equal(rig_alloc(&rig, 1, &block), 0);
    assert_true(block >= first);
    rig_end(&rig);
    assert_int_equal(rig_fill(&rig, &block), BLOCKS - first - 1);
}

/* ---- Images of lies ---- */

static void
seal_header(void)
{
    struct eclipsefs_header *header = (void *)rig.image;
    struct efsx_header *ext = (void *)(rig.image + EFSX_OFFSET);

    store(header->header_checksum, 4, efs_header_checksum(header));
    store(ext->checksum, 4,
          crc32c(0, ext, offsetof(struct efsx_header, checksum)));
}

/* Uses what is open for changes, which may be refused at any time. */
static void
use_image(uint64_t *seed)
{
    for (unsigned i = 0; i < 8 && efs_begin(fs) == 0; i++) {
        uint32_t block, ino = 0;
        int err = rig_alloc(&rig, rig_random(seed, BLOCKS), &block);
        if (!err && i % 2)
            err = efs_block_free(fs, rig_random(seed, BLOCKS));
        if (!err)
            err = efs_inode_alloc(fs, 0, &ino);
        if (!err) {
            struct efs_node node = {.ino = ino, .type = ECLIPSEFS_FILE};
            err = efs_node_write(fs, &node, 9, NULL);
        }
        if (!err && i % 3 == 2)
            err = efs_inode_free(fs, rig_random(seed, INODES) + 1);
        assert_true(err == 0 || err == -ENOSPC || err == -EUCLEAN);
        assert_int_equal(efs_end(fs, err), err);
    }
}

/* Random bytes in the headers, the bitmap and the inode table, with right
 * checksums: refused, or used without coming to harm. */
static void
test_random_images(void **state)
{
    uint64_t bitmap = le64_load(fs->ext.bitmap_start), seed = 3;
    uint64_t table = fs->table / ECLIPSEFS_BLOCK_SIZE;
    struct efs_node node;
    const char *why;
    unsigned used = 0;

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        rig_begin(&rig);
        rig_create(&rig, &node);
        rig_end(&rig);
    }
    rig_unmount(&rig);
    uint8_t *sound = malloc(rig.size);
    memcpy(sound, rig.image, rig.size);
    for (unsigned round = 0; round < 3000; round++) {
        for (unsigned i = rig_random(&seed, 3); i > 0; i--)
            rig.image[9 + rig_random(&seed, 235)] =
                (uint8_t)(rig_random(&seed, 2) ? rig_random(&seed, 256) : 0);
        for (unsigned i = rig_random(&seed, 5); i > 0; i--)
            rig_block(&rig, bitmap)[rig_random(&seed, BLOCKS / 8)] =
                (uint8_t)rig_random(&seed, 256);
        for (unsigned i = rig_random(&seed, 5); i > 0; i--)
            rig_block(&rig, table)[rig_random(&seed, 200)] =
                (uint8_t)rig_random(&seed, rig_random(&seed, 2) ? 256 : 2);
        efs_seal(rig_block(&rig, bitmap));
        seal_header();
        if (rig_open(&rig) == 0 && fs->extended &&
            efs_start(fs, false, &why) == 0) {
            use_image(&seed);
            efs_stop(fs);
            used++;
        }
        memcpy(rig.image, sound, rig.size);
    }
    assert_in_range(used, 1000, 3000);
    free(sound);
    rig_mount(&rig);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_empty_image),
        TEST(test_sizes_of_images),
        TEST(test_too_small_or_wrong),
        TEST(test_header_is_refused),
        TEST(test_wrong_bitmap_is_refused),
        TEST(test_bitmap_of_lies),
        TEST(test_random_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
