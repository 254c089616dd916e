/* A journal over a disk in memory that notes all that happens to it, and loses
 * its power. A case is a script of one-letter operations; each puts its results
 * into the answer. tests/_journal.py writes the scripts and reads the answers.
 */
#include "abi/errno.h"
#include "fs/fs.h"
#include "fs/journal.h"
#include "fs/journal_log.h"
#include "grade.h"
#include "lib/bits.h"
#include "lib/panic.h"
#include "lib/string.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

#define BLOCKS      240u /* of the disk */
#define EVENTS      1500u
#define KEPT        700u /* blocks of memory for what was written */
#define CACHED      400u
#define PER_BLOCK   (BLOCK_SIZE / SECTOR_SIZE)
#define UNTIL_NEVER 0xffffffffu

/* ---- The disk ---- */

struct event {
    uint32_t sector, count; /* count 0: a flush */
    uint8_t *data;
};

static uint8_t now[BLOCKS * BLOCK_SIZE];   /* as it is if power stays */
static uint8_t start[BLOCKS * BLOCK_SIZE]; /* before the first event */
static uint8_t kept[KEPT * BLOCK_SIZE];
static struct event events[EVENTS];
static struct blockdev dev;
static uint32_t event_count, shown;
static size_t kept_bytes;
static uint32_t fails_after; /* so many more writes and flushes succeed */
static uint32_t bad_block;   /* cannot be read */
static struct {
    uint32_t events; /* 0: the power has not gone yet */
    size_t bytes;
} workload;

static void
note(uint64_t sector, const void *data, size_t n)
{
    if (event_count == EVENTS || kept_bytes + n > sizeof(kept))
        panic("grade: more is written than a test can do");
    struct event *event = &events[event_count++];
    event->sector = (uint32_t)sector;
    event->count = (uint32_t)(n / SECTOR_SIZE);
    event->data = kept + kept_bytes;
    if (n > 0)
        memcpy(event->data, data, n);
    kept_bytes += n;
}

static int
change_disk(struct blkreq *req)
{
    uint64_t sector = req->sector;
    if (fails_after == 0)
        return -EIO;
    fails_after -= fails_after != UNTIL_NEVER;
    if (req->op == BLK_FLUSH)
        note(0, NULL, 0);
    for (unsigned i = 0; req->op == BLK_WRITE && i < req->nvec; i++) {
        memcpy(now + sector * SECTOR_SIZE, req->vec[i].base, req->vec[i].len);
        note(sector, req->vec[i].base, req->vec[i].len);
        sector += req->vec[i].len / SECTOR_SIZE;
    }
    return 0;
}

static int
read_disk(struct blkreq *req)
{
    uint64_t at = req->sector * SECTOR_SIZE;
    for (unsigned i = 0; i < req->nvec; i++) {
        if (at / BLOCK_SIZE <= bad_block &&
            (at + req->vec[i].len - 1) / BLOCK_SIZE >= bad_block)
            return -EIO;
        memcpy(req->vec[i].base, now + at, req->vec[i].len);
        at += req->vec[i].len;
    }
    return 0;
}

static void
submit(struct blockdev *disk UNUSED, struct blkreq *req)
{
    req->status = req->op == BLK_READ ? read_disk(req) : change_disk(req);
    req->done(req);
}

static void
kick(struct blockdev *disk UNUSED)
{
}

/* ---- The journal's owner ---- */

static struct journal *journal;
static uint32_t closed, committed, failed, sealed;

static void
on_closed(void *owner UNUSED)
{
    closed++;
}

static void
on_committed(void *owner UNUSED)
{
    committed++;
}

static void
on_failed(void *owner UNUSED, int error UNUSED)
{
    failed++;
}

static const struct journal_ops ops = {on_closed, on_committed, on_failed};

/* Of a sealed block the last eight bytes say how often any was. */
static void
seal(uint8_t *block)
{
    le64_store(block + BLOCK_SIZE - 8, ++sealed);
}

/* ---- Operations ---- */

static uint32_t journal_start, journal_blocks;

static void
forget(void)
{
    if (journal)
        journal_close(journal);
    journal = NULL;
    bcache_drop(NULL);
}

/* d: where the journal is, and its blocks; then pieces: sector, bytes */
static void
op_disk(struct grade *g)
{
    static const struct blockdev_ops disk_ops = {.submit = submit,
                                                 .kick = kick};
    forget();
    dev = (struct blockdev){.name = "memory",
                            .ops = &disk_ops,
                            .sectors = BLOCKS * PER_BLOCK,
                            .block_size = SECTOR_SIZE,
                            .max_vec = 16,
                            .max_bytes = 16 * BLOCK_SIZE,
                            .can_flush = true};
    memset(now, 0, sizeof(now));
    journal_start = grade_u32(g);
    journal_blocks = grade_u32(g);
    for (uint32_t pieces = grade_u32(g); pieces > 0; pieces--) {
        uint64_t sector = grade_u32(g);
        size_t n;
        const uint8_t *bytes = grade_bytes(g, &n);
        if (sector * SECTOR_SIZE + n > sizeof(now))
            panic("grade: a piece lies behind the disk");
        memcpy(now + sector * SECTOR_SIZE, bytes, n);
    }
    memcpy(start, now, sizeof(now));
    event_count = shown = 0;
    kept_bytes = 0;
    workload.events = 0;
    fails_after = UNTIL_NEVER;
    bad_block = UNTIL_NEVER;
    closed = committed = failed = sealed = 0;
}

/* o: read only? */
static void
op_open(struct grade *g)
{
    int err = journal_open(&dev, journal_start, journal_blocks,
                           grade_u8(g) != 0, &ops, &dev, &journal);
    if (err < 0)
        journal = NULL;
    grade_put_u32(g, (uint32_t)err);
}

static void
must_be_open(void)
{
    if (journal == NULL)
        panic("grade: the journal is not open");
}

/* b */
static void
op_begin(struct grade *g)
{
    must_be_open();
    grade_put_u32(g, (uint32_t)journal_begin(journal));
}

/* e: block, fill, with a seal? A block holds its number, and the fill. */
static void
op_edit(struct grade *g)
{
    uint32_t block = grade_u32(g), fill = grade_u32(g);
    bool with_seal = grade_u8(g) != 0;
    struct buf *buf;
    if (bcache_get(&dev, block, &buf))
        panic("grade: block %u cannot be read", block);
    uint8_t *bytes = journal_edit(journal, buf, with_seal ? seal : NULL);
    grade_put_u8(g, bytes == bcache_data(buf));
    if (bytes == bcache_data(buf)) {
        for (unsigned at = 0; at < BLOCK_SIZE - 8; at += 8)
            le64_store(bytes + at, (uint64_t)fill << 32 | block);
        le64_store(bytes + BLOCK_SIZE - 8, 0);
    }
    bcache_put(buf);
}

/* x: block */
static void
op_revoke(struct grade *g)
{
    journal_revoke(journal, grade_u32(g));
}

static void
op_end(struct grade *g UNUSED)
{
    journal_end(journal);
}

static void
op_cancel(struct grade *g UNUSED)
{
    journal_cancel(journal);
}

static void
op_after_data(struct grade *g UNUSED)
{
    journal_after_data(journal);
}

static void
op_commit(struct grade *g)
{
    must_be_open();
    grade_put_u32(g, (uint32_t)journal_commit(journal));
}

static void
op_flush(struct grade *g)
{
    must_be_open();
    grade_put_u32(g, (uint32_t)journal_flush(journal));
}

/* Bytes in few words: of blocks whose words are all the same, but for the last
 * one, these two; of others what is before the zeros at their end. */
static void
put_short(struct grade *g, const uint8_t *bytes, size_t n)
{
    bool alike = n == BLOCK_SIZE;
    for (size_t at = 8; alike && at < BLOCK_SIZE - 8; at += 8)
        alike = le64_load(bytes + at) == le64_load(bytes);
    grade_put_u32(g, (uint32_t)n);
    grade_put_u8(g, alike);
    if (alike) {
        grade_put_u64(g, le64_load(bytes));
        grade_put_u64(g, le64_load(bytes + BLOCK_SIZE - 8));
        return;
    }
    while (n > 0 && bytes[n - 1] == 0)
        n--;
    grade_put_bytes(g, bytes, n);
}

/* c: block, as the cache has it */
static void
op_cached(struct grade *g)
{
    struct buf *buf;
    int err = bcache_get(&dev, grade_u32(g), &buf);
    put_short(g, err ? NULL : bcache_data(buf), err ? 0 : BLOCK_SIZE);
    if (!err)
        bcache_put(buf);
}

/* p: block, as the disk has it */
static void
op_placed(struct grade *g)
{
    put_short(g, now + (size_t)grade_u32(g) * BLOCK_SIZE, BLOCK_SIZE);
}

/* h: how often the owner was called */
static void
op_hooks(struct grade *g)
{
    grade_put_u32(g, closed);
    grade_put_u32(g, committed);
    grade_put_u32(g, failed);
    grade_put_u32(g, sealed);
}

/* F: how many more writes and flushes succeed; B: a block that cannot be read
 */
static void
op_fail(struct grade *g)
{
    fails_after = grade_u32(g);
}

static void
op_bad(struct grade *g)
{
    bad_block = grade_u32(g);
}

/* w: block, fill: data goes to the disk past the journal */
static void
op_write(struct grade *g)
{
    static uint8_t data[BLOCK_SIZE] ALIGNED(4096);
    uint32_t block = grade_u32(g);
    memset(data, grade_u8(g), sizeof(data));
    if (blockdev_transfer(&dev, BLK_WRITE, block * PER_BLOCK, data,
                          sizeof(data)))
        panic("grade: data cannot be written");
}

/* L: what has happened to the disk since the last time */
static void
op_events(struct grade *g)
{
    grade_put_u32(g, event_count - shown);
    for (; shown < event_count; shown++) {
        grade_put_u32(g, events[shown].sector);
        put_short(g, events[shown].data, events[shown].count * SECTOR_SIZE);
    }
}

/* M: the same, but of each write the first bytes only, and how many there are
 */
static void
op_brief(struct grade *g)
{
    grade_put_u32(g, event_count - shown);
    for (; shown < event_count; shown++) {
        uint32_t n = events[shown].count * SECTOR_SIZE;
        grade_put_u32(g, events[shown].sector);
        grade_put_u32(g, n);
        grade_put_bytes(g, events[shown].data, MIN(n, 24u));
    }
}

static void
apply(const struct event *event, uint32_t sectors)
{
    memcpy(now + (size_t)event->sector * SECTOR_SIZE, event->data,
           (size_t)MIN(sectors, event->count) * SECTOR_SIZE);
}

/* X: the power goes after so many events; of those behind the last flush only
 * the ones that a mask names are there, one of them (0xffffffff: none) with its
 * first sectors only. What happens afterwards is forgotten when it goes again.
 */
static void
op_crash(struct grade *g)
{
    uint32_t count = grade_u32(g), torn = grade_u32(g), sectors = grade_u32(g);
    size_t n;
    const uint8_t *mask = grade_bytes(g, &n);
    uint32_t last = 0;
    forget();
    if (workload.events == 0) {
        workload.events = event_count;
        workload.bytes = kept_bytes;
    }
    event_count = shown = workload.events;
    kept_bytes = workload.bytes;
    count = MIN(count, event_count);
    for (uint32_t i = 0; i < count; i++)
        if (events[i].count == 0)
            last = i;
    memcpy(now, start, sizeof(now));
    for (uint32_t i = 0; i < count; i++)
        if (i < last || (i / 8 < n && mask[i / 8] >> i % 8 & 1))
            apply(&events[i], i == torn && i >= last ? sectors : UINT32_MAX);
}

/* q: closes, without writing anything */
static void
op_close(struct grade *g UNUSED)
{
    forget();
}

/* s: a sum of blocks */
static void
op_sum(struct grade *g)
{
    size_t n;
    const uint8_t *bytes = grade_bytes(g, &n);
    uint64_t sum = 0;
    for (size_t at = 0; at + BLOCK_SIZE <= n; at += BLOCK_SIZE)
        sum = journal_log_sum(sum, bytes + at);
    grade_put_u64(g, sum);
}

static const struct {
    char name;
    void (*run)(struct grade *g);
} operations[] = {
    {'d', op_disk},   {'o', op_open},  {'b', op_begin},  {'e', op_edit},
    {'x', op_revoke}, {'E', op_end},   {'C', op_cancel}, {'D', op_after_data},
    {'k', op_commit}, {'f', op_flush}, {'c', op_cached}, {'p', op_placed},
    {'h', op_hooks},  {'F', op_fail},  {'B', op_bad},    {'w', op_write},
    {'L', op_events}, {'X', op_crash}, {'q', op_close},  {'s', op_sum},
    {'M', op_brief},
};

static void
script(struct grade *g)
{
    for (const char *op = grade_string(g); *op; op++)
        for (unsigned i = 0; i < ARRAY_LEN(operations); i++)
            if (operations[i].name == *op)
                operations[i].run(g);
    forget();
}

static void
setup(void)
{
    fs_init();
    bcache_init(CACHED);
}
GRADE_SETUP(setup);
GRADE_CASES({"script", script});
