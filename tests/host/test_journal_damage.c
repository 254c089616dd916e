/* Journals that are not as they were written: whatever a log holds, it is
 * replayed as far as it is sound, or refused. */
// SOURCES: kernel/fs/journal.c kernel/fs/journal_log.c kernel/fs/blockio.c
// SOURCES: kernel/fs/bcache.c kernel/fs/buf.c kernel/fs/readahead.c
// SOURCES: kernel/dev/blockdev.c kernel/lib/crc32c.c mkfs/host_kernel.c
// SOURCES: mkfs/format_journal.c tests/host/crash_disk.c
// SOURCES: tests/host/journal_rig.c
// LIBS: -Wl,--wrap=kzalloc

#include "journal_rig.h"

#include "abi/eclipsefs.h"
#include "abi/errno.h"
#include "lib/bits.h"
#include "lib/crc32c.h"

static uint8_t *
log_block(unsigned i)
{
    return image + (size_t)(LOG_START + i) * BLOCK_SIZE;
}

/* Four transactions of one block: blocks 1 to 12 of the log. */
static void
fill_log(void)
{
    for (unsigned i = 0; i < 4; i++)
        commit(FIRST + i, 1, 'a' + i);
    lose_power(true);
}

/* Sets the commit block's checksum right for the blocks from first to it. */
static void
fix_commit(unsigned first, unsigned last)
{
    struct efsx_journal_commit *commit = (void *)log_block(last);
    uint64_t sum = 0;

    for (unsigned i = first; i < last; i++)
        for (unsigned at = 0; at < BLOCK_SIZE; at += 8) {
            sum =
                (sum ^ le64_load(log_block(i) + at)) * EFSX_JOURNAL_MULTIPLIER;
            sum ^= sum >> 32;
        }
    le64_store(commit->checksum, sum);
}

static void
test_a_damaged_transaction_ends_the_log(void **state)
{
    (void)state;
    fill_log();
    for (unsigned i = 4; i <= 6; i++)
        for (unsigned at = 0; at < sizeof(struct efsx_journal_descriptor);
             at++) {
            log_block(i)[at] ^= 0x10;
            bool unused = i == 6 && at >= sizeof(struct efsx_journal_commit);
            assert_int_equal(open_image(true), unused ? 4 : 1);
            journal_close(journal);
            log_block(i)[at] ^= 0x10;
        }
}

/* Ends a block in its own checksum, as blocks of metadata do. */
static void
seal(uint8_t *block)
{
    le32_store(block + BLOCK_SIZE - 4, crc32c(0, block, BLOCK_SIZE - 4));
}

/* What is missing in the log may be, at its place, a block of an earlier
 * transaction, which is sound in itself. */
static void
test_a_sound_block_of_another_transaction(void **state)
{
    (void)state;
    assert_int_equal(journal_begin(journal), 0);
    edit(FIRST, 'a', seal);
    edit(FIRST + 1, 'b', seal);
    journal_end(journal);
    assert_int_equal(journal_commit(journal), 0);
    lose_power(true);
    assert_int_equal(open_image(true), 1);
    journal_close(journal);
    for (unsigned i = 2; i <= 3; i++) {
        uint8_t *block = log_block(i);
        memset(block, 'c', BLOCK_SIZE - 4);
        seal(block);
        assert_int_equal(open_image(true), 0);
        journal_close(journal);
        memset(block, 'a' + (int)i - 2, BLOCK_SIZE - 4);
        seal(block);
    }
    assert_int_equal(open_image(true), 1);
    journal_close(journal);
}

/* Its number is not used again, nor are those behind it: else what follows a
 * new transaction could be taken for the next one. */
static void
test_numbers_are_not_used_twice(void **state)
{
    (void)state;
    for (unsigned blocks = 4; blocks <= 7; blocks += 3) {
        make_journal(200);
        fill_log();
        log_block(6)[0] ^= 1;
        assert_int_equal(open_image(false), 1);
        commit(FIRST + 10, blocks, 'x'); /* as long as two, or three, of them */
        lose_power(true);
        assert_int_equal(open_journal(false), 1);
        assert_int_equal(cached(FIRST + 10), 'x');
        assert_int_equal(cached(FIRST + 2), 0);
        assert_int_equal(cached(FIRST + 3), 0);
        journal_close(journal);
    }
}

static void
test_nonsense_with_a_right_checksum(void **state)
{
    const uint32_t wrong[] = {LOG_START, LOG_START + log_blocks - 1,
                              FIRST + log_blocks, UINT32_MAX};
    struct efsx_journal_descriptor *descriptor = (void *)log_block(4);
    uint8_t *tag = (uint8_t *)(descriptor + 1);

    (void)state;
    fill_log();
    for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
        le32_store(tag, wrong[i]);
        fix_commit(4, 6);
        assert_int_equal(open_image(true), -EUCLEAN);
        assert_int_equal(open_image(false), -EUCLEAN);
        assert_int_equal(disk.count, 0);
    }
    le32_store(tag, FIRST);
    fix_commit(4, 6);
    le32_store(descriptor->count, EFSX_JOURNAL_TAGS + 1);
    assert_int_equal(open_image(true), 1);
    journal_close(journal);
    le32_store(descriptor->count, log_blocks - 5);
    assert_int_equal(open_image(true), 1);
    journal_close(journal);
    le32_store(descriptor->count, 1);
    le32_store(descriptor->revoked, UINT32_MAX);
    fix_commit(4, 6);
    assert_int_equal(open_image(true), 1);
    journal_close(journal);
    le32_store(descriptor->revoked, EFSX_JOURNAL_TAGS - 1);
    fix_commit(4, 6);
    assert_int_equal(open_image(true), 4);
    journal_close(journal);
}

/* It would end right behind the journal. */
static void
test_a_transaction_too_long_for_the_log(void **state)
{
    struct efsx_journal_descriptor *descriptor = (void *)log_block(1);

    (void)state;
    fill_log();
    memcpy(log_block(log_blocks), log_block(3), BLOCK_SIZE);
    le32_store(descriptor->count, log_blocks - 2);
    fix_commit(1, log_blocks);
    assert_int_equal(open_image(true), 0);
    journal_close(journal);
    memcpy(log_block(log_blocks - 1), log_block(3), BLOCK_SIZE);
    le32_store(descriptor->count, log_blocks - 3);
    fix_commit(1, log_blocks - 1);
    assert_int_equal(open_image(true), 1);
    journal_close(journal);
}

static void
test_a_wrong_head(void **state)
{
    (void)state;
    fill_log();
    for (unsigned at = 0; at < sizeof(struct efsx_journal_head); at++) {
        log_block(0)[at] ^= 4;
        assert_int_equal(open_image(false), -EUCLEAN);
        log_block(0)[at] ^= 4;
    }
    crash_disk_load(&disk, image);
    disk.dev.read_only = true;
    assert_int_equal(open_journal(false), -EROFS);
    assert_int_equal(open_journal(true), 4);
    journal_close(journal);
}

/* A descriptor of more blocks than it has numbers for. */
static void
test_too_many_numbers(void **state)
{
    struct efsx_journal_descriptor *descriptor;

    (void)state;
    make_journal(EFSX_JOURNAL_TAGS + 100);
    fill_log();
    descriptor = (void *)log_block(4);
    le32_store(descriptor->count, EFSX_JOURNAL_TAGS + 1);
    memcpy(log_block(4 + EFSX_JOURNAL_TAGS + 2), log_block(6), BLOCK_SIZE);
    fix_commit(4, 4 + EFSX_JOURNAL_TAGS + 2);
    assert_int_equal(open_image(true), 1);
    journal_close(journal);
    le32_store(descriptor->count, EFSX_JOURNAL_TAGS);
    memcpy(log_block(4 + EFSX_JOURNAL_TAGS + 1), log_block(6), BLOCK_SIZE);
    fix_commit(4, 4 + EFSX_JOURNAL_TAGS + 1);
    assert_int_equal(open_image(true), 2);
    journal_close(journal);
}

/* Anything may be in the log, also with checksums made right. */
static void
test_random_damage(void **state)
{
    uint8_t *sound = malloc(disk.size);
    uint32_t seed = 1;

    (void)state;
    fill_log();
    memcpy(sound, image, disk.size);
    for (unsigned round = 0; round < 1000; round++) {
        memcpy(image, sound, disk.size);
        for (unsigned n = 1 + crash_random(&seed, 4); n > 0; n--) {
            uint8_t *block = log_block(crash_random(&seed, 13));
            unsigned most = crash_random(&seed, 4) ? 40 : BLOCK_SIZE;
            block[crash_random(&seed, most)] =
                (uint8_t)crash_random(&seed, 256);
        }
        for (unsigned i = 1; crash_random(&seed, 2) && i < 13; i += 3)
            fix_commit(i, i + 2);
        bool read_only = crash_random(&seed, 2);
        int found = open_image(read_only);
        if (found < 0) {
            assert_int_equal(found, -EUCLEAN);
            continue;
        }
        assert_in_range(found, 0, 4);
        if (!read_only)
            change(FIRST, 3, 'z');
        assert_int_equal(journal_flush(journal), read_only ? -EROFS : 0);
        journal_close(journal);
    }
    free(sound);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_damaged_transaction_ends_the_log, setup),
        cmocka_unit_test_setup(test_a_sound_block_of_another_transaction,
                               setup),
        cmocka_unit_test(test_numbers_are_not_used_twice),
        cmocka_unit_test_setup(test_nonsense_with_a_right_checksum, setup),
        cmocka_unit_test_setup(test_a_transaction_too_long_for_the_log, setup),
        cmocka_unit_test(test_too_many_numbers),
        cmocka_unit_test_setup(test_a_wrong_head, setup),
        cmocka_unit_test_setup(test_random_damage, setup),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
