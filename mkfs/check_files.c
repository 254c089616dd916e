/* Where files of extended images have their content. */
#include "check_impl.h"

#include "fs/bcache.h"
#include "lib/bits.h"

/* A walk through a file's extents. */
struct extents {
    struct checker *c;
    uint32_t ino;
    uint64_t block;   /* where they stand */
    uint64_t logical; /* the least logical block that may come next */
    uint64_t found;   /* blocks of content so far */
};

/* The file has no more than what the walk has found. Returns false. */
static bool
cut(struct extents *e, const char *why)
{
    struct inode_info *inode = &e->c->inodes[e->ino];

    finding(e->c, "extent", e->ino, e->block, "%s", why);
    inode->cut = true;
    inode->cut_at = e->logical;
    return false;
}

static bool
check_extents(struct extents *e, const uint8_t *bytes, uint32_t len)
{
    const struct efsx_extent *extent = (const void *)bytes;

    for (uint32_t n = len / sizeof *extent; n > 0; n--, extent++) {
        uint32_t logical = le32_load(extent->logical);
        uint32_t count = le32_load(extent->count);
        if (count == 0 || logical < e->logical ||
            (uint64_t)logical + count > EFS_BLOCKS_MAX)
            return cut(e, "extents overlap, or are out of order");
        uint32_t got =
            claim_blocks(e->c, e->ino, le32_load(extent->physical), count);
        e->found += got;
        if (got > 0)
            e->logical = (uint64_t)logical + got;
        if (got < count)
            return cut(e, "an extent is outside, or has another's blocks");
    }
    return len % sizeof *extent == 0 || cut(e, "half an extent");
}

/* ---- Indexes ---- */

/* Claims what says that it is the file's, or finds it out of order. */
static int
claim_index(struct checker *c, uint32_t ino, const struct efsx_index *index,
            uint32_t n)
{
    for (; n > 0; n--, index++) {
        struct buf *buf;
        uint32_t block = le32_load(index->block);
        if (!efs_has_blocks(&c->fs, block, 1))
            continue;
        int err = efs_block_get(&c->fs, block, EFSX_EXTENT_MAGIC, ino, &buf);
        if (is_fatal(err))
            return err;
        if (err)
            continue;
        bcache_put(buf);
        claim_blocks(c, ino, block, 1);
    }
    return 0;
}

/* Checks the block of extents of one index entry. Returns 1 if it is good and
 * the walk may go on, 0, or an error. */
static int
check_block(struct extents *e, const struct efsx_index *entry, bool first)
{
    uint32_t block = le32_load(entry->block), start = le32_load(entry->first);
    struct buf *buf;

    if (first ? start != 0 : start < e->logical)
        return cut(e, "an index of extents is out of order");
    if (!efs_has_blocks(&e->c->fs, block, 1) || e->c->owners[block] != e->ino)
        return cut(e, "a block of extents is damaged, or another's");
    int err = efs_block_get(&e->c->fs, block, EFSX_EXTENT_MAGIC, e->ino, &buf);
    if (err)
        return is_fatal(err) ? err : cut(e, "the index leads to content");
    const struct efsx_block *head = (const void *)bcache_data(buf);
    uint32_t used = le32_load(head->used);
    e->block = block;
    e->logical = start;
    bool good = used == 0 ? cut(e, "a block of extents is empty")
                          : check_extents(e, (const void *)(head + 1), used);
    bcache_put(buf);
    return good;
}

/* What an index that is cut loses, and blocks that only this led to, are found
 * to be nobody's in the next round. */
static int
check_extent_index(struct extents *e, const uint8_t *bytes, uint32_t len)
{
    const struct efsx_index *index = (const void *)bytes;
    uint32_t n = len / (uint32_t)sizeof *index;

    int err = claim_index(e->c, e->ino, index, n);
    if (err)
        return err;
    int good = 1;
    for (uint32_t i = 0; i < n && good > 0; i++) {
        uint64_t before = e->found;
        good = check_block(e, &index[i], i == 0);
        if (e->found > before)
            e->c->inodes[e->ino].cut_entries = i + 1;
    }
    if (good > 0 && (n == 0 || len % sizeof *index))
        cut(e, "half an index entry, or none");
    return MIN(good, 0);
}

/* ---- Files ---- */

static int
check_file(struct checker *c, uint32_t ino)
{
    struct inode_info *inode = &c->inodes[ino];
    struct extents e = {.c = c, .ino = ino, .block = inode->record_block};
    struct efs_node node;
    struct buf *buf;

    int err = read_file_node(c, ino, &node);
    if (err || node.layout == EFS_INLINE)
        return err;
    err = bcache_get(c->fs.dev, e.block, &buf);
    if (err)
        return err;
    const uint8_t *value = bcache_data(buf) + node.data % BLOCK_SIZE;
    if (node.layout == EFS_EXTENTS)
        check_extents(&e, value, node.data_len);
    else
        err = check_extent_index(&e, value, node.data_len);
    bcache_put(buf);
    if (node.size > EFS_BLOCKS_MAX * BLOCK_SIZE && !inode->cut)
        cut(&e, "no file is that long");
    inode->tail = e.logical > (node.size + BLOCK_SIZE - 1) / BLOCK_SIZE;
    if (inode->tail && !inode->cut)
        note(c, "tail", ino, e.block, "blocks past its end wait to be freed");
    if (inode->orphan && inode->cut)
        inode->state = INODE_BAD;
    return err;
}

int
check_files(struct checker *c)
{
    int err = 0;

    for (uint32_t i = 1; i <= c->fs.inode_count && !err; i++)
        if (c->inodes[i].state == INODE_GOOD &&
            c->inodes[i].type != ECLIPSEFS_DIRECTORY)
            err = check_file(c, i);
    return err;
}
