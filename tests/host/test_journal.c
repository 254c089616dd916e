/* What the journal does, one thing at a time; test_journal_crash.c has it all
 * at once, test_journal_damage.c what a disk can hold. */
// SOURCES: kernel/fs/journal.c kernel/fs/journal_log.c kernel/fs/blockio.c
// SOURCES: kernel/fs/bcache.c kernel/fs/buf.c kernel/fs/readahead.c
// SOURCES: kernel/dev/blockdev.c kernel/lib/crc32c.c mkfs/host_kernel.c
// SOURCES: mkfs/format_journal.c tests/host/crash_disk.c
// SOURCES: tests/host/journal_rig.c
// LIBS: -Wl,--wrap=kzalloc

#include "journal_rig.h"

#include "abi/errno.h"

static void
seal(uint8_t *block)
{
    block[BLOCK_SIZE - 1] = 's';
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
    struct bcache_stats stats;
    bcache_drop(&disk.dev);
    bcache_get_stats(&stats);
    assert_int_equal(stats.blocks, 0);

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

/* As many blocks as a transaction can have; one more begins the next. Two of
 * them fill the log. */
static void
test_largest_transaction(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < LOG_MAX - JOURNAL_CREDITS; i++)
            change(FIRST + i, 1, (uint8_t)('a' + round));
        change(FIRST + LOG_MAX - JOURNAL_CREDITS, JOURNAL_CREDITS, 'm');
        assert_int_equal(committed, 2 * round);
        commit(FIRST + LOG_MAX, 1, (uint8_t)('A' + round));
        assert_int_equal(committed, 2 * round + 2);
    }
    lose_power(false);
    assert_true(open_journal(false) >= 0);
    for (unsigned i = 0; i < LOG_MAX - JOURNAL_CREDITS; i++)
        assert_int_equal(placed(FIRST + i)[0], 'e');
    assert_int_equal(placed(FIRST + LOG_MAX)[0], 'E');
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

/* More than one descriptor has room for. */
static void
test_revoking_many(void **state)
{
    const unsigned most = 1200;

    (void)state;
    make_journal(2 * most);
    for (unsigned i = 0; i < most; i += JOURNAL_CREDITS)
        change(FIRST + i, JOURNAL_CREDITS, 'a');
    assert_int_equal(journal_commit(journal), 0);
    unsigned before = committed;
    for (unsigned i = 0; i < most; i += JOURNAL_CREDITS) {
        assert_int_equal(journal_begin(journal), 0);
        for (unsigned k = 0; k < JOURNAL_CREDITS; k++)
            journal_revoke(journal, FIRST + i + k);
        journal_end(journal);
    }
    assert_int_equal(committed, before + 1);
    assert_int_equal(journal_commit(journal), 0);
    lose_power(false);
    assert_true(open_journal(false) > 2);
    for (unsigned i = 0; i < most; i++)
        assert_int_equal(placed(FIRST + i)[0], 0);
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
        cmocka_unit_test(test_revoking_many),
        cmocka_unit_test_setup(test_revoking_what_is_not_in_the_log, setup),
        cmocka_unit_test_setup(test_a_failed_commit, setup),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
