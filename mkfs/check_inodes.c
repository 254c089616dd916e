#include "check_impl.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "fs/bcache.h"
#include "lib/bits.h"
#include "lib/string.h"

#include <stdio.h>
#include <stdlib.h>

/* An error that ends the check rather than being a finding. */
static bool
is_fatal(int err)
{
    return err == -EIO || err == -ENOMEM;
}

/* ---- Slots ---- */

static int
read_slot(struct checker *c, uint32_t ino, uint32_t *number, uint32_t *offset)
{
    uint64_t at =
        c->fs.table + (uint64_t)(ino - 1) * sizeof(struct eclipsefs_slot);
    struct eclipsefs_slot slot;
    struct efs_cursor cursor;

    efs_cursor_init(&cursor, c->fs.dev, at, c->fs.records);
    int err = efs_cursor_read(&cursor, &slot, sizeof slot);
    efs_cursor_close(&cursor);
    *number = le32_load(slot.inode);
    *offset = le32_load(slot.offset);
    return err;
}

/* In a plain image a slot of zeros may be that of the inode whose record
 * comes first; it is a spare one if no such record is there. */
static bool
is_spare(struct checker *c, uint32_t ino, uint32_t number, uint32_t offset)
{
    struct efs_node node;

    if (number || offset)
        return false;
    listen(c);
    return c->fs.extended || efs_node_read(&c->fs, ino, &node) != 0;
}

/* ---- Extents ---- */

/* A run of extents as they stand somewhere: those of a record or a block. */
struct extents {
    uint32_t ino;
    uint64_t block;   /* where they stand */
    uint64_t logical; /* the least logical block that may come next */
};

static void
cut_file(struct checker *c, uint32_t ino, uint64_t logical)
{
    struct inode_info *i = &c->inodes[ino];

    if (!i->cut)
        i->cut_at = (uint32_t)MIN(logical, UINT32_MAX);
    i->cut = true;
}

static bool
check_extents(struct checker *c, struct extents *e, const uint8_t *bytes,
              uint32_t len)
{
    const struct efsx_extent *extent = (const void *)bytes;

    for (uint32_t n = len / sizeof *extent; n > 0; n--, extent++) {
        uint32_t logical = le32_load(extent->logical);
        uint32_t count = le32_load(extent->count);
        uint32_t physical = le32_load(extent->physical);
        if (count == 0 || logical < e->logical) {
            finding(c, "extent", e->ino, e->block,
                    "extents overlap, or are out of order");
            cut_file(c, e->ino, e->logical);
            return false;
        }
        uint32_t got = claim_blocks(c, e->ino, physical, count);
        e->logical = (uint64_t)logical + got;
        if (got < count) {
            finding(c, "extent", e->ino, e->block,
                    "block %lu is outside, or belongs to something else",
                    (unsigned long)physical + got);
            cut_file(c, e->ino, e->logical);
            return false;
        }
        e->logical = (uint64_t)logical + count;
    }
    return true;
}

static int
check_extent_block(struct checker *c, struct extents *e, uint32_t block)
{
    struct buf *buf;

    if (claim_blocks(c, e->ino, block, 1) == 0) {
        finding(c, "extent", e->ino, block,
                "a block of extents is outside, or something else's");
        cut_file(c, e->ino, e->logical);
        return -EUCLEAN;
    }
    listen(c);
    int err = efs_block_get(&c->fs, block, EFSX_EXTENT_MAGIC, e->ino, &buf);
    if (err) {
        if (!is_fatal(err))
            finding_said(c, "extent", e->ino, "a block of extents is wrong");
        cut_file(c, e->ino, e->logical);
        return err;
    }
    const struct efsx_block *head = (const void *)bcache_data(buf);
    e->block = block;
    bool good =
        check_extents(c, e, (const uint8_t *)(head + 1), le32_load(head->used));
    bcache_put(buf);
    return good ? 0 : -EUCLEAN;
}

static int
check_extent_index(struct checker *c, struct extents *e, const uint8_t *bytes,
                   uint32_t len)
{
    const struct efsx_index *index = (const void *)bytes;
    int err = 0;

    for (uint32_t n = len / sizeof *index; n > 0 && !err; n--, index++) {
        uint32_t first = le32_load(index->first);
        if (first < e->logical) {
            finding(c, "extent", e->ino, e->block, "index is out of order");
            cut_file(c, e->ino, e->logical);
            return 0;
        }
        e->logical = first;
        err = check_extent_block(c, e, le32_load(index->block));
    }
    return is_fatal(err) ? err : 0;
}

static int
check_layout(struct checker *c, const struct efs_node *node)
{
    struct extents e = {.ino = node->ino, .block = node->data / BLOCK_SIZE};
    struct buf *buf;

    if (node->layout != EFS_EXTENTS && node->layout != EFS_EXTENT_INDEX)
        return 0;
    int err = bcache_get(c->fs.dev, e.block, &buf);
    if (err)
        return err;
    const uint8_t *value = bcache_data(buf) + node->data % BLOCK_SIZE;
    if (node->layout == EFS_EXTENTS)
        check_extents(c, &e, value, node->data_len);
    else
        err = check_extent_index(c, &e, value, node->data_len);
    bcache_put(buf);
    uint64_t blocks = (node->size + BLOCK_SIZE - 1) / BLOCK_SIZE;
    if (!err && e.logical > blocks)
        note(c, "extent", node->ino, e.block,
             "blocks past the end wait to be freed");
    return err;
}

/* ---- Records ---- */

/* Notes where the record lies; in an extended image its blocks are the
 * inode's. */
static int
claim_record(struct checker *c, uint32_t ino)
{
    struct eclipsefs_record record;
    struct efs_cursor cursor;
    uint64_t address;

    int err = efs_find_record(&c->fs, ino, &address);
    if (err)
        return err;
    efs_cursor_init(&cursor, c->fs.dev, address, c->fs.size);
    err = efs_cursor_read(&cursor, &record, sizeof record);
    efs_cursor_close(&cursor);
    if (err)
        return err;
    uint64_t end = address + le32_load(record.size);
    c->spans[c->nspans++] = (struct span){address, end, ino};
    if (!c->fs.extended)
        return 0;
    uint32_t start = (uint32_t)(address / BLOCK_SIZE);
    uint32_t count = (uint32_t)((end + BLOCK_SIZE - 1) / BLOCK_SIZE) - start;
    if (claim_blocks(c, ino, start, count) == count)
        return 0;
    finding(c, "inode", ino, start,
            "its record lies in a block of something else");
    return -EUCLEAN;
}

static void
check_size(struct checker *c, const struct efs_node *node)
{
    if (node->type == ECLIPSEFS_DIRECTORY ? node->size != 0
        : node->layout == EFS_INLINE      ? node->size != node->data_len
                                          : false)
        finding(c, "size", node->ino, node->data / BLOCK_SIZE,
                "SIZE is %lu, the content has %u bytes",
                (unsigned long)node->size, node->data_len);
}

static void
count_type(struct checker *c, const struct efs_node *node)
{
    struct check_result *r = c->result;
    uint32_t *counters[] = {&r->others, &r->files, &r->directories,
                            &r->symlinks};
    bool device = node->type == ECLIPSEFS_FILE && !S_ISREG(node->mode);

    ++*counters[device ? 0 : node->type % ARRAY_LEN(counters)];
}

static int
check_inode(struct checker *c, uint32_t ino)
{
    struct inode_info *i = &c->inodes[ino];
    uint32_t number, offset;
    struct efs_node node;

    int err = read_slot(c, ino, &number, &offset);
    if (err || is_spare(c, ino, number, offset))
        return err;
    i->state = INODE_BAD;
    listen(c);
    err = efs_node_read(&c->fs, ino, &node);
    if (!err)
        err = claim_record(c, ino);
    if (err) {
        if (!is_fatal(err) && err != -EUCLEAN)
            finding_said(c, "inode", ino, "its record cannot be read");
        else if (err == -EUCLEAN)
            finding_said(c, "inode", ino, "its record is wrong");
        return is_fatal(err) ? err : 0;
    }
    i->state = INODE_GOOD;
    i->orphan = c->fs.extended && (number & EFSX_SLOT_ORPHAN);
    i->type = node.type;
    i->nlink = node.nlink;
    count_type(c, &node);
    check_size(c, &node);
    if (i->orphan)
        note(c, "orphan", ino, 0, "it has no name and waits to be freed");
    return check_layout(c, &node);
}

/* ---- Overlaps of a plain image's records ---- */

static int
compare_spans(const void *a, const void *b)
{
    const struct span *x = a, *y = b;

    return x->start < y->start ? -1 : x->start > y->start;
}

static void
check_spans(struct checker *c)
{
    if (c->fs.extended || c->nspans == 0)
        return;
    qsort(c->spans, c->nspans, sizeof c->spans[0], compare_spans);
    for (size_t i = 1; i < c->nspans; i++)
        if (c->spans[i].start < c->spans[i - 1].end)
            finding(c, "inode", c->spans[i].ino, c->spans[i].start / BLOCK_SIZE,
                    "its record overlaps that of inode %u",
                    c->spans[i - 1].ino);
}

int
check_inodes(struct checker *c)
{
    int err = 0;

    for (uint32_t ino = 1; ino <= c->fs.inode_count && !err; ino++)
        err = check_inode(c, ino);
    check_spans(c);
    return err;
}
