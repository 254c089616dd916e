/* What the journal does, one thing at a time; test_journal_crash.c has it all
 * at once. */
// SOURCES: kernel/fs/journal.c kernel/fs/journal_log.c kernel/fs/blockio.c
// SOURCES: kernel/fs/bcache.c kernel/fs/buf.c kernel/fs/readahead.c
// SOURCES: kernel/dev/blockdev.c kernel/lib/crc32c.c mkfs/host_kernel.c
// SOURCES: mkfs/format_journal.c tests/host/crash_disk.c
// LIBS: -Wl,--wrap=kzalloc

#include "fs/journal.h"

#include "abi/eclipsefs.h"
#include "abi/errno.h"
#include "crash_disk.h"
#include "format.h"
#include "host_kernel.h"
#include "lib/bits.h"
#include "lib/crc32c.h"
#include "mm/slab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LOG_START  5u
#define LOG_BLOCKS 200u
#define LOG_MAX    ((LOG_BLOCKS - 1) / 2 - 2) /* blocks of a transaction */
#define FIRST      (LOG_START + LOG_BLOCKS)
#define BLOCKS     200u

static struct crash_disk disk;
static struct journal *journal;
static uint8_t image[(FIRST + BLOCKS) * BLOCK_SIZE];
static unsigned closed, committed, failed;
static bool no_memory;

void *__wrap_kzalloc(size_t size);
void *__real_kzalloc(size_t size);

void *
__wrap_kzalloc(size_t size)
{
    return no_memory ? NULL : __real_kzalloc(size);
}

static void
on_closed(void *owner)
{
    assert_ptr_equal(owner, &disk);
    closed++;
}

static void
on_committed(void *owner)
{
    (void)owner;
    assert_int_equal(++committed, closed);
}

static void
on_failed(void *owner, int error)
{
    (void)owner;
    assert_int_equal(error, -EIO);
    failed++;
}

static const struct journal_ops ops = {on_closed, on_committed, on_failed};

static int
open_journal(bool read_only)
{
    return journal_open(&disk.dev, LOG_START, LOG_BLOCKS, read_only, &ops,
                        &disk, &journal);
}

static int
setup(void **state)
{
    (void)state;
    crash_disk_free(&disk);
    crash_disk_init(&disk, sizeof image);
    bcache_init(4096);
    no_memory = false;
    closed = committed = failed = 0;
    assert_int_equal(format_journal(&disk.dev, LOG_START, LOG_BLOCKS), 0);
    assert_int_equal(open_journal(false), 0);
    return 0;
}

/* The power goes: what was flushed is left, and with all, the rest too. */
static void
lose_power(bool all)
{
    journal_close(journal);
    crash_disk_cut(&disk, disk.count, all, image);
    crash_disk_load(&disk, image);
}

static void
seal(uint8_t *block)
{
    block[BLOCK_SIZE - 1] = 's';
}

static void
edit(unsigned block, uint8_t content, journal_seal how)
{
    struct buf *buf;

    assert_int_equal(bcache_get(&disk.dev, block, &buf), 0);
    uint8_t *bytes = journal_edit(journal, buf, how);
    assert_non_null(bytes);
    memset(bytes, content, BLOCK_SIZE - 1);
    bcache_put(buf);
}

/* A change of count blocks; and the same, committed. */
static void
change(unsigned block, unsigned count, uint8_t content)
{
    assert_int_equal(journal_begin(journal), 0);
    for (unsigned i = 0; i < count; i++)
        edit(block + i, content, NULL);
    journal_end(journal);
}

static void
commit(unsigned block, unsigned count, uint8_t content)
{
    change(block, count, content);
    assert_int_equal(journal_commit(journal), 0);
}

static uint8_t
cached(unsigned block)
{
    struct buf *buf;

    assert_int_equal(bcache_get(&disk.dev, block, &buf), 0);
    uint8_t content = bcache_data(buf)[100];
    bcache_put(buf);
    return content;
}

static uint8_t *
placed(unsigned block)
{
    return disk.now + (size_t)block * BLOCK_SIZE;
}

/* ---- Commits ---- */

static void
test_a_block_goes_to_its_place_late(void **state)
{
    (void)state;
    change(FIRST, 2, 'a');
    assert_int_equal(cached(FIRST), 'a');
    unsigned events = disk.count;
    assert_int_equal(journal_commit(journal), 0);
    assert_int_equal(disk.count, events + 2); /* one write, one flush */
    assert_int_equal(placed(FIRST)[0], 0);

    bcache_drop(&disk.dev); /* it is held */
    assert_int_equal(cached(FIRST + 1), 'a');
    assert_int_equal(journal_flush(journal), 0);
    assert_int_equal(placed(FIRST)[0], 'a');

    lose_power(false);
    assert_int_equal(open_journal(false), 0);
    assert_int_equal(cached(FIRST + 1), 'a');
    journal_close(journal);
}

static void
test_changes_share_a_commit(void **state)
{
    (void)state;
    change(FIRST, 3, 'a');
    change(FIRST + 2, 3, 'b');
    assert_int_equal(journal_commit(journal), 0);
    assert_int_equal(committed, 1);
    lose_power(false);
    assert_int_equal(open_journal(true), 1);
    assert_int_equal(cached(FIRST + 1), 'a');
    assert_int_equal(cached(FIRST + 4), 'b');
    journal_close(journal);
}

/* Who has written data where it was before wants just that flushed. */
static void
test_a_commit_of_nothing_flushes(void **state)
{
    (void)state;
    commit(FIRST, 1, 'a');
    unsigned events = disk.count;
    assert_int_equal(journal_commit(journal), 0);
    assert_int_equal(disk.count, events + 1);
    assert_int_equal(disk.events[events].op, BLK_FLUSH);
    assert_int_equal(committed, 1);
    journal_close(journal);
}

static void
test_what_was_not_committed_is_gone(void **state)
{
    (void)state;
    commit(FIRST, 1, 'a');
    change(FIRST, 2, 'b');
    lose_power(false);
    assert_int_equal(open_journal(false), 1);
    assert_int_equal(placed(FIRST)[0], 'a');
    assert_int_equal(placed(FIRST + 1)[0], 0);
    journal_close(journal);
}

static void
test_a_change_waits_for_room(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++)
        change(FIRST + i * 3 % 160, JOURNAL_CREDITS, (uint8_t)(i + 1));
    assert_in_range(committed, 2, 39);
    assert_int_equal(journal_flush(journal), 0);
    for (unsigned b = 0; b < JOURNAL_CREDITS; b++)
        assert_int_equal(placed(FIRST + 39 * 3 + b)[0], 40);
    journal_close(journal);
}

/* As many blocks as a transaction can have; one more begins the next. */
static void
test_largest_transaction(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LOG_MAX - JOURNAL_CREDITS; i++)
        change(FIRST + i, 1, 'm');
    change(FIRST + LOG_MAX - JOURNAL_CREDITS, JOURNAL_CREDITS, 'm');
    assert_int_equal(committed, 0);
    change(FIRST + LOG_MAX, 1, 'm');
    assert_int_equal(committed, 1);
    assert_int_equal(placed(FIRST)[0], 0);
    lose_power(false);
    assert_int_equal(open_journal(false), 1);
    for (unsigned i = 0; i < LOG_MAX; i++)
        assert_int_equal(placed(FIRST + i)[0], 'm');
    assert_int_equal(placed(FIRST + LOG_MAX)[0], 0);
    journal_close(journal);
}

/* Data that metadata will point to is flushed before. */
static void
test_data_comes_first(void **state)
{
    (void)state;
    assert_int_equal(journal_begin(journal), 0);
    edit(FIRST, 'a', NULL);
    journal_after_data(journal);
    journal_end(journal);
    unsigned events = disk.count;
    assert_int_equal(journal_commit(journal), 0);
    assert_int_equal(disk.count, events + 3);
    assert_int_equal(disk.events[events].op, BLK_FLUSH);
    commit(FIRST, 1, 'b');
    assert_int_equal(disk.count, events + 5);
    journal_close(journal);
}

static void
test_a_disk_without_flushes(void **state)
{
    (void)state;
    disk.dev.can_flush = false;
    change(FIRST, 1, 'a');
    unsigned events = disk.count;
    assert_int_equal(journal_flush(journal), 0);
    assert_int_equal(disk.count, events + 3); /* log, place, head */
    journal_close(journal);
}

/* ---- Undoing ---- */

static void
test_cancel(void **state)
{
    (void)state;
    change(FIRST, 1, 'a');
    assert_int_equal(journal_begin(journal), 0);
    edit(FIRST, 'b', seal);
    edit(FIRST, 'c', seal);
    edit(FIRST + 1, 'b', seal);
    journal_revoke(journal, FIRST);
    journal_cancel(journal);
    assert_int_equal(cached(FIRST), 'a');
    assert_int_equal(cached(FIRST + 1), 0);
    assert_int_equal(journal_flush(journal), 0);
    assert_int_equal(placed(FIRST)[BLOCK_SIZE - 1], 0); /* and no seal */
    lose_power(false);
    assert_int_equal(open_journal(true), 0);
    journal_close(journal);
}

/* What is committed and not in its place stays so. */
static void
test_cancel_of_a_committed_block(void **state)
{
    (void)state;
    commit(FIRST, 2, 'a');
    assert_int_equal(journal_begin(journal), 0);
    edit(FIRST, 'b', NULL);
    journal_revoke(journal, FIRST + 1);
    journal_cancel(journal);
    commit(FIRST + 2, 1, 'c');
    lose_power(false);
    assert_int_equal(open_journal(false), 2);
    assert_int_equal(placed(FIRST)[0], 'a');
    assert_int_equal(placed(FIRST + 1)[0], 'a');
    journal_close(journal);
}

static void
test_without_memory(void **state)
{
    struct buf *buf;

    (void)state;
    assert_int_equal(bcache_get(&disk.dev, FIRST + 1, &buf), 0);
    assert_int_equal(journal_begin(journal), 0);
    edit(FIRST, 'a', NULL);
    no_memory = true;
    assert_null(journal_edit(journal, buf, NULL));
    edit(FIRST, 'b', NULL);
    no_memory = false;
    journal_cancel(journal);
    bcache_put(buf);
    unsigned events = disk.count;
    assert_int_equal(journal_flush(journal), 0);
    assert_int_equal(disk.count, events + 1); /* a flush */
    journal_close(journal);
    no_memory = true;
    assert_int_equal(open_journal(false), -ENOMEM);
}

static void
test_seal(void **state)
{
    (void)state;
    assert_int_equal(journal_begin(journal), 0);
    edit(FIRST, 'a', seal);
    journal_end(journal);
    assert_int_equal(journal_flush(journal), 0);
    assert_int_equal(placed(FIRST)[BLOCK_SIZE - 1], 's');
    journal_close(journal);
}

/* ---- Revoking ---- */

static void
revoke(unsigned block)
{
    assert_int_equal(journal_begin(journal), 0);
    journal_revoke(journal, block);
    journal_end(journal);
    assert_int_equal(journal_commit(journal), 0);
}

static void
write_data(unsigned block, uint8_t content)
{
    uint8_t *bytes = malloc(BLOCK_SIZE);

    memset(bytes, content, BLOCK_SIZE);
    assert_int_equal(
        blockdev_transfer(&disk.dev, BLK_WRITE, block * 8, bytes, BLOCK_SIZE),
        0);
    free(bytes);
}

static void
test_replay_spares_revoked_blocks(void **state)
{
    (void)state;
    commit(FIRST, 2, 'a');
    revoke(FIRST);
    write_data(FIRST, 'd');
    lose_power(true);
    assert_int_equal(open_journal(true), 2);
    assert_int_equal(cached(FIRST), 'd');
    assert_int_equal(cached(FIRST + 1), 'a');
    journal_close(journal);
    assert_int_equal(open_journal(false), 2);
    assert_int_equal(placed(FIRST)[0], 'd');
    assert_int_equal(placed(FIRST + 1)[0], 'a');
    journal_close(journal);
}

static void
test_checkpoint_spares_revoked_blocks(void **state)
{
    (void)state;
    commit(FIRST, 2, 'a');
    revoke(FIRST);
    write_data(FIRST, 'd');
    assert_int_equal(journal_flush(journal), 0);
    assert_int_equal(placed(FIRST)[0], 'd');
    assert_int_equal(placed(FIRST + 1)[0], 'a');
    journal_close(journal);
}

/* Freed, and metadata again: the later content counts. */
static void
test_a_revoked_block_comes_back(void **state)
{
    (void)state;
    commit(FIRST, 1, 'a');
    revoke(FIRST);
    commit(FIRST, 1, 'b');
    lose_power(false);
    assert_int_equal(open_journal(false), 3);
    assert_int_equal(placed(FIRST)[0], 'b');
    journal_close(journal);
}

static void
test_revoking_what_is_not_in_the_log(void **state)
{
    (void)state;
    change(FIRST, 1, 'a');
    assert_int_equal(journal_begin(journal), 0);
    edit(FIRST + 1, 'a', NULL);
    journal_revoke(journal, FIRST);
    journal_revoke(journal, FIRST + 1);
    journal_revoke(journal, FIRST + 2);
    journal_end(journal);
    unsigned events = disk.count;
    assert_int_equal(journal_flush(journal), 0);
    assert_int_equal(disk.count, events + 1); /* a flush */
    journal_close(journal);
}

/* ---- Logs that are not as written ---- */

static uint8_t *
log_block(unsigned i)
{
    return image + (size_t)(LOG_START + i) * BLOCK_SIZE;
}

/* Three transactions of one block: blocks 1 to 9 of the log. */
static void
fill_log(void)
{
    for (unsigned i = 0; i < 3; i++)
        commit(FIRST + i, 1, 'a' + i);
    lose_power(true);
}

/* Sets the commit block's checksum right for the blocks from first to it. */
static void
fix_commit(unsigned first, unsigned last)
{
    struct efsx_journal_commit *commit = (void *)log_block(last);
    le32_store(commit->checksum,
               crc32c(0, log_block(first), (last - first) * BLOCK_SIZE));
}

static int
open_image(bool read_only)
{
    crash_disk_load(&disk, image);
    return open_journal(read_only);
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
            assert_int_equal(open_image(true), unused ? 3 : 1);
            journal_close(journal);
            log_block(i)[at] ^= 0x10;
        }
}

/* Its number is not used again, nor are those behind it: else what follows a
 * new transaction could be taken for the next one. */
static void
test_numbers_are_not_used_twice(void **state)
{
    (void)state;
    fill_log();
    log_block(6)[0] ^= 1;
    assert_int_equal(open_image(false), 1);
    commit(FIRST + 10, 4, 'x');
    lose_power(true);
    assert_int_equal(open_journal(true), 1);
    assert_int_equal(cached(FIRST + 13), 'x');
    assert_int_equal(cached(FIRST + 2), 0);
    journal_close(journal);
}

static void
test_nonsense_with_a_right_checksum(void **state)
{
    const uint32_t wrong[] = {LOG_START, LOG_START + LOG_BLOCKS - 1,
                              FIRST + BLOCKS, UINT32_MAX};
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
    le32_store(descriptor->count, LOG_BLOCKS - 5);
    assert_int_equal(open_image(true), 1);
    journal_close(journal);
    le32_store(descriptor->count, 1);
    le32_store(descriptor->revoked, UINT32_MAX);
    fix_commit(4, 6);
    assert_int_equal(open_image(true), 1);
    journal_close(journal);
    le32_store(descriptor->revoked, EFSX_JOURNAL_TAGS - 1);
    fix_commit(4, 6);
    assert_int_equal(open_image(true), 3);
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
    assert_int_equal(journal_open(&disk.dev, LOG_START, JOURNAL_BLOCKS_MIN - 1,
                                  true, &ops, &disk, &journal),
                     -EUCLEAN);
    assert_int_equal(journal_open(&disk.dev, LOG_START, FIRST + BLOCKS - 4,
                                  true, &ops, &disk, &journal),
                     -EUCLEAN);
    assert_int_equal(journal_open(&disk.dev, UINT64_MAX, LOG_BLOCKS, true, &ops,
                                  &disk, &journal),
                     -EUCLEAN);
    crash_disk_load(&disk, image);
    disk.dev.read_only = true;
    assert_int_equal(open_journal(false), -EROFS);
    assert_int_equal(open_journal(true), 3);
    journal_close(journal);
}

/* Anything may be in the log, also with checksums made right. */
static void
test_random_damage(void **state)
{
    static uint8_t sound[sizeof image];
    uint32_t seed = 1;

    (void)state;
    fill_log();
    memcpy(sound, image, sizeof image);
    for (unsigned round = 0; round < 1500; round++) {
        memcpy(image, sound, sizeof image);
        for (unsigned n = 1 + crash_random(&seed, 4); n > 0; n--) {
            uint8_t *block = log_block(crash_random(&seed, 10));
            unsigned most = crash_random(&seed, 4) ? 40 : BLOCK_SIZE;
            block[crash_random(&seed, most)] =
                (uint8_t)crash_random(&seed, 256);
        }
        for (unsigned i = 1; crash_random(&seed, 2) && i < 10; i += 3)
            fix_commit(i, i + 2);
        bool read_only = crash_random(&seed, 2);
        int found = open_image(read_only);
        if (found < 0) {
            assert_int_equal(found, -EUCLEAN);
            continue;
        }
        assert_in_range(found, 0, 3);
        if (!read_only)
            change(FIRST, 3, 'z');
        assert_int_equal(journal_flush(journal), read_only ? -EROFS : 0);
        journal_close(journal);
    }
}

/* ---- Errors ---- */

static void
test_a_failed_commit(void **state)
{
    (void)state;
    commit(FIRST, 1, 'a');
    change(FIRST, 1, 'b');
    disk.fail_at = disk.count;
    assert_int_equal(journal_commit(journal), -EIO);
    assert_int_equal(failed, 1);
    assert_int_equal(committed, 1);
    assert_int_equal(journal_commit(journal), -EROFS);
    assert_int_equal(journal_flush(journal), -EROFS);
    assert_int_equal(journal_begin(journal), -EROFS);
    assert_int_equal(cached(FIRST), 'b');
    assert_int_equal(failed, 1);
    journal_close(journal);
    assert_int_equal(open_journal(false), 1);
    assert_int_equal(cached(FIRST), 'a');
    journal_close(journal);
}

static int
teardown(void **state)
{
    (void)state;
    crash_disk_free(&disk);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_block_goes_to_its_place_late, setup),
        cmocka_unit_test_setup(test_changes_share_a_commit, setup),
        cmocka_unit_test_setup(test_a_commit_of_nothing_flushes, setup),
        cmocka_unit_test_setup(test_what_was_not_committed_is_gone, setup),
        cmocka_unit_test_setup(test_a_change_waits_for_room, setup),
        cmocka_unit_test_setup(test_largest_transaction, setup),
        cmocka_unit_test_setup(test_data_comes_first, setup),
        cmocka_unit_test_setup(test_a_disk_without_flushes, setup),
        cmocka_unit_test_setup(test_cancel, setup),
        cmocka_unit_test_setup(test_cancel_of_a_committed_block, setup),
        cmocka_unit_test_setup(test_without_memory, setup),
        cmocka_unit_test_setup(test_seal, setup),
        cmocka_unit_test_setup(test_replay_spares_revoked_blocks, setup),
        cmocka_unit_test_setup(test_checkpoint_spares_revoked_blocks, setup),
        cmocka_unit_test_setup(test_a_revoked_block_comes_back, setup),
        cmocka_unit_test_setup(test_revoking_what_is_not_in_the_log, setup),
        cmocka_unit_test_setup(test_a_damaged_transaction_ends_the_log, setup),
        cmocka_unit_test_setup(test_numbers_are_not_used_twice, setup),
        cmocka_unit_test_setup(test_nonsense_with_a_right_checksum, setup),
        cmocka_unit_test_setup(test_a_wrong_head, setup),
        cmocka_unit_test_setup(test_random_damage, setup),
        cmocka_unit_test_setup(test_a_failed_commit, setup),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
