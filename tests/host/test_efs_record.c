/* Records of extended images: written and read again, checked, and damaged. */
// SOURCES: $(EFS_SRCS) tests/host/efs_rig.c

#include "efs_rig.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "fs/eclipsefs/file.h"
#include "fs/eclipsefs/record_block.h"
#include "lib/bits.h"
#include "lib/crc32c.h"

static struct efs_rig rig;
static struct efs *fs = &rig.fs;
static struct efs_node node;
static uint8_t bytes[3 * BLOCK_SIZE], copy[3 * BLOCK_SIZE];

static int
setup(void **state)
{
    uint64_t seed = 5;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)rig_random(&seed, 256);
    rig_init(&rig, 300, 64);
    rig_begin(&rig);
    rig_create(&rig, &node);
    rig_end(&rig);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

/* Writes the record with a value of len bytes, of which those from `kept` on
 * become what `bytes` has. */
static void
write_value(uint32_t len, uint32_t kept)
{
    uint8_t *value;

    rig_begin(&rig);
    assert_int_equal(efs_node_write(fs, &node, len, &value), 0);
    if (kept < len)
        memcpy(value + kept, bytes + kept, len - kept);
    rig_end(&rig);
}

static void
expect_content(uint32_t len)
{
    struct efs_node again;

    assert_int_equal(efs_node_read(fs, node.ino, &again), 0);
    assert_int_equal(again.data_len, len);
    assert_int_equal(again.size, len);
    if (len > 0)
        assert_int_equal(again.data, node.data);
    assert_int_equal(efs_file_read(fs, &again, 0, copy, sizeof copy), len);
    assert_memory_equal(copy, bytes, len);
}

/* ---- Round trips ---- */

static void
test_values_of_every_length(void **state)
{
    (void)state;
    for (uint32_t len = 0; len <= EFS_VALUE_MAX; len++) {
        write_value(len, len > 0 ? len - 1 : 0); /* the others stay */
        expect_content(len);
        if (len % 500 == 0 || len == EFS_VALUE_MAX) {
            rig_remount(&rig);
            expect_content(len);
        }
    }
    for (uint32_t len = EFS_VALUE_MAX; len > 0; len -= MIN(len, 37u)) {
        write_value(len, len);
        expect_content(len);
    }
    write_value(10, 10);
    write_value(20, 20);
    assert_int_equal(efs_file_read(fs, &node, 0, copy, 20), 20);
    memset(bytes + 10, 0, 10);
    assert_memory_equal(copy, bytes, 20);
}

static void
test_attributes(void **state)
{
    struct efs_node again;

    (void)state;
    write_value(100, 0);
    node.mode = S_IFREG | 07531;
    node.uid = 0x11223344;
    node.gid = 0x55667788;
    node.nlink = 0x99aabbcc;
    node.atime = 0x1122334455667788;
    node.mtime = UINT64_MAX;
    node.ctime = 1ull << 63;
    write_value(100, 100);
    rig_remount(&rig);
    assert_int_equal(efs_node_read(fs, node.ino, &again), 0);
    assert_memory_equal(&again, &node, sizeof node);
    expect_content(100);
}

static void
test_device_nodes(void **state)
{
    static const uint32_t types[] = {S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK};
    struct efs_node again;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        node.mode = types[i] | 0640;
        node.rdev = 0x123456789abcdef0;
        write_value(0, 0);
        rig_remount(&rig);
        assert_int_equal(efs_node_read(fs, node.ino, &again), 0);
        assert_int_equal(again.mode, types[i] | 0640);
        assert_int_equal(again.rdev, 0x123456789abcdef0);
        assert_int_equal(again.type, ECLIPSEFS_FILE);
        assert_int_equal(again.data_len, 0);
    }
}

static void
test_layouts_do_not_share_values(void **state)
{
    struct efs_node again;
    uint8_t *value;

    (void)state;
    write_value(24, 0);
    node.layout = EFS_EXTENTS;
    node.size = 1u << 20;
    rig_begin(&rig);
    assert_int_equal(efs_node_write(fs, &node, 24, &value), 0);
    memset(copy, 0, 24);
    assert_memory_equal(value, copy, 24);
    assert_int_equal(efs_node_write(fs, &node, 0, NULL), 0);
    rig_end(&rig);
    assert_int_equal(efs_node_read(fs, node.ino, &again), 0);
    assert_int_equal(again.layout, EFS_EXTENTS);
    assert_int_equal(efs_node_length(&again), 1u << 20);

    /* All of it is a hole. */
    memset(copy, 1, sizeof copy);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(efs_file_read(fs, &again, 4000, copy, 9000), 9000);
    assert_memory_equal(copy, bytes, 9000);
    assert_int_equal(efs_file_read(fs, &again, (1u << 20) - 5, copy, 9), 5);
    assert_int_equal(efs_file_read(fs, &again, 1u << 20, copy, 9), 0);
}

static void
test_cancelled_write(void **state)
{
    struct efs_node before;

    (void)state;
    write_value(50, 0);
    before = node;
    rig_begin(&rig);
    node.uid = 5;
    assert_int_equal(efs_node_write(fs, &node, 3000, NULL), 0);
    assert_int_equal(efs_end(fs, -ENOSPC), -ENOSPC);
    assert_int_equal(efs_node_read(fs, before.ino, &node), 0);
    assert_memory_equal(&node, &before, sizeof node);
    expect_content(50);
}

/* ---- Records that others have written ---- */

static uint8_t *
record_block(void)
{
    return rig_block(&rig, node.data / BLOCK_SIZE);
}

static uint8_t *
put_tlv(uint8_t *at, unsigned tag, const void *value, uint32_t len)
{
    struct eclipsefs_tlv *tlv = (void *)at;

    le16_store(tlv->tag, (uint16_t)tag);
    le32_store(tlv->length, len);
    memcpy(tlv + 1, value, len);
    return at + sizeof *tlv + len;
}

/* Ends a record with the checksum of all before. */
static uint8_t *
put_crc(uint8_t *block, uint8_t *at, uint32_t size)
{
    le32_store(block + 4, size);
    at = put_tlv(at, EFSX_CRC, "....", 4);
    uint32_t len = (uint32_t)(at - block) - 4;
    le32_store(block + len, crc32c(0, block, len));
    return at;
}

/* Its value first, then numbers out of order and unknown TLVs. */
static void
test_foreign_order(void **state)
{
    static const uint8_t uid[8] = {1, 2, 3}, type[4] = {ECLIPSEFS_FILE};
    static const uint8_t size[8] = {1000 % 256, 1000 / 256};

    (void)state;
    write_value(1, 0);
    rig_unmount(&rig);
    uint8_t *block = record_block(), *at = block + 8;
    memset(at, 0, BLOCK_SIZE - 8);
    at = put_tlv(at, ECLIPSEFS_CONTENT, bytes, 1000);
    at = put_tlv(at, 0x99, "what?", 5);
    at = put_tlv(at, ECLIPSEFS_UID, uid, 4);
    at = put_tlv(at, ECLIPSEFS_NODE_TYPE, type, 2);
    at = put_tlv(at, ECLIPSEFS_SIZE, size, 8);
    put_crc(block, at, (uint32_t)(at - block) + 10);
    rig_mount(&rig);
    assert_int_equal(efs_node_read(fs, node.ino, &node), 0);
    assert_int_equal(node.uid, 0x30201);
    expect_content(1000);
    write_value(1200, 1000);
    expect_content(1200);
    rig_remount(&rig);
    expect_content(1200);
}

/* As a plain image's writer makes it, and a checksum before the content. */
static void
test_long_record(void **state)
{
    static const uint8_t type[] = {ECLIPSEFS_FILE};

    (void)state;
    write_value(1, 0);
    rig_unmount(&rig);
    uint8_t *block = record_block(), *at = block + 8;
    uint32_t size = 8 + 7 + 10 + 6 + 10000;
    at = put_tlv(at, ECLIPSEFS_NODE_TYPE, type, 1);
    at = put_crc(block, at, size);
    put_tlv(at, ECLIPSEFS_CONTENT, bytes, 10000);
    rig_mount(&rig);
    assert_int_equal(efs_node_read(fs, node.ino, &node), 0);
    assert_int_equal(node.data_len, 10000);
    assert_int_equal(efs_node_length(&node), 10000);
    assert_int_equal(efs_file_read(fs, &node, 0, copy, sizeof copy), 10000);
    assert_memory_equal(copy, bytes, 10000);
    rig_begin(&rig);
    assert_int_equal(efs_node_write(fs, &node, 5, NULL), -EOPNOTSUPP);
    assert_int_equal(efs_end(fs, -EOPNOTSUPP), -EOPNOTSUPP);
    assert_int_equal(efs_begin(fs), 0);
    rig_end(&rig);
    rig_unmount(&rig);

    le32_store(at + 2, 9999); /* no longer what the record's size says */
    rig_mount(&rig);
    assert_int_equal(efs_node_read(fs, node.ino, &node), -EUCLEAN);
}

/* One that fills its block without the attributes that we would add. */
static void
test_full_record(void **state)
{
    static const uint8_t type[] = {ECLIPSEFS_FILE};
    const uint32_t len = BLOCK_SIZE - 8 - 7 - 6 - 10;

    (void)state;
    rig_unmount(&rig);
    uint8_t *block = record_block(), *at = block + 8;
    at = put_tlv(at, ECLIPSEFS_NODE_TYPE, type, 1);
    at = put_tlv(at, ECLIPSEFS_CONTENT, bytes, len);
    put_crc(block, at, BLOCK_SIZE);
    rig_mount(&rig);
    assert_int_equal(efs_node_read(fs, node.ino, &node), 0);
    assert_int_equal(node.data_len, len);
    rig_begin(&rig);
    assert_int_equal(efs_node_write(fs, &node, len, NULL), -EOPNOTSUPP);
    assert_int_equal(efs_end(fs, -EOPNOTSUPP), -EOPNOTSUPP);
    assert_int_equal(efs_file_read(fs, &node, 0, copy, sizeof copy), len);
    assert_memory_equal(copy, bytes, len);
    write_value(EFS_VALUE_MAX, EFS_VALUE_MAX); /* it may become shorter */
    assert_int_equal(efs_file_read(fs, &node, 0, copy, sizeof copy),
                     EFS_VALUE_MAX);
    assert_memory_equal(copy, bytes, EFS_VALUE_MAX);
}

/* ---- Damage ---- */

/* Any bit that is wrong is found, but in the zeros behind the record. */
static void
test_every_bit_is_covered(void **state)
{
    uint32_t size = 127 + 90;

    (void)state;
    write_value(90, 0);
    for (uint32_t i = 0; i < size + 5; i++) {
        struct efs_node again;
        rig_unmount(&rig);
        record_block()[i] ^= (uint8_t)(1u << i % 8);
        rig_mount(&rig);
        assert_int_equal(efs_node_read(fs, node.ino, &again),
                         i < size ? -EUCLEAN : 0);
        assert_int_equal(fs->broken, i < size);
        record_block()[i] ^= (uint8_t)(1u << i % 8);
        efs_stop(fs);
        rig_mount(&rig);
    }
    expect_content(90);
}

static void
test_slots_that_lie(void **state)
{
    struct eclipsefs_slot *slot = (void *)(rig.image + fs->table);
    struct efs_node again;

    (void)state;
    slot += node.ino - 1;
    rig_unmount(&rig);
    slot->offset[1] ^= 1; /* not a whole block */
    rig_mount(&rig);
    assert_int_equal(efs_node_read(fs, node.ino, &again), -EUCLEAN);
    rig_unmount(&rig);
    slot->offset[1] ^= 1;
    slot->inode[0]++;
    rig_mount(&rig);
    assert_int_equal(efs_node_read(fs, node.ino, &again), -EUCLEAN);
    rig_unmount(&rig);
    slot->inode[0]--;
    slot->offset[0] = slot->offset[1] = 0; /* the root's */
    rig_mount(&rig);
    assert_int_equal(efs_node_read(fs, node.ino, &again), -EUCLEAN);
}

/* Random bytes, and a right checksum: an error at worst. */
static void
test_random_records(void **state)
{
    uint64_t seed = 11;

    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        struct efs_node again;
        struct efs_map map;
        uint64_t count;

        node.layout = (enum efs_layout[]){EFS_INLINE, EFS_EXTENTS,
                                          EFS_EXTENT_INDEX}[round % 3];
        node.size = 100000;
        write_value(48, 0);
        rig_unmount(&rig);
        uint8_t *block = record_block();
        for (unsigned i = rig_random(&seed, 6); i > 0; i--)
            block[rig_random(&seed, 165)] =
                (uint8_t)rig_random(&seed, rig_random(&seed, 2) ? 256 : 4);
        if (le32_load(block + 4) > 4 && le32_load(block + 4) <= BLOCK_SIZE)
            efs_node_seal(block);
        rig_mount(&rig);
        if (efs_node_read(fs, node.ino, &again) == 0) {
            int64_t n = efs_file_read(fs, &again, 1000, copy, sizeof copy);
            assert_true(n >= 0 || n == -EUCLEAN || n == -EIO);
            if (efs_extent_find(fs, &again, 10, &map) == 0)
                assert_true(map.count > 0);
            int err = efs_extent_count(fs, &again, &count);
            assert_true(err == 0 || err == -EUCLEAN);
        }
        efs_stop(fs);
        memset(block, 0, BLOCK_SIZE);
        efs_node_lay_out(block, &node, 48);
        efs_node_seal(block);
        rig_mount(&rig);
    }
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_values_of_every_length),
        TEST(test_attributes),
        TEST(test_device_nodes),
        TEST(test_layouts_do_not_share_values),
        TEST(test_cancelled_write),
        TEST(test_foreign_order),
        TEST(test_long_record),
        TEST(test_full_record),
        TEST(test_every_bit_is_covered),
        TEST(test_slots_that_lie),
        TEST(test_random_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
