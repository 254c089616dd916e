// SOURCES: kernel/fs/journal.c kernel/fs/journal_log.c kernel/fs/blockio.c
// SOURCES: kernel/fs/bcache.c kernel/fs/buf.c kernel/fs/readahead.c
// SOURCES: kernel/dev/blockdev.c kernel/lib/crc32c.c mkfs/host_kernel.c
// SOURCES: mkfs/format_journal.c mkfs/host_disk.c tests/host/fuzz/frames.c
// SOURCES: tests/host/fuzz/undo_disk.c
// LIBS: -Wl,--wrap=frame_alloc,--wrap=frame_free,--wrap=frame_unref
/* Journals: whatever a log holds, it is replayed as far as it is sound, or
 * refused; and what is committed then is there after the next loss of power. */
#include "abi/eclipsefs.h"
#include "abi/errno.h"
#include "format.h"
#include "fs/journal.h"
#include "fs/journal_log.h"
#include "host_kernel.h"
#include "lib/bits.h"
#include "lib/crc32c.h"

#include "frames.h"
#include "fuzz.h"
#include "undo_disk.h"

#define LOG_START    3u
#define LOG_BLOCKS   JOURNAL_BLOCKS_MIN
#define FIRST        (LOG_START + LOG_BLOCKS) /* of the blocks that are changed */
#define HOME         16u
#define BLOCKS       (FIRST + HOME)
#define LOG_USED     24u /* blocks of the log, at most, that the sound one has */
#define TRANSACTIONS 5
#define STEPS_MAX    16u

static uint8_t sound[BLOCKS * BLOCK_SIZE];
static struct undo_disk disk;
static struct journal *journal;

/* What each block will hold after a loss of power, and now; 0: not known. */
static uint8_t committed[HOME], running[HOME];

/* What the commit under way will make durable. */
static uint8_t closing[HOME];

/* Blocks that have been revoked: nobody may use them before the transaction of
 * that is committed. */
static enum { USABLE, REVOKED, COMMITTING } state[HOME];

static void
note_closed(void *owner)
{
    (void)owner;
    memcpy(closing, running, HOME);
    for (unsigned i = 0; i < HOME; i++)
        state[i] = state[i] == REVOKED ? COMMITTING : state[i];
}

static void
note_committed(void *owner)
{
    (void)owner;
    memcpy(committed, closing, HOME);
    for (unsigned i = 0; i < HOME; i++)
        state[i] = state[i] == COMMITTING ? USABLE : state[i];
}

static void
note_failed(void *owner, int error)
{
    (void)owner;
    (void)error;
}

static int
open_journal(bool read_only)
{
    static const struct journal_ops ops = {.closed = note_closed,
                                           .committed = note_committed,
                                           .failed = note_failed};

    bcache_drop(NULL);
    return journal_open(&disk.disk.dev, LOG_START, LOG_BLOCKS, read_only, &ops,
                        NULL, &journal);
}

/* Not a checksum, which would take a tenth of all time. */
static void
seal(uint8_t *block)
{
    le32_store(block + BLOCK_SIZE - 4, block[0] * 0x01010101u);
}

enum ending { KEPT, REVOKED_BLOCKS, CANCELLED };

/* A change of count blocks from `at` on; what is not known stays so when it is
 * revoked. */
static void
change(unsigned at, unsigned count, uint8_t content, enum ending ending)
{
    struct buf *buf;

    if (journal_begin(journal) != 0)
        return;
    for (unsigned i = at; i < at + count && i < HOME; i++) {
        if (state[i] != USABLE)
            continue;
        if (ending == REVOKED_BLOCKS) {
            journal_revoke(journal, FIRST + i);
            running[i] = 0;
            state[i] = REVOKED;
            continue;
        }
        FUZZ_CHECK(bcache_get(&disk.disk.dev, FIRST + i, &buf) == 0);
        uint8_t *bytes = journal_edit(journal, buf, i % 2 ? seal : NULL);
        FUZZ_CHECK(bytes);
        memset(bytes, content, BLOCK_SIZE - 4);
        if (ending == KEPT)
            running[i] = content;
        bcache_put(buf);
    }
    if (content % 4 == 0)
        journal_after_data(journal);
    if (ending == CANCELLED)
        journal_cancel(journal);
    else
        journal_end(journal);
}

static void
check_content(const uint8_t *want)
{
    struct buf *buf;

    for (unsigned i = 0; i < HOME; i++) {
        if (want[i] == 0)
            continue;
        FUZZ_CHECK(bcache_get(&disk.disk.dev, FIRST + i, &buf) == 0);
        const uint8_t *bytes = bcache_data(buf);
        FUZZ_CHECK(bytes[0] == want[i] && bytes[BLOCK_SIZE - 5] == want[i]);
        bcache_put(buf);
    }
}

/* The power goes; what was written is there. */
static void
lose_power(void)
{
    journal_close(journal);
    memcpy(running, committed, HOME);
    memset(state, 0, sizeof(state));
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    host_kernel_quiet = true;
    bcache_init(64); /* the least, so that some have to go */
    undo_disk_init(&disk, sound, sizeof(sound));
    FUZZ_CHECK(format_journal(&disk.disk.dev, LOG_START, LOG_BLOCKS) == 0);
    FUZZ_CHECK(open_journal(false) == 0);
    for (unsigned i = 0; i < TRANSACTIONS; i++) {
        change(2 * i, 1 + i % 3, (uint8_t)('a' + i), KEPT);
        if (i == 3)
            change(0, 1, 0, REVOKED_BLOCKS);
        FUZZ_CHECK(journal_commit(journal) == 0);
    }
    lose_power();
    memcpy(sound, disk.now, sizeof(sound));
    return 0;
}

/* ---- Damage ---- */

static uint8_t *
log_block(unsigned i)
{
    return disk.now + (size_t)(LOG_START + i) * BLOCK_SIZE;
}

static void
note_log(unsigned i)
{
    undo_disk_note(&disk, LOG_START + i, 1);
}

static bool
is_kind(unsigned i, uint32_t kind)
{
    const struct efsx_journal_block *head = (void *)log_block(i);

    return le32_load(head->magic) == EFSX_JOURNAL_MAGIC &&
           le32_load(head->kind) == kind;
}

/* Makes the head's checksum right, and that of each commit block for what lies
 * between it and the descriptor before it. */
static void
fix_checksums(void)
{
    struct efsx_journal_head *head = (void *)log_block(0);
    unsigned first = 0;

    le32_store(head->checksum,
               crc32c(0, head, offsetof(struct efsx_journal_head, checksum)));
    note_log(0);
    for (unsigned i = 1; i < LOG_BLOCKS && i < 2 * LOG_USED; i++) {
        if (is_kind(i, EFSX_JOURNAL_DESCRIPTOR))
            first = i;
        if (!first || !is_kind(i, EFSX_JOURNAL_COMMIT))
            continue;
        struct efsx_journal_commit *commit = (void *)log_block(i);
        uint64_t sum = 0;
        for (unsigned block = first; block < i; block++)
            sum = journal_log_sum(sum, log_block(block));
        le64_store(commit->checksum, sum);
        note_log(i);
        first = 0;
    }
}

/* Bytes are written, or blocks copied elsewhere. Returns whether anything is.
 */
static bool
damage(struct fuzz_input *in)
{
    unsigned count = fuzz_choose(in, 9);

    for (unsigned i = 0; i < count; i++) {
        unsigned block = fuzz_choose(in, LOG_USED), how = fuzz_choose(in, 8);
        size_t at = fuzz_number(in, 1), n = 1 + fuzz_choose(in, 12);
        note_log(block);
        if (how == 0) {
            memcpy(log_block(block), log_block((unsigned)at % LOG_BLOCKS),
                   BLOCK_SIZE);
            continue;
        }
        at = how == 1 ? at * 16 : at % 64;
        const uint8_t *bytes = fuzz_bytes(in, &n);
        n = MIN(n, BLOCK_SIZE - at);
        if (n > 0)
            memcpy(log_block(block) + at, bytes, n);
    }
    if (count > 0 && fuzz_choose(in, 4))
        fix_checksums();
    return count > 0;
}

static bool
step(struct fuzz_input *in)
{
    unsigned how = fuzz_choose(in, 8);

    if (how < 4) {
        static const enum ending endings[] = {KEPT, KEPT, CANCELLED,
                                              REVOKED_BLOCKS};
        unsigned at = fuzz_choose(in, HOME), count = 1 + fuzz_choose(in, 12);
        change(at, count, (uint8_t)(1 + fuzz_choose(in, 255)), endings[how]);
    } else if (how < 7) {
        int err = how == 4 ? journal_flush(journal) : journal_commit(journal);
        FUZZ_CHECK(err == 0);
        for (unsigned i = 0; i < HOME; i++)
            FUZZ_CHECK(running[i] == 0 || committed[i] == running[i]);
    } else {
        lose_power();
        /* All that is sound now was written here. */
        FUZZ_CHECK(open_journal(false) >= 0);
        check_content(committed);
    }
    check_content(running);
    return true;
}

static void
run(struct fuzz_input in)
{
    static uint8_t at_first[HOME];
    static bool known;

    if (!known)
        memcpy(at_first, committed, HOME);
    known = true;
    undo_disk_set_back(&disk);
    bool read_only = fuzz_choose(&in, 8) == 0, damaged = damage(&in);
    int found = open_journal(read_only);
    if (found < 0) {
        FUZZ_CHECK(found == -EUCLEAN && damaged);
        return;
    }
    FUZZ_CHECK(damaged || found == TRANSACTIONS);
    FUZZ_CHECK(!read_only || damaged ||
               memcmp(disk.now, sound, sizeof(sound)) == 0);
    if (damaged)
        memset(committed, 0, HOME);
    else
        memcpy(committed, at_first, HOME);
    memcpy(running, committed, HOME);
    memset(state, 0, sizeof(state));
    check_content(running);
    for (unsigned i = 0; !read_only && i < STEPS_MAX && in.left > 0; i++)
        step(&in);
    journal_close(journal);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run((struct fuzz_input){data, size});
    bcache_drop(NULL);
    FUZZ_CHECK(frames_used() == 0);
    return 0;
}
