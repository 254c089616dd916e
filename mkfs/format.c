#include "format.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/record.h"
#include "fs/eclipsefs/record_block.h"
#include "header_copy.h"
#include "lib/bits.h"
#include "lib/crc32c.h"

#include <stdlib.h>
#include <string.h>

#define BLOCKS_PER_INODE   4u
#define SLOTS_PER_BLOCK    (ECLIPSEFS_BLOCK_SIZE / sizeof(struct eclipsefs_slot))
#define JOURNAL_SHARE      32u /* the default: this part of the device */
#define JOURNAL_BLOCKS_TOP 2048u
#define ROOM_MIN           16u /* blocks left for files, at least */

/* What goes where, in blocks. */
struct layout {
    const struct efs_format *options;
    struct blockdev *dev;
    uint64_t total;
    uint64_t journal_blocks, bitmap, bitmap_blocks, table, table_blocks;
    uint64_t root; /* the root's record, the first block behind the table */
    uint32_t inodes;
};

static int
plan(struct layout *l)
{
    const struct efs_format *o = l->options;
    uint64_t inodes = o->inodes ? o->inodes : l->total / BLOCKS_PER_INODE;
    uint64_t share = l->total / JOURNAL_SHARE;

    share = MAX(MIN(share, JOURNAL_BLOCKS_TOP), JOURNAL_BLOCKS_MIN);
    l->journal_blocks = o->journal_blocks ? o->journal_blocks : share;
    l->bitmap = 1 + l->journal_blocks;
    l->bitmap_blocks = (l->total + EFSX_BITMAP_BITS - 1) / EFSX_BITMAP_BITS;
    l->table = l->bitmap + l->bitmap_blocks;
    l->table_blocks = (inodes + SLOTS_PER_BLOCK - 1) / SLOTS_PER_BLOCK;
    l->root = l->table + l->table_blocks;
    l->inodes = (uint32_t)(l->table_blocks * SLOTS_PER_BLOCK);
    if (l->journal_blocks < JOURNAL_BLOCKS_MIN ||
        l->table_blocks * SLOTS_PER_BLOCK >= EFSX_SLOT_ORPHAN ||
        l->root + ROOM_MIN > l->total)
        return -ENOSPC;
    return 0;
}

static int
write_block(const struct layout *l, uint64_t block, void *data)
{
    return blockdev_transfer(l->dev, BLK_WRITE,
                             block * (ECLIPSEFS_BLOCK_SIZE / SECTOR_SIZE), data,
                             ECLIPSEFS_BLOCK_SIZE);
}

/* In use are all blocks up to the root's, and those behind the end. */
static int
write_bitmap(const struct layout *l, uint8_t *data)
{
    int err = 0;

    for (uint64_t i = 0; i < l->bitmap_blocks && !err; i++) {
        memset(data, 0, ECLIPSEFS_BLOCK_SIZE);
        for (uint32_t bit = 0; bit < EFSX_BITMAP_BITS; bit++) {
            uint64_t block = i * EFSX_BITMAP_BITS + bit;
            if (block <= l->root || block >= l->total)
                data[bit / 8] |= (uint8_t)(1u << bit % 8);
        }
        efs_seal(data);
        err = write_block(l, l->bitmap + i, data);
    }
    return err;
}

/* All slots are free but the root's, whose record is right behind them. */
static int
write_table(const struct layout *l, uint8_t *data)
{
    struct eclipsefs_slot *slots = (void *)data;
    int err = 0;

    for (uint64_t i = 0; i < l->table_blocks && !err; i++) {
        memset(data, 0, ECLIPSEFS_BLOCK_SIZE);
        if (i == 0)
            le32_store(slots[0].inode, ECLIPSEFS_ROOT_INO);
        err = write_block(l, l->table + i, data);
    }
    return err;
}

static int
write_root(const struct layout *l, uint8_t *data)
{
    const struct efs_format *o = l->options;
    struct efs_node node = {
        .ino = ECLIPSEFS_ROOT_INO,
        .type = ECLIPSEFS_DIRECTORY,
        .mode = S_IFDIR | (o->mode ? o->mode & ~(uint32_t)S_IFMT : 0755),
        .uid = o->uid,
        .gid = o->gid,
        .nlink = 2,
        .atime = o->now,
        .mtime = o->now,
        .ctime = o->now,
    };

    memset(data, 0, ECLIPSEFS_BLOCK_SIZE);
    efs_node_lay_out(data, &node, 0);
    efs_node_seal(data);
    return write_block(l, l->root, data);
}

static int
write_header(const struct layout *l, uint8_t *data)
{
    const struct efs_format *o = l->options;
    struct eclipsefs_header *header = (void *)data;
    struct efsx_header *ext = (void *)(data + EFSX_OFFSET);

    memset(data, 0, ECLIPSEFS_BLOCK_SIZE);
    memcpy(header->magic, ECLIPSEFS_MAGIC, sizeof header->magic);
    le32_store(header->version, ECLIPSEFS_VERSION);
    le64_store(header->inode_table_offset, l->table * ECLIPSEFS_BLOCK_SIZE);
    le64_store(header->inode_table_size,
               l->table_blocks * ECLIPSEFS_BLOCK_SIZE);
    le32_store(header->total_inodes, l->inodes);
    le64_store(header->creation_time, o->now);
    le64_store(header->last_check, o->now);
    le32_store(header->flags, ECLIPSEFS_FLAG_EXTENDED);
    le32_store(header->header_checksum, efs_header_checksum(header));

    memcpy(ext->magic, EFSX_MAGIC, sizeof ext->magic);
    le32_store(ext->version, EFSX_VERSION);
    le32_store(ext->block_size, ECLIPSEFS_BLOCK_SIZE);
    le32_store(ext->state, EFSX_CLEAN);
    le64_store(ext->total_blocks, l->total);
    le64_store(ext->journal_start, 1);
    le32_store(ext->journal_blocks, (uint32_t)l->journal_blocks);
    le64_store(ext->bitmap_start, l->bitmap);
    le32_store(ext->bitmap_blocks, (uint32_t)l->bitmap_blocks);
    le64_store(ext->free_blocks, l->total - l->root - 1);
    le32_store(ext->free_inodes, l->inodes - 1);
    memcpy(ext->uuid, o->uuid, sizeof ext->uuid);
    if (o->label)
        memcpy(ext->label, o->label, strnlen(o->label, EFSX_LABEL_MAX));
    le32_store(ext->checksum,
               crc32c(0, ext, offsetof(struct efsx_header, checksum)));
    return write_block(l, 0, data);
}

/* The header comes last: without it there is no image. */
static int
write_parts(const struct layout *l, uint8_t *data)
{
    memset(data, 0, ECLIPSEFS_BLOCK_SIZE);
    int err = write_block(l, 0, data);
    if (!err)
        err = format_journal(l->dev, 1, (uint32_t)l->journal_blocks);
    if (!err)
        err = write_bitmap(l, data);
    if (!err)
        err = write_table(l, data);
    if (!err)
        err = write_root(l, data);
    if (!err)
        err = blockdev_transfer(l->dev, BLK_FLUSH, 0, NULL, 0);
    if (!err)
        err = write_header(l, data);
    if (!err)
        err = header_copy_write(l->dev);
    return err ? err : blockdev_transfer(l->dev, BLK_FLUSH, 0, NULL, 0);
}

int
efs_format(struct blockdev *dev, const struct efs_format *options)
{
    uint64_t blocks = dev->sectors / (ECLIPSEFS_BLOCK_SIZE / SECTOR_SIZE);
    struct layout layout = {
        .options = options, .dev = dev, .total = MIN(blocks, EFS_BLOCKS_MAX)};

    int err = plan(&layout);
    if (err)
        return err;
    uint8_t *data = malloc(ECLIPSEFS_BLOCK_SIZE);
    if (!data)
        return -ENOMEM;
    bcache_drop(dev);
    err = write_parts(&layout, data);
    free(data);
    return err;
}
