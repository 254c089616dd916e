/* Reading eclipsefs: headers, node records, directories, files. */
// SOURCES: $(EFS_SRCS) tests/host/image_builder.c

#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/dir.h"
#include "fs/eclipsefs/file.h"

#include "abi/errno.h"
#include "host_kernel.h"
#include "image_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define IMAGE_SIZE (16u * ECLIPSEFS_BLOCK_SIZE)

static struct builder b;
static struct efs fs;
static const char *why;

static int
setup(void **state)
{
    (void)state;
    host_kernel_quiet = true;
    bcache_init(256);
    builder_init(&b, IMAGE_SIZE, 4);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    builder_free(&b);
    return 0;
}

static int
open_image(void)
{
    return efs_open(&fs, builder_disk(&b), &why);
}

/* Opens the image and reads the record of ino. */
static int
read_node(uint32_t ino, struct efs_node *node)
{
    assert_int_equal(open_image(), 0);
    return efs_node_read(&fs, ino, node);
}

/* ---- Headers ---- */

static void
expect_refusal(int err, const char *reason)
{
    assert_int_equal(open_image(), err);
    assert_string_equal(why, reason);
}

static void
test_header_is_accepted(void **state)
{
    struct eclipsefs_header *h = builder_header(&b);

    (void)state;
    assert_int_equal(open_image(), 0);
    assert_int_equal(fs.inode_count, 4);
    assert_int_equal(fs.records, BUILDER_TABLE + 32);
    builder_store(h->creation_time, 8, 1640995200);
    builder_store(h->header_checksum, 4, efs_header_checksum(h));
    assert_int_equal(open_image(), 0);
}

/* The checksum of an image that the original tools wrote. */
static void
test_header_checksum_is_the_originals(void **state)
{
    size_t size;
    uint8_t *image = read_host_file("tests/images/plain/tree_csum.img", &size);
    struct eclipsefs_header h;

    (void)state;
    memcpy(&h, image, sizeof h);
    free(image);
    assert_int_equal(efs_header_checksum(&h), 0x613bf1c7);
}

static void
test_header_is_refused(void **state)
{
    struct eclipsefs_header *h = builder_header(&b), good = *h;

    (void)state;
    h->magic[8] = 's';
    expect_refusal(-EINVAL, "no eclipsefs magic");
    *h = good;
    builder_store(h->version, 4, 0x00020001);
    expect_refusal(-EOPNOTSUPP, "eclipsefs version other than 2.0");
    *h = good;
    builder_store(h->header_checksum, 4, 1);
    expect_refusal(-EUCLEAN, "the header's checksum is wrong");
    *h = good;
    builder_store(h->flags, 4, ECLIPSEFS_FLAG_EXTENDED);
    expect_refusal(-EUCLEAN, "the extension's header is damaged");
    b.size = 0;
    expect_refusal(-EINVAL, "the device is too small for eclipsefs");
}

static void
test_table_is_refused(void **state)
{
    struct eclipsefs_header *h = builder_header(&b), good = *h;
    const char *past = "the inode table reaches past the end of the device";

    (void)state;
    builder_store(h->total_inodes, 4, 0);
    expect_refusal(-EUCLEAN, "no inodes");
    *h = good;
    builder_store(h->inode_table_size, 8, 31);
    expect_refusal(-EUCLEAN, "the inode table is smaller than its inodes need");
    *h = good;
    builder_store(h->inode_table_offset, 8, 64);
    expect_refusal(-EUCLEAN, "the inode table lies in the header");
    *h = good;
    builder_store(h->inode_table_offset, 8, IMAGE_SIZE - 31);
    expect_refusal(-EUCLEAN, past);
    *h = good;
    builder_store(h->inode_table_offset, 8, UINT64_MAX);
    expect_refusal(-EUCLEAN, past);
    *h = good;
    builder_store(h->inode_table_size, 8, UINT64_MAX);
    expect_refusal(-EUCLEAN, past);
}

/* Two inodes behind 16-byte slots. */
static void
test_wide_slots_are_recognised(void **state)
{
    struct eclipsefs_wide_slot *slots =
        (struct eclipsefs_wide_slot *)(b.image + BUILDER_TABLE);

    (void)state;
    builder_store(builder_header(&b)->total_inodes, 4, 2);
    builder_file(&b, 1, "x", 1);
    memset(slots, 0, 2 * sizeof *slots);
    builder_store(slots[0].inode, 8, 1);
    builder_store(slots[1].inode, 8, 2);
    builder_store(slots[1].offset, 8, 200);
    expect_refusal(-EOPNOTSUPP,
                   "eclipsefs with 16-byte inode table entries is not "
                   "supported");
}

/* A table with as many spare slots as used ones has the size that wide slots
 * would need. */
static void
test_spare_slots_are_no_wide_slots(void **state)
{
    struct efs_node node;

    (void)state;
    builder_store(builder_header(&b)->total_inodes, 4, 2);
    builder_dir1(&b, 1, "f", 2);
    builder_file(&b, 2, "x", 1);
    assert_int_equal(read_node(2, &node), 0);
    assert_int_equal(node.data_len, 1);
    assert_int_equal(efs_node_read(&fs, 3, &node), -EUCLEAN);

    /* Read as one wide slot, the first two lead to record 1. */
    builder_free(&b);
    builder_init(&b, IMAGE_SIZE, 2);
    builder_store(builder_header(&b)->total_inodes, 4, 1);
    builder_file(&b, 1, "x", 1);
    assert_int_equal(read_node(1, &node), 0);
}

/* ---- Records ---- */

static void
test_missing_tlvs_have_defaults(void **state)
{
    struct efs_node node;

    (void)state;
    builder_begin(&b, 1);
    builder_end(&b);
    assert_int_equal(read_node(1, &node), 0);
    assert_int_equal(node.type, ECLIPSEFS_FILE);
    assert_int_equal(node.mode, 0100644);
    assert_int_equal(node.nlink, 1);
    assert_int_equal(node.uid + node.gid, 0);
    assert_int_equal(node.size + node.atime + node.mtime + node.ctime, 0);
    assert_int_equal(node.data_len, 0);
}

/* Puts a record with every TLV there, and unknown ones, to where it starts at
 * `at`, and checks every field and byte. */
static void
check_full_record(uint64_t at)
{
    static const char data[] = "some content of an odd length";
    char copy[64];
    struct efs_node node;

    b.pos = at;
    builder_begin(&b, 2);
    builder_number(&b, ECLIPSEFS_NODE_TYPE, 1, ECLIPSEFS_FILE);
    builder_bytes(&b, 0x7fff, "??", 2);
    builder_number(&b, ECLIPSEFS_MODE, 4, 0104755);
    builder_number(&b, ECLIPSEFS_UID, 4, 0x11223344);
    builder_number(&b, ECLIPSEFS_GID, 4, 0x55667788);
    builder_bytes(&b, 0x0c, "", 0);
    builder_number(&b, ECLIPSEFS_SIZE, 8, 0x123456789abcdef0);
    builder_number(&b, ECLIPSEFS_ATIME, 8, 1ull << 40 | 1);
    builder_number(&b, ECLIPSEFS_MTIME, 8, 1ull << 41 | 2);
    builder_number(&b, ECLIPSEFS_CTIME, 8, 1ull << 42 | 3);
    builder_number(&b, ECLIPSEFS_NLINK, 4, 7);
    builder_bytes(&b, ECLIPSEFS_CONTENT, data, sizeof data);
    builder_end(&b);

    assert_int_equal(read_node(2, &node), 0);
    assert_int_equal(node.mode, 0104755);
    assert_int_equal(node.uid, 0x11223344);
    assert_int_equal(node.gid, 0x55667788);
    assert_int_equal(node.size, 0x123456789abcdef0);
    assert_int_equal(node.atime, 1ull << 40 | 1);
    assert_int_equal(node.mtime, 1ull << 41 | 2);
    assert_int_equal(node.ctime, 1ull << 42 | 3);
    assert_int_equal(node.nlink, 7);
    assert_int_equal(node.data_len, sizeof data);
    assert_int_equal(efs_file_read(&fs, &node, 0, copy, sizeof copy),
                     sizeof data);
    assert_memory_equal(copy, data, sizeof data);
}

/* Every byte of the record lies on a block boundary once. */
static void
test_records_straddle_blocks(void **state)
{
    (void)state;
    for (unsigned before = 0; before < 200; before++)
        check_full_record(3 * ECLIPSEFS_BLOCK_SIZE - before);
}

static void
test_last_tlv_counts_and_short_ones_do_not(void **state)
{
    struct efs_node node;

    (void)state;
    builder_begin(&b, 1);
    builder_number(&b, ECLIPSEFS_NLINK, 8, 1700000003);
    builder_number(&b, ECLIPSEFS_NLINK, 4, 5);
    builder_number(&b, ECLIPSEFS_NLINK, 3, 9);
    builder_number(&b, ECLIPSEFS_UID, 0, 0);
    builder_end(&b);
    assert_int_equal(read_node(1, &node), 0);
    assert_int_equal(node.nlink, 5);
    assert_int_equal(node.uid, 0);
}

/* A record of size bytes whose one TLV is said to be len long. */
static int
read_with_sizes(uint64_t size, uint32_t len)
{
    struct eclipsefs_record *record =
        (struct eclipsefs_record *)(b.image + BUILDER_TABLE + 32);
    struct eclipsefs_tlv *tlv = (struct eclipsefs_tlv *)(record + 1);
    struct efs_node node;

    b.pos = BUILDER_TABLE + 32;
    builder_begin(&b, 1);
    builder_bytes(&b, ECLIPSEFS_CONTENT, "0123456789", 10);
    builder_store(record->size, 4, size);
    builder_store(tlv->length, 4, len);
    return read_node(1, &node);
}

static void
test_bounds_of_records_and_tlvs(void **state)
{
    uint32_t room = IMAGE_SIZE - BUILDER_TABLE - 32;

    (void)state;
    assert_int_equal(read_with_sizes(24, 10), 0);
    assert_int_equal(read_with_sizes(24, 11), -EUCLEAN);
    assert_int_equal(read_with_sizes(24, UINT32_MAX), -EUCLEAN);
    assert_int_equal(read_with_sizes(29, 10), 0); /* five bytes: no TLV */
    assert_int_equal(read_with_sizes(7, 10), -EUCLEAN);
    assert_int_equal(read_with_sizes(8, 10), 0);
    assert_int_equal(read_with_sizes(0, 10), -EUCLEAN);
    assert_int_equal(read_with_sizes(room, room - 14), 0);
    assert_int_equal(read_with_sizes(room + 1, 10), -EUCLEAN);
    assert_int_equal(read_with_sizes(UINT32_MAX, 10), -EUCLEAN);
}

static void
test_slots_that_lie(void **state)
{
    struct eclipsefs_slot *slots =
        (struct eclipsefs_slot *)(b.image + BUILDER_TABLE);
    struct efs_node node;

    (void)state;
    builder_file(&b, 1, "x", 1);
    builder_store(slots[0].inode, 4, 77); /* which nobody looks at */
    assert_int_equal(read_node(1, &node), 0);
    assert_int_equal(read_node(2, &node), -EUCLEAN); /* leads to record 1 */
    assert_int_equal(read_node(0, &node), -EUCLEAN);
    assert_int_equal(read_node(5, &node), -EUCLEAN);
    assert_int_equal(read_node(UINT32_MAX, &node), -EUCLEAN);
    builder_store(slots[0].offset, 4, UINT32_MAX);
    assert_int_equal(read_node(1, &node), -EUCLEAN);
    builder_store(slots[0].offset, 4, IMAGE_SIZE - BUILDER_TABLE - 32 - 7);
    assert_int_equal(read_node(1, &node), -EUCLEAN);
    assert_int_equal(fs.complaints, 1);
}

static void
test_unknown_node_type(void **state)
{
    struct efs_node node;

    (void)state;
    builder_begin(&b, 1);
    builder_number(&b, ECLIPSEFS_NODE_TYPE, 1, 4);
    builder_end(&b);
    assert_int_equal(read_node(1, &node), -EUCLEAN);
}

static void
test_damage_is_logged_once(void **state)
{
    struct efs_node node;

    (void)state;
    assert_int_equal(read_node(9, &node), -EUCLEAN);
    assert_int_equal(fs.complaints, 1);
    assert_int_equal(efs_node_read(&fs, 9, &node), -EUCLEAN);
    assert_int_equal(fs.complaints, 1);
    for (uint32_t ino = 10; ino < 100; ino++)
        assert_int_equal(efs_node_read(&fs, ino, &node), -EUCLEAN);
    assert_int_equal(fs.complaints, EFS_COMPLAINTS_MAX + 1);
}

/* ---- Directories ---- */

static int
lookup(const struct efs_node *dir, const char *name)
{
    struct efs_link link;
    int err = efs_dir_lookup(&fs, dir, name, strlen(name), &link);
    return err ? err : (int)link.ino;
}

/* A directory as inode 1 with entries as told, put to start at `at`. */
static void
begin_directory(uint64_t at)
{
    b.pos = at;
    builder_begin(&b, 1);
    builder_number(&b, ECLIPSEFS_NODE_TYPE, 1, ECLIPSEFS_DIRECTORY);
    builder_open_entries(&b);
}

static void
end_directory(struct efs_node *dir)
{
    builder_close_entries(&b);
    builder_end(&b);
    assert_int_equal(read_node(1, dir), 0);
}

static void
test_entries_straddle_blocks(void **state)
{
    struct efs_node dir;

    (void)state;
    for (unsigned before = 0; before < 80; before++) {
        begin_directory(2 * ECLIPSEFS_BLOCK_SIZE - before);
        builder_entry(&b, "alpha", 2);
        builder_entry(&b, "beta-with-a-longer-name", 3);
        builder_entry(&b, "gamma", 4);
        end_directory(&dir);
        assert_int_equal(lookup(&dir, "alpha"), 2);
        assert_int_equal(lookup(&dir, "beta-with-a-longer-name"), 3);
        assert_int_equal(lookup(&dir, "gamma"), 4);
        assert_int_equal(lookup(&dir, "delta"), -ENOENT);
        assert_int_equal(lookup(&dir, "alph"), -ENOENT);
    }
}

static void
test_first_of_duplicates_and_hidden_names(void **state)
{
    char long_name[ECLIPSEFS_NAME_MAX + 2];
    struct efs_entry entry;
    struct efs_node dir;
    struct efs_dir d;
    unsigned hidden = 0, shown = 0;

    (void)state;
    memset(long_name, 'n', sizeof long_name);
    long_name[ECLIPSEFS_NAME_MAX + 1] = '\0';
    begin_directory(b.pos);
    builder_entry(&b, "", 2);
    builder_entry(&b, ".", 2);
    builder_entry(&b, "..", 2);
    builder_entry(&b, "a/b", 2);
    builder_raw_entry(&b, "a\0b", 3, 2);
    builder_entry(&b, long_name, 2);
    builder_entry(&b, "twice", 3);
    builder_entry(&b, "twice", 4);
    builder_entry(&b, long_name + 1, 4);
    builder_entry(&b, "...", 3);
    end_directory(&dir);

    assert_int_equal(lookup(&dir, "twice"), 3);
    assert_int_equal(lookup(&dir, "..."), 3);
    assert_int_equal(lookup(&dir, long_name + 1), 4);
    assert_int_equal(lookup(&dir, long_name), -ENOENT);
    assert_int_equal(lookup(&dir, ".."), -ENOENT);
    assert_int_equal(lookup(&dir, "a/b"), -ENOENT);
    assert_int_equal(lookup(&dir, ""), -ENOENT);

    efs_dir_open(&d, &fs, &dir, 0);
    while (efs_dir_next(&d, &entry) > 0)
        entry.hidden ? hidden++ : shown++;
    efs_dir_close(&d);
    assert_int_equal(hidden, 6);
    assert_int_equal(shown, 4);
}

static void
test_damaged_list_is_readable_up_to_the_damage(void **state)
{
    struct eclipsefs_dirent *second;
    struct efs_node dir;
    struct efs_entry entry;
    struct efs_dir d;

    (void)state;
    begin_directory(b.pos);
    builder_entry(&b, "first", 2);
    second = (struct eclipsefs_dirent *)(b.image + b.pos);
    builder_entry(&b, "second", 3);
    end_directory(&dir);
    assert_int_equal(lookup(&dir, "second"), 3);

    builder_store(second->name_len, 4, 7);
    builder_disk(&b);
    assert_int_equal(lookup(&dir, "first"), 2);
    assert_int_equal(lookup(&dir, "second"), -EUCLEAN);
    efs_dir_open(&d, &fs, &dir, 0);
    assert_int_equal(efs_dir_next(&d, &entry), 1);
    assert_int_equal(efs_dir_next(&d, &entry), -EUCLEAN);
    efs_dir_close(&d);

    dir.data_len -= sizeof *second; /* now it ends within the second head */
    assert_int_equal(lookup(&dir, "second"), -EUCLEAN);
}

static void
test_dangling_entries(void **state)
{
    struct efs_node dir;

    (void)state;
    begin_directory(b.pos);
    builder_entry(&b, "zero", 0);
    builder_entry(&b, "last", 4);
    builder_entry(&b, "past", 5);
    builder_entry(&b, "far", UINT32_MAX);
    end_directory(&dir);
    assert_int_equal(lookup(&dir, "zero"), -EUCLEAN);
    assert_int_equal(lookup(&dir, "last"), 4);
    assert_int_equal(lookup(&dir, "past"), -EUCLEAN);
    assert_int_equal(lookup(&dir, "far"), -EUCLEAN);
    assert_int_equal(fs.complaints, 3);
}

#define MANY 20000u

static void
test_large_directory(void **state)
{
    struct efs_node dir;
    struct efs_entry entry;
    struct efs_dir d;
    char name[32];
    unsigned seen = 0;

    (void)state;
    builder_free(&b);
    builder_init(&b, 1u << 20, 4);
    begin_directory(b.pos);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "entry-%u", i * 7919);
        builder_entry(&b, name, 2 + i % 3);
    }
    end_directory(&dir);
    snprintf(name, sizeof name, "entry-%u", (MANY - 1) * 7919);
    assert_int_equal(lookup(&dir, name), 2 + (MANY - 1) % 3);
    assert_int_equal(lookup(&dir, "entry-0"), 2);
    assert_int_equal(lookup(&dir, "entry-1"), -ENOENT);

    /* Reopened at every entry, as getdents64 with a small buffer does. */
    for (uint32_t pos = 0;; pos = entry.next, seen++) {
        efs_dir_open(&d, &fs, &dir, pos);
        int found = efs_dir_next(&d, &entry);
        efs_dir_close(&d);
        if (found == 0)
            break;
        assert_int_equal(found, 1);
        assert_int_equal(entry.link.pos, pos);
    }
    assert_int_equal(seen, MANY);
}

/* ---- Files ---- */

static void
test_reading_at_any_offset(void **state)
{
    static uint8_t data[20011], piece[6000];
    static const size_t lengths[] = {1, 2, 7, 511, 4095, 4096, 4097, 5999};
    struct efs_node node;

    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 31 + i / 256);
    builder_file(&b, 1, data, sizeof data);
    assert_int_equal(read_node(1, &node), 0);
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
        for (size_t at = 0; at < sizeof data + 10; at += lengths[i] + 13) {
            size_t left = at < sizeof data ? sizeof data - at : 0;
            size_t expected = MIN(lengths[i], left);
            assert_int_equal(efs_file_read(&fs, &node, at, piece, lengths[i]),
                             expected);
            assert_memory_equal(piece, data + MIN(at, sizeof data), expected);
        }
    assert_int_equal(efs_file_read(&fs, &node, UINT64_MAX, piece, 10), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_header_is_accepted),
        TEST(test_header_checksum_is_the_originals),
        TEST(test_header_is_refused),
        TEST(test_table_is_refused),
        TEST(test_wide_slots_are_recognised),
        TEST(test_spare_slots_are_no_wide_slots),
        TEST(test_missing_tlvs_have_defaults),
        TEST(test_records_straddle_blocks),
        TEST(test_last_tlv_counts_and_short_ones_do_not),
        TEST(test_bounds_of_records_and_tlvs),
        TEST(test_slots_that_lie),
        TEST(test_unknown_node_type),
        TEST(test_damage_is_logged_once),
        TEST(test_entries_straddle_blocks),
        TEST(test_first_of_duplicates_and_hidden_names),
        TEST(test_damaged_list_is_readable_up_to_the_damage),
        TEST(test_dangling_entries),
        TEST(test_large_directory),
        TEST(test_reading_at_any_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
