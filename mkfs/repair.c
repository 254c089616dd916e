/* Mending an extended image: what the passes of a check decided is carried
 * out, first by setting right what says whose each block is, then by the file
 * system's own changes. */
#include "check_impl.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "fs/bcache.h"
#include "fs/eclipsefs/diredit.h"
#include "fs/eclipsefs/names.h"
#include "lib/bits.h"
#include "lib/crc32c.h"
#include "lib/string.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LOST_FOUND "lost+found"

/* Writes a block in place, in the cache too. */
static int
write_block(struct checker *c, uint64_t block, const uint8_t *bytes)
{
    struct buf *buf;

    int err = bcache_get_new(c->fs.dev, block, &buf);
    if (err)
        return err;
    memcpy(bcache_data(buf), bytes, BLOCK_SIZE);
    err = blockdev_transfer(c->fs.dev, BLK_WRITE,
                            block * (BLOCK_SIZE / SECTOR_SIZE),
                            bcache_data(buf), BLOCK_SIZE);
    bcache_put(buf);
    return err;
}

static int
read_block(struct checker *c, uint64_t block, uint8_t *bytes)
{
    struct buf *buf;

    int err = bcache_get(c->fs.dev, block, &buf);
    if (err)
        return err;
    memcpy(bytes, bcache_data(buf), BLOCK_SIZE);
    bcache_put(buf);
    return 0;
}

/* ---- Whose each block is ---- */

/* Blocks of a tree of names that is written anew are nobody's; the record's
 * own stays. */
static void
disown_trees(struct checker *c)
{
    uint64_t total = le64_load(c->fs.ext.total_blocks);

    for (size_t i = 0; i < c->nspans; i++) {
        struct inode_info *dir = &c->inodes[c->spans[i].ino];
        dir->record_block = (uint32_t)(c->spans[i].start / BLOCK_SIZE);
    }
    for (uint64_t b = 0; b < total; b++) {
        uint32_t owner = c->owners[b];
        if (owner == 0 || owner == OWNER_FIXED)
            continue;
        const struct inode_info *inode = &c->inodes[owner];
        if (inode->state == INODE_BAD ||
            (inode->rebuild && b != inode->record_block))
            c->owners[b] = 0;
    }
}

static int
write_bitmap(struct checker *c)
{
    uint64_t total = le64_load(c->fs.ext.total_blocks);
    uint32_t blocks = le32_load(c->fs.ext.bitmap_blocks);
    int err = 0;

    for (uint32_t i = 0; i < blocks && !err; i++) {
        uint64_t first = (uint64_t)i * EFSX_BITMAP_BITS;
        uint8_t bytes[BLOCK_SIZE] = {0};
        for (uint32_t bit = 0; bit < EFSX_BITMAP_BITS; bit++)
            if (first + bit >= total || c->owners[first + bit])
                bytes[bit / 8] |= (uint8_t)(1u << bit % 8);
        efs_seal(bytes);
        err = write_block(c, le64_load(c->fs.ext.bitmap_start) + i, bytes);
    }
    return err;
}

/* Empties the slots of inodes that cannot be kept, and takes the mark of an
 * orphan from those that have a name. */
static int
write_slots(struct checker *c)
{
    const uint32_t per_block = BLOCK_SIZE / sizeof(struct eclipsefs_slot);
    uint8_t bytes[BLOCK_SIZE];
    int err = 0;

    for (uint32_t first = 1; first <= c->fs.inode_count && !err;
         first += per_block) {
        uint64_t block = c->fs.table / BLOCK_SIZE + (first - 1) / per_block;
        err = read_block(c, block, bytes);
        for (uint32_t i = 0; !err && i < per_block; i++) {
            struct eclipsefs_slot *slot = (void *)bytes;
            uint32_t ino = first + i;
            enum inode_state state = INODE_FREE;
            if (ino <= c->fs.inode_count)
                state = c->inodes[ino].state;
            if (state != INODE_GOOD)
                memset(&slot[i], 0, sizeof slot[i]);
            else
                le32_store(slot[i].inode,
                           ino |
                               (c->inodes[ino].orphan ? EFSX_SLOT_ORPHAN : 0));
        }
        if (!err)
            err = write_block(c, block, bytes);
    }
    return err;
}

/* A root that cannot be used is replaced by an empty one, in any free block
 * that a slot reaches; what was in it is in /lost+found. */
static int
make_root(struct checker *c)
{
    struct inode_info *root = &c->inodes[ECLIPSEFS_ROOT_INO];
    uint32_t block = (uint32_t)(c->fs.records / BLOCK_SIZE);
    uint64_t total = le64_load(c->fs.ext.total_blocks);
    uint8_t bytes[BLOCK_SIZE] = {0};
    struct eclipsefs_slot *slot;

    while (block < total && c->owners[block])
        block++;
    if (block == total)
        return -ENOSPC;
    c->owners[block] = ECLIPSEFS_ROOT_INO;
    efs_node_lay_out(bytes,
                     &(struct efs_node){.ino = ECLIPSEFS_ROOT_INO,
                                        .type = ECLIPSEFS_DIRECTORY,
                                        .mode = S_IFDIR | 0755,
                                        .nlink = 2},
                     0);
    efs_node_seal(bytes);
    int err = write_block(c, block, bytes);
    if (!err)
        err = read_block(c, c->fs.table / BLOCK_SIZE, bytes);
    if (err)
        return err;
    slot = (void *)bytes;
    le32_store(slot->inode, ECLIPSEFS_ROOT_INO);
    le32_store(slot->offset,
               (uint32_t)((uint64_t)block * BLOCK_SIZE - c->fs.records));
    *root = (struct inode_info){.state = INODE_GOOD,
                                .type = ECLIPSEFS_DIRECTORY,
                                .record_block = block,
                                .reached = true};
    return write_block(c, c->fs.table / BLOCK_SIZE, bytes);
}

/* Makes what is fixed on the disk agree with the owners that were found, so
 * that the image can be mounted. */
static int
write_owners(struct checker *c)
{
    struct inode_info *root = &c->inodes[ECLIPSEFS_ROOT_INO];
    int err = 0;

    for (uint32_t i = 1; i <= c->fs.inode_count; i++)
        if (c->inodes[i].orphan && c->inodes[i].cut)
            c->inodes[i].state = INODE_BAD;
    if (root->type != ECLIPSEFS_DIRECTORY)
        root->state = INODE_BAD;
    disown_trees(c);
    err = write_slots(c);
    if (!err && root->state != INODE_GOOD)
        err = make_root(c);
    return err ? err : write_bitmap(c);
}

/* ---- Files ---- */

/* Whether an extent, cut to what comes before cut_at, still has blocks. */
static bool
keep_extent(struct efsx_extent *extent, uint32_t cut_at)
{
    uint32_t logical = le32_load(extent->logical);
    uint32_t count = le32_load(extent->count);

    if (logical >= cut_at)
        return false;
    le32_store(extent->count, MIN(count, cut_at - logical));
    return true;
}

/* Keeps the extents of a run up to where they are wrong. Returns how many
 * bytes of them are left. */
static uint32_t
cut_run(uint8_t *bytes, uint32_t used, uint32_t cut_at)
{
    struct efsx_extent *extent = (void *)bytes;
    uint32_t n = used / (uint32_t)sizeof *extent, kept = 0;
    uint64_t logical = 0;

    while (kept < n && le32_load(extent[kept].logical) >= logical &&
           le32_load(extent[kept].count) > 0 &&
           keep_extent(&extent[kept], cut_at)) {
        logical = (uint64_t)le32_load(extent[kept].logical) +
                  le32_load(extent[kept].count);
        kept++;
    }
    return kept * (uint32_t)sizeof *extent;
}

/* Cuts the last of an index's blocks that is kept; those behind it are
 * nobody's by now. Returns the bytes of the index that are left. */
static int
cut_index(struct checker *c, const struct efs_node *node, uint8_t *bytes,
          uint32_t *len)
{
    struct efsx_index *index = (void *)bytes;
    uint32_t cut_at = c->inodes[node->ino].cut_at;
    uint32_t n = *len / (uint32_t)sizeof *index, kept = 0;

    while (kept < n && le32_load(index[kept].first) < cut_at &&
           c->owners[le32_load(index[kept].block)] == node->ino)
        kept++;
    *len = kept * (uint32_t)sizeof *index;
    if (kept == 0)
        return 0;
    struct buf *buf;
    int err = efs_block_get(&c->fs, le32_load(index[kept - 1].block),
                            EFSX_EXTENT_MAGIC, node->ino, &buf);
    if (err)
        return err;
    uint8_t *block = journal_edit(c->fs.journal, buf, efs_seal);
    if (block) {
        struct efsx_block *head = (void *)block;
        le32_store(head->used, cut_run(block + sizeof *head,
                                       le32_load(head->used), cut_at));
    }
    bcache_put(buf);
    return block ? 0 : -ENOMEM;
}

/* Cuts a file where its extents are wrong. */
static int
cut_file(struct checker *c, struct efs_node *node)
{
    uint32_t cut_at = c->inodes[node->ino].cut_at, len = node->data_len;
    uint8_t *value;

    int err = efs_node_write(&c->fs, node, len, &value);
    if (!err && node->layout == EFS_EXTENTS)
        len = cut_run(value, len, cut_at);
    else if (!err)
        err = cut_index(c, node, value, &len);
    if (err)
        return err;
    if (len == 0)
        node->layout = EFS_EXTENTS;
    node->size = MIN(node->size, (uint64_t)cut_at * BLOCK_SIZE);
    return efs_node_write(&c->fs, node, len, NULL);
}

/* ---- Directories ---- */

/* Does fn to node in a change of its own. */
static int
change_node(struct checker *c, struct efs_node *node,
            int (*fn)(struct checker *c, struct efs_node *node))
{
    int err = efs_begin(&c->fs);
    return err ? err : efs_end(&c->fs, fn(c, node));
}

static int
empty_directory(struct checker *c, struct efs_node *node)
{
    node->layout = EFS_INLINE;
    node->size = 0;
    return efs_node_write(&c->fs, node, 0, NULL);
}

static int
insert(struct checker *c, struct efs_node *dir, const char *name, uint32_t ino)
{
    int err = efs_begin(&c->fs);
    if (err)
        return err;
    err = efs_dir_add(&c->fs, dir, name, strlen(name), ino);
    return efs_end(&c->fs, err);
}

static int
rebuild_directory(struct checker *c, struct efs_node *node)
{
    const struct inode_info *dir = &c->inodes[node->ino];

    int err = change_node(c, node, empty_directory);
    for (size_t i = 0; i < dir->nentries && !err; i++)
        if (!dir->entries[i].drop)
            err = insert(c, node, dir->entries[i].name, dir->entries[i].ino);
    return err;
}

/* ---- What has lost its name ---- */

/* Finds /lost+found, or makes it. */
static int
open_lost_found(struct checker *c, struct efs_node *found)
{
    struct efs_new new = {.mode = S_IFDIR | 0700, .now = (uint64_t)time(NULL)};
    struct efs_node root;
    struct efs_link link;

    int err = efs_node_read(&c->fs, ECLIPSEFS_ROOT_INO, &root);
    if (err)
        return err;
    err = efs_dir_lookup(&c->fs, &root, LOST_FOUND, strlen(LOST_FOUND), &link);
    if (!err)
        err = efs_node_read(&c->fs, link.ino, found);
    if (!err)
        return found->type == ECLIPSEFS_DIRECTORY ? 0 : -ENOTDIR;
    if (err != -ENOENT)
        return err;
    err = efs_begin(&c->fs);
    if (err)
        return err;
    err =
        efs_create(&c->fs, &root, LOST_FOUND, strlen(LOST_FOUND), &new, found);
    err = efs_end(&c->fs, err);
    if (!err) {
        c->inodes[found->ino] = (struct inode_info){
            .state = INODE_GOOD, .type = ECLIPSEFS_DIRECTORY, .names = 1};
        c->inodes[ECLIPSEFS_ROOT_INO].subdirs++;
    }
    return err;
}

static int
name_lost(struct checker *c)
{
    struct efs_node found = {0};
    int err = 0;

    for (uint32_t ino = 1; ino <= c->fs.inode_count && !err; ino++) {
        struct inode_info *inode = &c->inodes[ino];
        char name[16];
        if (!inode->lost || inode->state != INODE_GOOD)
            continue;
        if (found.ino == 0)
            err = open_lost_found(c, &found);
        if (err)
            break;
        snprintf(name, sizeof name, "#%u", ino);
        err = insert(c, &found, name, ino);
        inode->names++;
        if (inode->type == ECLIPSEFS_DIRECTORY)
            c->inodes[found.ino].subdirs++;
    }
    return err;
}

/* ---- Attributes ---- */

static int
write_attributes(struct checker *c, struct efs_node *node)
{
    const struct inode_info *inode = &c->inodes[node->ino];
    bool is_dir = node->type == ECLIPSEFS_DIRECTORY;

    node->nlink = is_dir ? 2 + inode->subdirs : inode->names;
    if (is_dir)
        node->size = 0;
    return efs_node_write(&c->fs, node, node->data_len, NULL);
}

static int
mend_attributes(struct checker *c, uint32_t ino)
{
    const struct inode_info *inode = &c->inodes[ino];
    struct efs_node node;

    int err = efs_node_read(&c->fs, ino, &node);
    if (err)
        return err;
    uint32_t links =
        node.type == ECLIPSEFS_DIRECTORY ? 2 + inode->subdirs : inode->names;
    bool size_is_wrong = node.type == ECLIPSEFS_DIRECTORY
                             ? node.size != 0
                             : node.size != efs_node_length(&node);
    if (node.nlink == links && !size_is_wrong)
        return 0;
    return change_node(c, &node, write_attributes);
}

static int
mend_inode(struct checker *c, uint32_t ino)
{
    const struct inode_info *inode = &c->inodes[ino];
    struct efs_node node;

    if (inode->state != INODE_GOOD || inode->orphan ||
        !(inode->cut || inode->rebuild))
        return 0;
    int err = efs_node_read(&c->fs, ino, &node);
    if (!err && inode->cut)
        err = change_node(c, &node, cut_file);
    if (!err && inode->rebuild)
        err = rebuild_directory(c, &node);
    return err;
}

int
repair(struct checker *c)
{
    const char *why;
    uint32_t state = le32_load(c->fs.ext.state);

    if (!c->fs.extended)
        return -EOPNOTSUPP;
    int err = write_owners(c);
    if (err)
        return err;
    bcache_drop(c->fs.dev);
    le32_store(c->fs.ext.state, state & ~(uint32_t)EFSX_ERRORS);
    err = efs_start(&c->fs, false, &why);
    if (err)
        return err;
    for (uint32_t i = 1; i <= c->fs.inode_count && !err; i++)
        err = mend_inode(c, i);
    if (!err)
        err = name_lost(c);
    for (uint32_t i = 1; i <= c->fs.inode_count && !err; i++)
        if (c->inodes[i].state == INODE_GOOD && !c->inodes[i].orphan)
            err = mend_attributes(c, i);
    int stopped = efs_stop(&c->fs);
    return err ? err : stopped;
}
