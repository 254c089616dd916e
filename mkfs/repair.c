/* Mending an extended image, first half: what says whose each block is, is
 * set right in place. Should this be interrupted, the next check comes to the
 * same end; and the image is marked as damaged until all is done. */
#include "check_impl.h"

#include "abi/mode.h"
#include "format.h"
#include "fs/bcache.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/record_block.h"
#include "header_copy.h"
#include "lib/bits.h"
#include "lib/crc32c.h"
#include "lib/string.h"

#include <time.h>

/* Writes a block in place, in the cache too. */
static int
put_block(struct checker *c, uint64_t block, const uint8_t *bytes)
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
get_block(struct checker *c, uint64_t block, uint8_t *bytes)
{
    struct buf *buf;

    int err = bcache_get(c->fs.dev, block, &buf);
    if (err)
        return err;
    memcpy(bytes, bcache_data(buf), BLOCK_SIZE);
    bcache_put(buf);
    return 0;
}

/* Notes in the header that there is damage, and when that was found. */
static int
mark_image(struct checker *c)
{
    struct eclipsefs_header *header = &c->fs.header;
    struct efsx_header *ext = &c->fs.ext;
    uint8_t bytes[BLOCK_SIZE];

    int err = get_block(c, 0, bytes);
    if (err)
        return err;
    le64_store(header->last_check, (uint64_t)time(NULL));
    if (le32_load(header->header_checksum))
        le32_store(header->header_checksum, efs_header_checksum(header));
    le32_store(ext->state, le32_load(ext->state) | EFSX_ERRORS);
    le32_store(ext->checksum,
               crc32c(0, ext, offsetof(struct efsx_header, checksum)));
    memcpy(bytes, header, sizeof *header);
    memcpy(bytes + EFSX_OFFSET, ext, sizeof *ext);
    return put_block(c, 0, bytes);
}

/* ---- Whose each block is ---- */

/* Blocks of a tree of names that is written anew are nobody's; the record's
 * own stays. */
static void
disown_trees(struct checker *c)
{
    uint64_t total = le64_load(c->fs.ext.total_blocks);

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
put_bitmap(struct checker *c)
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
        err = put_block(c, le64_load(c->fs.ext.bitmap_start) + i, bytes);
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
        err = get_block(c, block, bytes);
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
            err = put_block(c, block, bytes);
    }
    return err;
}

/* A list that came from a plain image cannot be changed, so what becomes of it
 * begins as an empty directory. */
static int
empty_lists(struct checker *c)
{
    int err = 0;

    for (uint32_t i = 1; i <= c->fs.inode_count && !err; i++) {
        const struct inode_info *dir = &c->inodes[i];
        uint8_t bytes[BLOCK_SIZE] = {0};
        struct efs_node node;
        if (dir->state != INODE_GOOD || !dir->rebuild || !dir->list)
            continue;
        err = efs_node_read(&c->fs, i, &node);
        if (err)
            break;
        efs_node_lay_out(bytes, &node, 0);
        efs_node_seal(bytes);
        err = put_block(c, dir->record_block, bytes);
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
    uint64_t end = MIN(le64_load(c->fs.ext.total_blocks),
                       block + (1ull << 32) / BLOCK_SIZE);
    uint8_t bytes[BLOCK_SIZE] = {0};
    struct eclipsefs_slot *slot;

    while (block < end && c->owners[block])
        block++;
    if (block == end)
        return -ENOSPC;
    c->owners[block] = ECLIPSEFS_ROOT_INO;
    efs_node_lay_out(bytes,
                     &(struct efs_node){.ino = ECLIPSEFS_ROOT_INO,
                                        .type = ECLIPSEFS_DIRECTORY,
                                        .mode = S_IFDIR | 0755,
                                        .nlink = 2},
                     0);
    efs_node_seal(bytes);
    int err = put_block(c, block, bytes);
    if (!err)
        err = get_block(c, c->fs.table / BLOCK_SIZE, bytes);
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
    return put_block(c, c->fs.table / BLOCK_SIZE, bytes);
}

static int
write_owners(struct checker *c)
{
    struct inode_info *root = &c->inodes[ECLIPSEFS_ROOT_INO];

    if (root->type != ECLIPSEFS_DIRECTORY)
        root->state = INODE_BAD;
    disown_trees(c);
    int err = empty_lists(c);
    if (!err)
        err = write_slots(c);
    if (!err && root->state != INODE_GOOD)
        err = make_root(c);
    return err ? err : put_bitmap(c);
}

/* ---- All of it ---- */

static int
write_fixed(struct checker *c)
{
    const struct efsx_header *ext = &c->fs.ext;

    int err = mark_image(c);
    if (!err && c->journal_lost)
        err = format_journal(c->fs.dev, le64_load(ext->journal_start),
                             le32_load(ext->journal_blocks));
    if (!err)
        err = header_copy_write(c->fs.dev);
    if (!err)
        err = write_owners(c);
    bcache_drop(c->fs.dev);
    return err;
}

int
repair(struct checker *c, const char **why)
{
    *why = "a plain image is never changed";
    if (!c->fs.extended)
        return -EOPNOTSUPP;
    *why = "the image cannot be written";
    int err = c->result->findings > 0 ? write_fixed(c) : 0;
    c->fs.broken = false;
    if (!err)
        err = efs_start(&c->fs, false, why);
    if (err)
        return err;
    err = repair_tree(c);
    *why = err == -ENOSPC ? "it is too full to give names to what has lost "
                            "them"
                          : "not all can be mended";
    if (!err && !c->fs.broken) {
        le32_store(c->fs.ext.mount_count, 0);
        le32_store(c->fs.ext.state,
                   le32_load(c->fs.ext.state) & ~(uint32_t)EFSX_ERRORS);
    }
    int stopped = efs_stop(&c->fs);
    return err ? err : stopped;
}
