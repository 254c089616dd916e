/* The journal over a disk that loses its power, writes badly, or lies.
 *
 * A random workload changes, frees and reuses blocks, and records how all of
 * them are after each change. What is found after a crash must be one of
 * these states, and none older than what was promised by then. */
// SOURCES: kernel/fs/journal.c kernel/fs/journal_log.c kernel/fs/blockio.c
// SOURCES: kernel/fs/bcache.c kernel/fs/buf.c kernel/fs/readahead.c
// SOURCES: kernel/dev/blockdev.c kernel/lib/crc32c.c mkfs/host_kernel.c
// SOURCES: mkfs/format_journal.c tests/host/crash_disk.c

#include "fs/journal.h"

#include "abi/eclipsefs.h"
#include "abi/errno.h"
#include "crash_disk.h"
#include "format.h"
#include "host_kernel.h"
#include "lib/bits.h"
#include "lib/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LOG_START  3u
#define LOG_BLOCKS JOURNAL_BLOCKS_MIN
#define FIRST      (LOG_START + LOG_BLOCKS)
#define BLOCKS     48u /* under test, from FIRST on */
#define STATES     3000u
#define ANY        UINT32_MAX /* a free block has no content to speak of */

static struct crash_disk disk;
static struct journal *journal;
static uint8_t image[(FIRST + BLOCKS) * BLOCK_SIZE];
static uint32_t seed;

/* What a block is used for. */
enum use { META, DATA, FREEING, CLOSED, FREE };

static struct {
    uint32_t version[BLOCKS]; /* of the content */
    enum use use[BLOCKS];
    uint32_t last_version;
    uint32_t states[STATES][BLOCKS]; /* versions after each change */
    enum use uses[STATES][BLOCKS];
    unsigned count; /* of states */
    unsigned closed;
    unsigned failures;
} model;

static uint32_t
pick(uint32_t n)
{
    return crash_random(&seed, n);
}

/* ---- Blocks ---- */

/* The block's number, the version, what follows from them, and a last word
 * that is right once a metadata block has been closed. */
static void
fill(uint8_t *bytes, unsigned block, uint32_t version)
{
    uint32_t word = version * 2654435761u;
    for (unsigned at = 0; at < SECTOR_SIZE; at += 4)
        le32_store(bytes + at, word + at);
    for (unsigned at = SECTOR_SIZE; at < BLOCK_SIZE; at += SECTOR_SIZE) {
        memcpy(bytes + at, bytes, SECTOR_SIZE);
        le32_store(bytes + at, word + at);
    }
    le32_store(bytes, block);
    le32_store(bytes + 4, version);
}

static void
seal(uint8_t *bytes)
{
    le32_store(bytes + BLOCK_SIZE - 4, ~le32_load(bytes + BLOCK_SIZE - 8));
}

/* Returns the version that the bytes are, all of them; else ANY. */
static uint32_t
version_of(const uint8_t *bytes, unsigned block, bool *sealed)
{
    uint8_t expected[BLOCK_SIZE];
    uint32_t version = le32_load(bytes + 4);

    fill(expected, block, version);
    *sealed = memcmp(bytes, expected, BLOCK_SIZE) != 0;
    if (*sealed)
        seal(expected);
    return memcmp(bytes, expected, BLOCK_SIZE) == 0 ? version : ANY;
}

static uint8_t *
place(uint8_t *base, unsigned block)
{
    return base + (size_t)(FIRST + block) * BLOCK_SIZE;
}

/* ---- The journal's owner ---- */

static void
change_uses(enum use from, enum use to)
{
    for (unsigned b = 0; b < BLOCKS; b++)
        if (model.use[b] == from)
            model.use[b] = to;
}

static void
on_closed(void *owner)
{
    assert_ptr_equal(owner, &model);
    model.closed = model.count;
    change_uses(FREEING, CLOSED);
}

static void
on_committed(void *owner)
{
    (void)owner;
    disk.promised = model.closed - 1;
    change_uses(CLOSED, FREE);
}

static void
on_failed(void *owner, int error)
{
    (void)owner;
    assert_int_equal(error, -EIO);
    model.failures++;
}

static const struct journal_ops ops = {on_closed, on_committed, on_failed};

static int
open_journal(bool read_only)
{
    return journal_open(&disk.dev, LOG_START, LOG_BLOCKS, read_only, &ops,
                        &model, &journal);
}

/* ---- The workload ---- */

static void
save_state(void)
{
    assert_true(model.count < STATES);
    memcpy(model.states[model.count], model.version, sizeof model.version);
    memcpy(model.uses[model.count], model.use, sizeof model.use);
    model.count++;
}

/* Any block of that use, or BLOCKS. */
static unsigned
find_block(enum use use)
{
    unsigned from = pick(BLOCKS);
    for (unsigned i = 0; i < BLOCKS; i++)
        if (model.use[(from + i) % BLOCKS] == use)
            return (from + i) % BLOCKS;
    return BLOCKS;
}

/* Gives metadata block b new content; a new one need not be read. */
static void
edit(unsigned b, bool is_new)
{
    struct buf *buf;

    assert_int_equal(is_new ? bcache_get_new(&disk.dev, FIRST + b, &buf)
                            : bcache_get(&disk.dev, FIRST + b, &buf),
                     0);
    if (!is_new)
        assert_int_equal(le32_load(bcache_data(buf)), b);
    uint8_t *bytes = journal_edit(journal, buf, seal);
    assert_ptr_equal(bytes, bcache_data(buf));
    model.version[b] = ++model.last_version;
    model.use[b] = META;
    fill(bytes, b, model.version[b]);
    bcache_put(buf);
}

static void
edit_some(unsigned most)
{
    for (unsigned n = 1 + pick(most); n > 0; n--) {
        unsigned b = find_block(META);
        if (b < BLOCKS)
            edit(b, false);
    }
}

/* Frees a block, be it metadata, changed in this change or not, or data. */
static void
free_some(void)
{
    unsigned b = find_block(pick(2) ? META : DATA);
    if (b == BLOCKS)
        return;
    if (model.use[b] == META && pick(2))
        edit(b, false);
    if (model.use[b] == META)
        journal_revoke(journal, FIRST + b);
    model.use[b] = FREEING;
    model.version[b] = ANY;
}

static void
use_free(void)
{
    unsigned b = find_block(FREE);
    if (b < BLOCKS)
        edit(b, true);
}

static int
write_data(unsigned b, uint32_t version)
{
    uint8_t *bytes = aligned_alloc(BLOCK_SIZE, BLOCK_SIZE);
    fill(bytes, b, version);
    int err = blockdev_transfer(&disk.dev, BLK_WRITE, (FIRST + b) * 8ul, bytes,
                                BLOCK_SIZE);
    free(bytes);
    return err;
}

/* One change of at most that many blocks, and some. Returns -EROFS once the
 * journal has failed. */
static int
change(unsigned most)
{
    uint32_t version[BLOCKS];
    enum use use[BLOCKS];

    /* Data goes to its place before there is a change that points to it. */
    unsigned data = pick(3) == 0 ? find_block(FREE) : BLOCKS;
    uint32_t data_version = ++model.last_version;
    if (data < BLOCKS && write_data(data, data_version) != 0)
        data = BLOCKS;
    int err = journal_begin(journal);
    if (err)
        return err;
    memcpy(version, model.version, sizeof version);
    memcpy(use, model.use, sizeof use);
    if (data < BLOCKS) {
        journal_after_data(journal);
        model.use[data] = DATA;
        model.version[data] = data_version;
    }
    if (pick(2))
        use_free();
    edit_some(pick(8) ? MIN(most, 4u) : most);
    for (unsigned n = pick(3); n > 0; n--)
        free_some();
    if (pick(6) == 0) {
        memcpy(model.version, version, sizeof version);
        memcpy(model.use, use, sizeof use);
        journal_cancel(journal);
    } else {
        journal_end(journal);
        save_state();
    }
    return 0;
}

/* Makes changes until the journal fails, or n times; small ones with many
 * commits, so that the log holds many transactions, or large ones. */
static void
work(unsigned n)
{
    int err = 0;
    bool small = pick(2);

    for (unsigned i = 0; i < n && !err; i++) {
        err = change(small ? 2 : 20);
        if (!err && pick(small ? 2 : 5) == 0)
            err = journal_commit(journal);
        else if (!err && pick(40) == 0)
            err = journal_flush(journal);
    }
    if (err)
        assert_int_equal(model.failures, 1);
}

/* Starts on a fresh disk, or goes on with what image holds as states[0]. */
static void
start(bool fresh)
{
    model.failures = 0;
    if (fresh) {
        memset(&model, 0, sizeof model);
        memset(image, 0, sizeof image);
        for (unsigned b = 0; b < BLOCKS; b++)
            fill(place(image, b), b, 0);
        crash_disk_load(&disk, image);
        assert_int_equal(format_journal(&disk.dev, LOG_START, LOG_BLOCKS), 0);
        memcpy(image, disk.now, sizeof image);
    }
    model.count = 0;
    save_state();
    crash_disk_load(&disk, image);
}

/* Looks for how the blocks are, in their places or the cache, among the
 * states from first on. Returns its number. */
static unsigned
find_state(unsigned first, unsigned count, bool cached)
{
    uint32_t version[BLOCKS];
    bool sealed[BLOCKS];

    for (unsigned b = 0; b < BLOCKS; b++) {
        struct buf *buf;
        version[b] = version_of(place(disk.now, b), b, &sealed[b]);
        if (!cached)
            continue;
        assert_int_equal(bcache_get(&disk.dev, FIRST + b, &buf), 0);
        version[b] = version_of(bcache_data(buf), b, &sealed[b]);
        bcache_put(buf);
    }
    for (unsigned s = count; s-- > first;) {
        const uint32_t *wanted = model.states[s];
        unsigned b = 0;
        while (b < BLOCKS &&
               (wanted[b] == ANY ||
                (version[b] == wanted[b] &&
                 sealed[b] == (wanted[b] && model.uses[s][b] == META))))
            b++;
        if (b == BLOCKS)
            return s;
    }
    fail_msg("the disk is in none of the states %u to %u", first, count - 1);
    return 0;
}

/* The trace of one run of the workload, to be cut in many places. */
static struct crash_disk run;

static void
record_run(unsigned changes)
{
    start(true);
    assert_int_equal(open_journal(false), 0);
    work(changes);
    journal_close(journal);
    run = disk;
    crash_disk_init(&disk, sizeof image);
}

/* Replays what is left of the run after a cut, in both ways. */
static void
check_cut(unsigned at, uint32_t how)
{
    unsigned first = at < run.count ? run.events[at].promised : run.promised;

    crash_disk_cut(&run, at, how, image);
    crash_disk_load(&disk, image);
    int replayed = open_journal(true);
    assert_in_range(replayed, 0, LOG_BLOCKS);
    unsigned state = find_state(first, model.count, true);
    assert_int_equal(journal_begin(journal), -EROFS);
    assert_int_equal(disk.count, 0);
    journal_close(journal);

    assert_int_equal(open_journal(false), replayed);
    assert_int_equal(find_state(first, model.count, false), state);
    journal_close(journal);
    assert_int_equal(open_journal(false), 0);
    journal_close(journal);
}

/* ---- Tests ---- */

static int
setup(void **state)
{
    (void)state;
    crash_disk_free(&disk);
    crash_disk_init(&disk, sizeof image);
    bcache_init(4096);
    seed = 1;
    return 0;
}

static void
test_power_loss_at_every_write(void **state)
{
    (void)state;
    for (uint32_t s = 1; s <= 2; s++) {
        seed = s;
        record_run(50);
        for (unsigned at = 0; at <= run.count; at++)
            for (uint32_t how = 0; how < 4; how++)
                check_cut(at, how < 2 ? how : how + 2 * (at % 3));
        crash_disk_free(&run);
    }
}

/* Power is lost again while the journal is being replayed. */
static void
test_power_loss_during_replay(void **state)
{
    static uint8_t first_cut[sizeof image];

    (void)state;
    record_run(60);
    for (unsigned i = 0; i < 10; i++) {
        unsigned at = pick(run.count + 1);
        unsigned first =
            at < run.count ? run.events[at].promised : run.promised;
        crash_disk_cut(&run, at, pick(100), first_cut);
        crash_disk_load(&disk, first_cut);
        assert_true(open_journal(false) >= 0);
        unsigned found = find_state(first, model.count, false);
        journal_close(journal);
        struct crash_disk replay = disk;
        crash_disk_init(&disk, sizeof image);
        for (unsigned cut = 0; cut <= replay.count; cut++)
            for (uint32_t how = 0; how < 4; how++) {
                crash_disk_cut(&replay, cut, how, image);
                crash_disk_load(&disk, image);
                assert_true(open_journal(false) >= 0);
                assert_int_equal(find_state(first, model.count, false), found);
                journal_close(journal);
            }
        crash_disk_free(&replay);
    }
    crash_disk_free(&run);
}

/* A disk lives on through many crashes, with all the remains in its log. */
static void
test_many_lives(void **state)
{
    (void)state;
    seed = 7;
    start(true);
    for (unsigned life = 0; life < 200; life++) {
        assert_true(open_journal(false) >= 0);
        work(1 + pick(30));
        journal_close(journal);
        unsigned at = disk.count - pick(MIN(disk.count, 12u));
        unsigned first =
            at < disk.count ? disk.events[at].promised : disk.promised;
        crash_disk_cut(&disk, at, pick(100), image);
        crash_disk_load(&disk, image);
        assert_true(open_journal(true) >= 0);
        unsigned s = find_state(first, model.count, true);
        memcpy(model.version, model.states[s], sizeof model.version);
        memcpy(model.use, model.uses[s], sizeof model.use);
        change_uses(FREEING, FREE);
        change_uses(CLOSED, FREE);
        journal_close(journal);
        start(false);
    }
}

/* One write or flush fails, or all from there on. Nobody hangs, the owner
 * hears of it once, and what was promised stays. */
static void
test_write_errors_at_every_index(void **state)
{
    (void)state;
    for (unsigned at = 0;; at++) {
        seed = at % 2 + 1;
        start(true);
        disk.fail_at = at;
        disk.dead = at % 3 == 0;
        if (open_journal(false) < 0)
            continue;
        work(60);
        assert_in_range(model.failures, 0, 1);
        bool failed = model.failures;
        if (failed) {
            assert_int_equal(journal_begin(journal), -EROFS);
            assert_int_equal(journal_commit(journal), -EROFS);
            assert_int_equal(journal_flush(journal), -EROFS);
        }
        journal_close(journal);
        bool reached = disk.count > at;
        for (uint32_t how = 0; how < 3; how++) {
            unsigned first = disk.promised;
            struct crash_disk wrote = disk;
            crash_disk_cut(&wrote, wrote.count, how, image);
            crash_disk_init(&disk, sizeof image);
            memcpy(disk.now, image, sizeof image);
            assert_true(open_journal(false) >= 0);
            find_state(first, model.count, false);
            journal_close(journal);
            crash_disk_free(&disk);
            disk = wrote;
        }
        if (!reached)
            break;
    }
}

/* A block that cannot be read is no reason to forget what is there. */
static void
test_read_errors_during_replay(void **state)
{
    (void)state;
    record_run(60);
    for (unsigned i = 0; i < 20; i++) {
        unsigned at = pick(run.count + 1);
        unsigned first =
            at < run.count ? run.events[at].promised : run.promised;
        crash_disk_cut(&run, at, pick(100), image);
        crash_disk_load(&disk, image);
        for (unsigned read = 0;; read++) {
            disk.reads = 0;
            disk.fail_read = read;
            int found = open_journal(true);
            if (found >= 0)
                journal_close(journal);
            else
                assert_int_equal(found, -EIO);
            if (disk.reads <= read)
                break;
        }
        disk.fail_read = CRASH_NEVER;
        assert_true(open_journal(false) >= 0);
        find_state(first, model.count, false);
        journal_close(journal);
    }
    crash_disk_free(&run);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_power_loss_at_every_write, setup),
        cmocka_unit_test_setup(test_power_loss_during_replay, setup),
        cmocka_unit_test_setup(test_many_lives, setup),
        cmocka_unit_test_setup(test_write_errors_at_every_index, setup),
        cmocka_unit_test_setup(test_read_errors_during_replay, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
