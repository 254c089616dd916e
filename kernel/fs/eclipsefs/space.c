#include "fs/eclipsefs/space.h"

#include "abi/errno.h"
#include "fs/eclipsefs/change.h"
#include "lib/bits.h"
#include "lib/crc32c.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/slab.h"

#define WORD_BITS    64u
#define BITMAP_BYTES (EFSX_BITMAP_BITS / 8)
/* Blocks that 32 bits of a slot's offset reach. */
#define INODE_BLOCKS ((1ull << 32) / ECLIPSEFS_BLOCK_SIZE)

struct efs_space {
    /* constant after open */
    uint64_t blocks;    /* of the image */
    uint64_t inode_end; /* an inode's block is before this one */

    /* guarded by the change lock */
    uint64_t *busy;        /* a bit for each block: not to be given away */
    uint64_t rotor[2];     /* where to go on, for inodes and all else */
    struct efs_run *freed; /* runs, in the order in which they were */
    uint32_t freed_count, freed_room;
    uint32_t freed_closed; /* by the transaction that is being committed; the
                            * others belong to the running one */

    /* guarded by the change lock: what this change has done so far */
    uint32_t allocated[JOURNAL_CREDITS]; /* blocks of metadata */
    uint32_t allocated_count;
    uint32_t freed_before; /* runs in freed when it began */
    uint32_t used;         /* reserved blocks */

    /* atomic; changed under the change lock */
    uint64_t free;     /* blocks that are neither busy nor reserved */
    uint64_t reserved; /* as many free ones are kept for their extents */
    uint64_t freeing;  /* blocks in freed */
};

/* ---- The bitmap on the disk ---- */

static int
get_bitmap(struct efs *fs, uint64_t index, struct buf **buf)
{
    uint64_t block = le64_load(fs->ext.bitmap_start) + index;

    int err = bcache_get(fs->dev, block, buf);
    if (err || READ_ONCE(*bcache_checked(*buf)))
        return err;
    const uint8_t *data = bcache_data(*buf);
    if (le32_load(data + EFS_TRAILER_AT) != crc32c(0, data, EFS_TRAILER_AT)) {
        bcache_put(*buf);
        return efs_broken(fs, 0, block * ECLIPSEFS_BLOCK_SIZE,
                          "bitmap block has a wrong checksum");
    }
    WRITE_ONCE(*bcache_checked(*buf), true);
    return 0;
}

/* Changes n bits from bit on; each must change. */
static bool
flip_bits(uint8_t *bits, uint32_t bit, uint32_t n, bool used)
{
    for (uint32_t i = bit; i < bit + n; i++) {
        if ((bits[i / 8] >> i % 8 & 1) == used)
            return false;
        bits[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    return true;
}

static int
set_bits(struct efs *fs, struct efs_run run, bool used)
{
    uint64_t block = run.start, end = block + run.count;
    int err = 0;

    while (!err && block < end) {
        uint32_t bit = block % EFSX_BITMAP_BITS;
        uint32_t n = (uint32_t)MIN(end - block, EFSX_BITMAP_BITS - bit);
        struct buf *buf;
        err = get_bitmap(fs, block / EFSX_BITMAP_BITS, &buf);
        if (err)
            return err;
        uint8_t *bits = journal_edit(fs->journal, buf, efs_seal);
        if (!bits)
            err = -ENOMEM;
        else if (!flip_bits(bits, bit, n, used))
            err = efs_broken(fs, 0, bcache_block(buf) * ECLIPSEFS_BLOCK_SIZE,
                             "block is taken or freed twice");
        bcache_put(buf);
        block += n;
    }
    return err;
}

/* ---- The bitmap in memory ---- */

static bool
is_busy(const struct efs_space *space, uint64_t block)
{
    return space->busy[block / WORD_BITS] >> block % WORD_BITS & 1;
}

static void
set_busy(struct efs_space *space, struct efs_run run, bool busy)
{
    for (uint64_t b = run.start; b < (uint64_t)run.start + run.count; b++) {
        uint64_t bit = 1ull << b % WORD_BITS;
        space->busy[b / WORD_BITS] &= ~bit;
        if (busy)
            space->busy[b / WORD_BITS] |= bit;
    }
}

/* The first block in from .. end - 1 that is not busy, or end. */
static uint64_t
find_free(const struct efs_space *space, uint64_t from, uint64_t end)
{
    while (from < end) {
        uint64_t free = ~space->busy[from / WORD_BITS] >> from % WORD_BITS;
        if (free)
            return MIN(from + bit_count_trailing_zeros64(free), end);
        from = ALIGN_DOWN(from, WORD_BITS) + WORD_BITS;
    }
    return end;
}

/* Makes a run busy, the first one from goal on, or where this ended last. */
static int
take(struct efs_space *space, uint64_t goal, bool inode, uint32_t most,
     struct efs_run *run)
{
    uint64_t end = inode ? space->inode_end : space->blocks;
    uint64_t from = goal ? goal : space->rotor[inode];

    if (from >= end)
        from = 0;
    uint64_t start = find_free(space, from, end);
    if (start == end && (start = find_free(space, 0, from)) == from)
        return -ENOSPC;
    *run = (struct efs_run){.start = (uint32_t)start};
    while (run->count < most && start + run->count < end &&
           !is_busy(space, start + run->count))
        run->count++;
    set_busy(space, *run, true);
    space->rotor[inode] = start + run->count;
    return 0;
}

/* ---- What was freed ---- */

static int
add_freed(struct efs_space *space, struct efs_run run)
{
    if (space->freed_count == space->freed_room) {
        uint32_t room = MAX(2 * space->freed_room, 64u);
        struct efs_run *runs = kmalloc(room * sizeof *runs);
        if (!runs)
            return -ENOMEM;
        if (space->freed_count > 0)
            memcpy(runs, space->freed, space->freed_count * sizeof *runs);
        kfree(space->freed);
        space->freed = runs;
        space->freed_room = room;
    }
    space->freed[space->freed_count++] = run;
    space->freeing += run.count;
    return 0;
}

void
efs_space_closed(struct efs *fs)
{
    assert_eq(fs->space->freed_closed, 0);
    fs->space->freed_closed = fs->space->freed_count;
}

void
efs_space_committed(struct efs *fs)
{
    struct efs_space *space = fs->space;

    for (uint32_t i = 0; i < space->freed_closed; i++) {
        set_busy(space, space->freed[i], false);
        space->free += space->freed[i].count;
        space->freeing -= space->freed[i].count;
    }
    space->freed_count -= space->freed_closed;
    space->freed_before = space->freed_count;
    if (space->freed_count > 0)
        memmove(space->freed, space->freed + space->freed_closed,
                space->freed_count * sizeof *space->freed);
    space->freed_closed = 0;
}

void
efs_space_keep(struct efs *fs)
{
    struct efs_space *space = fs->space;

    space->freed_before = space->freed_count;
    space->allocated_count = space->used = 0;
    fs->inodes_taken = 0;
}

void
efs_space_undo(struct efs *fs)
{
    struct efs_space *space = fs->space;

    for (uint32_t i = 0; i < space->allocated_count; i++)
        set_busy(space, (struct efs_run){space->allocated[i], 1}, false);
    space->free += space->allocated_count;
    space->reserved += space->used;
    fs->free_inodes += fs->inodes_taken;
    while (space->freed_count > space->freed_before)
        space->freeing -= space->freed[--space->freed_count].count;
    efs_space_keep(fs);
}

/* ---- Blocks ---- */

uint64_t
efs_space_free_blocks(const struct efs *fs)
{
    return fs->space ? READ_ONCE(fs->space->free)
                     : le64_load(fs->ext.free_blocks);
}

uint64_t
efs_space_free_soon(const struct efs *fs)
{
    return fs->space ? READ_ONCE(fs->space->freeing) : 0;
}

int
efs_block_alloc(struct efs *fs, uint32_t goal, bool inode, journal_seal seal,
                uint32_t *block, uint8_t **bytes)
{
    struct efs_space *space = fs->space;
    struct efs_run run;
    struct buf *buf;

    if (space->free <= space->reserved)
        return -ENOSPC;
    int err = take(space, goal, inode, 1, &run);
    if (err)
        return err;
    assert(space->allocated_count < JOURNAL_CREDITS);
    space->allocated[space->allocated_count++] = *block = run.start;
    space->free--;
    err = set_bits(fs, run, true);
    if (!err)
        err = bcache_get_new(fs->dev, run.start, &buf);
    if (err)
        return err;
    *bytes = journal_edit(fs->journal, buf, seal);
    if (*bytes) {
        memset(*bytes, 0, ECLIPSEFS_BLOCK_SIZE);
        WRITE_ONCE(*bcache_checked(buf), true);
    }
    bcache_put(buf);
    return *bytes ? 0 : -ENOMEM;
}

int
efs_block_free(struct efs *fs, uint32_t block)
{
    journal_revoke(fs->journal, block);
    return efs_run_free(fs, (struct efs_run){block, 1});
}

int
efs_space_reserve(struct efs *fs, uint64_t blocks)
{
    struct efs_space *space = fs->space;

    if (space->free < space->reserved ||
        (space->free - space->reserved) / 2 < blocks)
        return -ENOSPC;
    space->free -= blocks;
    space->reserved += blocks;
    return 0;
}

void
efs_space_unreserve(struct efs *fs, uint64_t blocks)
{
    assert(blocks <= fs->space->reserved);
    fs->space->reserved -= blocks;
    fs->space->free += blocks;
}

/* Data leaves the blocks that inodes can have to them, while it can. */
int
efs_run_take(struct efs *fs, uint32_t goal, uint32_t most, struct efs_run *run)
{
    struct efs_space *space = fs->space;
    bool crowd = goal < space->inode_end && space->blocks > space->inode_end;

    return take(space, crowd ? 0 : goal, false, most, run);
}

int
efs_run_use(struct efs *fs, struct efs_run run)
{
    struct efs_space *space = fs->space;

    assert(run.count <= space->reserved);
    space->reserved -= run.count;
    space->used += run.count;
    journal_after_data(fs->journal);
    return set_bits(fs, run, true);
}

void
efs_run_return(struct efs *fs, struct efs_run run)
{
    set_busy(fs->space, run, false);
}

int
efs_run_free(struct efs *fs, struct efs_run run)
{
    if (!efs_has_blocks(fs, run.start, run.count))
        return efs_broken(fs, 0, run.start * (uint64_t)ECLIPSEFS_BLOCK_SIZE,
                          "block that cannot be free");
    int err = add_freed(fs->space, run);
    return err ? err : set_bits(fs, run, false);
}

/* ---- Opening ---- */

/* Copies what the bitmap on the disk says. Its blocks hold no whole number of
 * words, so byte by byte. */
static int
read_bitmap(struct efs *fs)
{
    struct efs_space *space = fs->space;
    uint64_t bytes = (space->blocks + 7) / 8;

    for (uint64_t byte = 0; byte < bytes;) {
        struct buf *buf;
        int err = get_bitmap(fs, byte / BITMAP_BYTES, &buf);
        if (err)
            return err;
        const uint8_t *data = bcache_data(buf);
        for (size_t i = 0; i < BITMAP_BYTES && byte < bytes; i++, byte++)
            space->busy[byte / 8] |= (uint64_t)data[i] << byte % 8 * 8;
        bcache_put(buf);
    }
    return 0;
}

/* The parts before the blocks, and what is behind the end, are never free,
 * whatever the disk says. Then the rest is counted. */
static void
count_blocks(struct efs *fs, uint64_t words)
{
    struct efs_space *space = fs->space;
    uint32_t first = (uint32_t)(fs->records / ECLIPSEFS_BLOCK_SIZE);

    set_busy(space, (struct efs_run){0, first}, true);
    if (space->blocks % WORD_BITS)
        space->busy[words - 1] |= ~0ull << space->blocks % WORD_BITS;
    for (uint64_t i = 0; i < words; i++)
        space->free += WORD_BITS - bit_count_ones64(space->busy[i]);
}

int
efs_space_open(struct efs *fs)
{
    struct efs_space *space = kzalloc(sizeof *space);

    if (!space)
        return -ENOMEM;
    fs->space = space;
    space->blocks = fs->size / ECLIPSEFS_BLOCK_SIZE;
    space->inode_end =
        MIN(fs->records / ECLIPSEFS_BLOCK_SIZE + INODE_BLOCKS, space->blocks);
    if (space->inode_end < space->blocks)
        space->rotor[false] = space->inode_end;
    uint64_t words = (space->blocks + WORD_BITS - 1) / WORD_BITS;
    space->busy = kzalloc(words * sizeof *space->busy);
    int err = space->busy ? read_bitmap(fs) : -ENOMEM;
    if (!err)
        err = efs_slots_open(fs);
    if (err)
        efs_space_close(fs);
    else
        count_blocks(fs, words);
    return err;
}

void
efs_space_close(struct efs *fs)
{
    struct efs_space *space = fs->space;

    if (!space)
        return;
    kfree(space->freed);
    kfree(space->busy);
    kfree(space);
    fs->space = NULL;
}
