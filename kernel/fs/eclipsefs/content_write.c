#include "fs/eclipsefs/record_block.h"
#include "fs/eclipsefs/vfs.h"

#include "abi/errno.h"
#include "fs/blockio.h"
#include "fs/eclipsefs/extent.h"
#include "lib/string.h"

/* What one round of writing back moves: 4 MiB at most, in so many runs at
 * most that one change can hold what they touch. */
#define ROUND_PAGES 1024u
#define ROUND_RUNS  4u

/* Some dirty pages, the first ones of their row, on their way to the disk. */
struct round {
    struct blockio io;
    size_t pages;
    uint64_t end; /* bytes: where the last of them ends */
    unsigned nruns;
    struct run {
        uint32_t logical;
        uint32_t used; /* blocks that have got a page */
        struct efs_run blocks;
    } runs[ROUND_RUNS];
};

/* How many pages from page on need a place and follow one another. */
static uint32_t
count_row(struct inode *inode, const struct buf *page, uint32_t most)
    REQUIRES(inode->lock)
{
    uint64_t first = bcache_block(page);
    uint32_t n = 0;

    while (page && n < most && bcache_block(page) == first + n &&
           pagecache_is_reserved(page)) {
        page = pagecache_next_dirty(inode, page);
        n++;
    }
    return n;
}

/* Takes a new run for pages from page on, behind what the file has before
 * it. Returns 0, 1 if the round has no room for another, or an error. */
static int
take_run(struct inode *inode, struct round *round, const struct buf *page)
    REQUIRES(inode->lock)
{
    uint32_t logical = (uint32_t)bcache_block(page), goal = 0;
    struct run *run = &round->runs[round->nruns];
    struct efs_map map;

    if (round->nruns == ROUND_RUNS)
        return 1;
    if (round->nruns > 0) {
        goal = run[-1].blocks.start + run[-1].blocks.count;
    } else if (logical > 0) {
        int err =
            efs_extent_find(efs_of(inode), node_of(inode), logical - 1, &map);
        if (err)
            return err;
        goal = map.physical ? map.physical + 1 : 0;
    }
    uint32_t most = count_row(inode, page, ROUND_PAGES - round->pages);
    *run = (struct run){.logical = logical};
    int err = efs_run_take(efs_of(inode), goal, most, &run->blocks);
    round->nruns += !err;
    return err;
}

/* Finds the block that page goes to. Returns as take_run. */
static int
place(struct inode *inode, struct round *round, const struct buf *page,
      uint32_t *block) REQUIRES(inode->lock)
{
    uint32_t index = (uint32_t)bcache_block(page);
    struct efs_map map;

    if (!pagecache_is_reserved(page)) {
        int err = efs_extent_find(efs_of(inode), node_of(inode), index, &map);
        *block = map.physical;
        return err;
    }
    struct run *run = &round->runs[MAX(round->nruns, 1u) - 1];
    if (round->nruns == 0 || index != run->logical + run->used ||
        run->used == run->blocks.count) {
        int err = take_run(inode, round, page);
        if (err)
            return err;
        run = &round->runs[round->nruns - 1];
    }
    *block = run->blocks.start + run->used++;
    return 0;
}

/* Finds places for as many dirty pages as one round takes, and starts writing
 * them. */
static int
start_round(struct inode *inode, struct round *round) REQUIRES(inode->lock)
{
    struct vfs_change change = {.super = inode->super};
    struct buf *page = NULL;
    uint32_t block = 0;

    blockio_init(&round->io, inode->super->bdev, BLK_WRITE);
    round->nruns = round->pages = 0;
    if (inode->pages.ndirty == 0)
        return 0;
    int err = vfs_begin(&change);
    if (err)
        return err;
    while (!err && round->pages < ROUND_PAGES &&
           (page = pagecache_next_dirty(inode, page))) {
        err = place(inode, round, page, &block);
        if (err)
            break;
        blockio_add(&round->io, block, bcache_data(page));
        round->pages++;
        round->end = (bcache_block(page) + 1) * BLOCK_SIZE;
    }
    return vfs_end(&change, MIN(err, 0));
}

/* Makes the record point to what has been written. Pages are written in the
 * order of their indexes, so up to the last one the file is whole. */
static int
end_round(struct inode *inode, struct round *round) REQUIRES(inode->lock)
{
    struct vfs_change change = {.super = inode->super, .inodes = {inode}};
    struct efs_node *node = node_of(inode);
    struct efs *fs = efs_of(inode);
    bool last = round->pages == inode->pages.ndirty;
    uint32_t used = 0;

    int err = vfs_begin(&change);
    if (err)
        return err;
    uint64_t size = last ? inode->size : MIN(inode->size, round->end);
    if (size > efs_node_length(node) && round->pages > 0)
        journal_after_data(fs->journal);
    else
        private_of(inode)->rewritten |= round->pages > 0;
    node->size = MAX(size, node->size);
    for (unsigned i = 0; i < round->nruns && !err; i++) {
        err = efs_run_use(fs, round->runs[i].blocks);
        if (!err)
            err = efs_extent_insert(fs, node, round->runs[i].logical,
                                    round->runs[i].blocks);
        used += round->runs[i].blocks.count;
    }
    if (!err && round->nruns == 0) {
        bool hole = node->layout == EFS_INLINE && size > EFS_VALUE_MAX;
        node->layout = hole ? EFS_EXTENTS : node->layout;
        err = efs_node_write(fs, node, hole ? 0 : node->data_len, NULL);
    }
    err = vfs_end(&change, err);
    private_of(inode)->reserved -= err ? 0 : used;
    return err;
}

/* Gives back what the round took. */
static void
return_runs(struct inode *inode, struct round *round)
{
    struct efs *fs = efs_of(inode);

    if (round->nruns == 0 || efs_begin(fs))
        return; /* nothing, or it will never be written to again */
    for (unsigned i = 0; i < round->nruns; i++)
        efs_run_return(fs, round->runs[i].blocks);
    if (efs_end(fs, 0))
        return;
}

static int
write_round(struct inode *inode) REQUIRES(inode->lock)
{
    struct round round;

    int err = start_round(inode, &round);
    int failed = blockio_wait(&round.io);
    if (!err)
        err = failed;
    if (!err)
        err = end_round(inode, &round);
    if (err)
        return_runs(inode, &round);
    while (!err && round.pages-- > 0)
        pagecache_written(inode, pagecache_next_dirty(inode, NULL));
    return err;
}

/* Writes all of a small file into its record. */
static int
write_inline(struct inode *inode) REQUIRES(inode->lock)
{
    struct vfs_change change = {.super = inode->super, .inodes = {inode}};
    struct buf *page = pagecache_next_dirty(inode, NULL);
    struct efs *fs = efs_of(inode);
    uint8_t *value;

    int err = vfs_begin(&change);
    if (!err) {
        err = efs_node_write(fs, node_of(inode), (uint32_t)inode->size, &value);
        if (!err && page)
            memcpy(value, bcache_data(page), inode->size);
        if (!err && page)
            efs_space_unreserve(fs, 1);
        err = vfs_end(&change, err);
    }
    if (!err && page) {
        private_of(inode)->reserved--;
        pagecache_written(inode, page);
    }
    return err ? err : vfs_count_blocks(inode);
}

static bool
is_newer(const struct inode *inode)
{
    const struct efs_node *node = node_of(inode);

    return inode->pages.ndirty > 0 || inode->atime != (int64_t)node->atime ||
           inode->mtime != (int64_t)node->mtime ||
           inode->ctime != (int64_t)node->ctime ||
           (S_ISREG(inode->mode) && inode->size != efs_node_length(node));
}

static int
write_rounds(struct inode *inode) REQUIRES(inode->lock)
{
    struct efs_inode *private = private_of(inode);
    int err = 0;

    /* Until the old content is gone for good it must not be written over. */
    if (private->cut)
        err = efs_commit(efs_of(inode));
    private->cut = false;
    if (!err && !private->trimmed && inode->size > private->node.size)
        err = vfs_trim(inode, private->node.size);
    pagecache_sort_dirty(inode);
    do {
        err = err ? err : write_round(inode);
    } while (!err && inode->pages.ndirty > 0);
    return err ? err : vfs_count_blocks(inode);
}

/* Content is lost: the file is as the disk has it. */
static void
give_up(struct inode *inode, int err) REQUIRES(inode->lock)
{
    struct buf *page;

    private_of(inode)->error = err;
    while ((page = pagecache_next_dirty(inode, NULL)))
        pagecache_lost(inode, page);
    pagecache_unmap(inode);
    if (S_ISREG(inode->mode))
        WRITE_ONCE(inode->size, efs_node_length(node_of(inode)));
}

int
vfs_write_back(struct inode *inode)
{
    int err;

    if (!is_newer(inode))
        return 0;
    pagecache_freeze(inode);
    if (node_of(inode)->layout == EFS_INLINE && S_ISREG(inode->mode) &&
        inode->size <= EFS_VALUE_MAX)
        err = write_inline(inode);
    else
        err = write_rounds(inode);
    if (err && err != -ENOMEM)
        give_up(inode, err);
    return err;
}
