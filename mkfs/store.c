#include "store.h"

#include "abi/errno.h"
#include "fs/blockio.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/extent.h"
#include "fs/eclipsefs/record_block.h"

#include <string.h>

#define RUN_MAX 128u /* blocks: 512 KiB */

struct store {
    struct efs *fs;
    struct efs_node *node;
    uint64_t size;
    efs_source read;
    efs_find_content find;
    void *context;
};

/* Sets *blocks aside, or fewer if there are no more. */
static int
reserve(struct store *s, uint32_t *blocks)
{
    int err = efs_space_reserve(s->fs, *blocks);

    while (err == -ENOSPC && *blocks > 1) {
        *blocks /= 2;
        err = efs_space_reserve(s->fs, *blocks);
    }
    return err;
}

/* Sets a run of at most most blocks aside and takes it. */
static int
take(struct store *s, uint32_t goal, uint32_t most, struct efs_run *run)
{
    int err = efs_begin(s->fs);
    if (err)
        return err;
    err = reserve(s, &most);
    if (!err) {
        err = efs_run_take(s->fs, goal, most, run);
        efs_space_unreserve(s->fs, err ? most : most - run->count);
    }
    return efs_end(s->fs, err);
}

/* As take, but waits for blocks that have been freed. */
static int
take_patiently(struct store *s, uint32_t goal, uint32_t most,
               struct efs_run *run)
{
    int err = take(s, goal, most, run);
    if (err != -ENOSPC)
        return err;
    err = efs_commit(s->fs);
    return err ? err : take(s, goal, most, run);
}

/* Copies a run's content into new blocks of the cache, so that whoever reads
 * it there sees it, and from there to the disk. */
static int
write_run(struct store *s, uint64_t logical, struct efs_run run)
{
    struct buf *bufs[RUN_MAX];
    struct blockio io;
    uint32_t count = 0;
    int err = 0;

    blockio_init(&io, s->fs->dev, BLK_WRITE);
    while (count < run.count && !err) {
        uint64_t offset = (logical + count) * BLOCK_SIZE;
        err = bcache_get_new(s->fs->dev, run.start + count, &bufs[count]);
        if (err)
            break;
        uint8_t *data = bcache_data(bufs[count]);
        size_t n = MIN(BLOCK_SIZE, s->size - offset);
        memset(data + n, 0, BLOCK_SIZE - n);
        err = s->read(s->context, offset, data, n);
        blockio_add(&io, run.start + count++, data);
    }
    int io_err = blockio_wait(&io);
    while (count > 0)
        bcache_put(bufs[--count]);
    return err ? err : io_err;
}

/* Makes the file have the run. */
static int
insert_run(struct store *s, uint32_t logical, struct efs_run run)
{
    int err = efs_begin(s->fs);
    if (err)
        return err;
    err = efs_run_use(s->fs, run);
    if (!err)
        err = efs_extent_insert(s->fs, s->node, logical, run);
    return efs_end(s->fs, err);
}

static int
store_run(struct store *s, uint32_t logical, uint32_t most, uint32_t *goal,
          uint32_t *count)
{
    struct efs_node before = *s->node;
    struct efs_run run;

    int err = take_patiently(s, *goal, most, &run);
    if (err)
        return err;
    err = write_run(s, logical, run);
    if (!err)
        err = insert_run(s, logical, run);
    *goal = run.start + run.count;
    *count = run.count;
    if (!err)
        return 0;
    *s->node = before;
    if (efs_begin(s->fs) == 0) {
        efs_run_return(s->fs, run);
        efs_space_unreserve(s->fs, run.count);
        err = efs_end(s->fs, 0) ? -EIO : err;
    }
    return err;
}

/* Stores the blocks from logical on that lie before `end`, bytes. */
static int
store_range(struct store *s, uint32_t logical, uint64_t end, uint32_t *goal)
{
    uint64_t last = (end + BLOCK_SIZE - 1) / BLOCK_SIZE;
    uint32_t count = 0;
    int err = 0;

    while (!err && logical < last) {
        err = store_run(s, logical, (uint32_t)MIN(last - logical, RUN_MAX),
                        goal, &count);
        logical += count;
    }
    return err;
}

/* What is nothing but a hole has a record without extents. */
static int
store_hole(struct store *s)
{
    int err = efs_begin(s->fs);
    if (err)
        return err;
    s->node->layout = EFS_EXTENTS;
    return efs_end(s->fs, efs_node_write(s->fs, s->node, 0, NULL));
}

static int
store_blocks(struct store *s)
{
    uint32_t goal = (uint32_t)(s->node->data / BLOCK_SIZE);
    uint64_t next = 0; /* block */
    int err = 0;

    if (s->size > EFS_BLOCKS_MAX * BLOCK_SIZE)
        return -EFBIG;
    s->node->size = s->size;
    while (!err && next * BLOCK_SIZE < s->size) {
        uint64_t offset = next * BLOCK_SIZE, end = s->size;
        if (s->find)
            s->find(s->context, &offset, &end);
        if (offset >= s->size)
            break;
        next = MAX(next, offset / BLOCK_SIZE);
        end = MIN(end, s->size);
        err = store_range(s, (uint32_t)next, end, &goal);
        next = (end + BLOCK_SIZE - 1) / BLOCK_SIZE;
    }
    return err || s->node->layout != EFS_INLINE ? err : store_hole(s);
}

static int
store_inline(struct store *s)
{
    uint8_t *value;

    int err = efs_begin(s->fs);
    if (err)
        return err;
    err = efs_node_write(s->fs, s->node, (uint32_t)s->size, &value);
    if (!err)
        err = s->read(s->context, 0, value, s->size);
    return efs_end(s->fs, err);
}

/* Gives up all blocks, and inline content. */
static int
empty(struct store *s)
{
    int more = 1;

    s->node->size = 0;
    while (more > 0) {
        int err = efs_begin(s->fs);
        if (err)
            return err;
        more = efs_extent_truncate(s->fs, s->node, 0);
        err = efs_end(s->fs, MIN(more, 0));
        if (err)
            return err;
    }
    return more;
}

int
efs_store_sparse(struct efs *fs, struct efs_node *node, uint64_t size,
                 efs_source source, efs_find_content find, void *context)
{
    struct store store = {fs, node, size, source, find, context};

    int err = empty(&store);
    if (err)
        return err;
    return size <= EFS_VALUE_MAX ? store_inline(&store) : store_blocks(&store);
}

int
efs_store(struct efs *fs, struct efs_node *node, uint64_t size,
          efs_source source, void *context)
{
    return efs_store_sparse(fs, node, size, source, NULL, context);
}
