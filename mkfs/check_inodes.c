#include "check_impl.h"

#include "abi/mode.h"
#include "fs/bcache.h"
#include "lib/bits.h"
#include "lib/string.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Slots ---- */

static int
read_slot(struct checker *c, uint32_t ino, uint32_t *number, uint32_t *offset)
{
    uint64_t at =
        c->fs.table + (uint64_t)(ino - 1) * sizeof(struct eclipsefs_slot);
    struct eclipsefs_slot slot;

    int err = efs_read(&c->fs, at, &slot, sizeof slot);
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
    listen_anew(c);
    return c->fs.extended || efs_node_read(&c->fs, ino, &node) != 0;
}

/* ---- Records ---- */

/* Notes where the record lies; in an extended image its blocks are the
 * inode's. */
static int
claim_record(struct checker *c, uint32_t ino)
{
    struct eclipsefs_record record;
    uint64_t address;

    int err = efs_find_record(&c->fs, ino, &address);
    if (!err)
        err = efs_read(&c->fs, address, &record, sizeof record);
    if (err)
        return err;
    uint64_t end = address + le32_load(record.size);
    if (!c->fs.extended) {
        c->spans[c->nspans++] = (struct span){address, end, ino};
        return 0;
    }
    uint32_t start = (uint32_t)(address / BLOCK_SIZE);
    uint32_t count = (uint32_t)((end + BLOCK_SIZE - 1) / BLOCK_SIZE) - start;
    c->inodes[ino].record_block = start;
    return claim_blocks(c, ino, start, count) == count ? 0 : -EUCLEAN;
}

static void
check_size(struct checker *c, const struct efs_node *node)
{
    if (node->type == ECLIPSEFS_DIRECTORY ? node->size != 0
        : node->layout == EFS_INLINE      ? node->size != node->data_len
                                          : false)
        finding(c, "size", node->ino, node->data / BLOCK_SIZE,
                "SIZE is %lu, the content has %u bytes",
                (unsigned long)node->size,
                node->type == ECLIPSEFS_DIRECTORY ? 0 : node->data_len);
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

/* Whether the inode may be freed without a further look, as its slot says. */
static bool
check_orphan(struct checker *c, const struct efs_node *node)
{
    bool empty = node->type != ECLIPSEFS_DIRECTORY || node->data_len == 0;

    if (node->nlink == 0 && empty && node->ino != ECLIPSEFS_ROOT_INO) {
        note(c, "orphan", node->ino, 0, "it has no name and waits to be freed");
        return true;
    }
    finding(c, "orphan", node->ino, 0, "it is to be freed, but %s",
            empty ? "has links" : "is a directory with entries");
    return false;
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
    listen_anew(c);
    err = read_file_node(c, ino, &node);
    if (!err)
        err = claim_record(c, ino);
    if (err) {
        if (!is_fatal(err))
            finding_said(c, "inode", ino, "its record cannot be used");
        return is_fatal(err) ? err : 0;
    }
    i->state = INODE_GOOD;
    i->type = node.type;
    i->nlink = node.nlink;
    count_type(c, &node);
    check_size(c, &node);
    if (c->fs.extended && number & EFSX_SLOT_ORPHAN)
        i->orphan = check_orphan(c, &node);
    return 0;
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
    if (c->nspans > 0)
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
