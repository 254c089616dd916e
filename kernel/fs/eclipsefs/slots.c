#include "fs/eclipsefs/slots.h"

#include "abi/errno.h"
#include "fs/eclipsefs/record.h"
#include "fs/eclipsefs/record_block.h"
#include "fs/eclipsefs/space.h"
#include "lib/bits.h"

#define SLOTS_PER_BLOCK (ECLIPSEFS_BLOCK_SIZE / sizeof(struct eclipsefs_slot))

uint32_t
efs_space_free_inodes(const struct efs *fs)
{
    return fs->space ? READ_ONCE(fs->free_inodes)
                     : le32_load(fs->ext.free_inodes);
}

/* Gets the block of the inode table with ino's slot. */
static int
get_slot(struct efs *fs, uint32_t ino, struct buf **buf)
{
    uint64_t block = fs->table / ECLIPSEFS_BLOCK_SIZE;
    return bcache_get(fs->dev, block + (ino - 1) / SLOTS_PER_BLOCK, buf);
}

static bool
is_free_slot(const struct eclipsefs_slot *slot)
{
    return le64_load(slot) == 0;
}

static bool
is_orphan_slot(const struct eclipsefs_slot *slot)
{
    return le32_load(slot->inode) & EFSX_SLOT_ORPHAN;
}

/* Counts slots of a kind in from .. last, up to most of them; *first is the
 * first one's inode, 0 if there is none. */
static int
count_slots(struct efs *fs, uint32_t from, uint32_t last, uint32_t most,
            bool (*matches)(const struct eclipsefs_slot *slot), uint32_t *first,
            uint32_t *count)
{
    uint32_t ino = from;

    *first = *count = 0;
    while (ino <= last && *count < most) {
        struct buf *buf;
        int err = get_slot(fs, ino, &buf);
        if (err)
            return err;
        const struct eclipsefs_slot *slots = (void *)bcache_data(buf);
        uint32_t end = MIN(last, ALIGN_UP(ino, SLOTS_PER_BLOCK)) + 1;
        for (; ino < end && *count < most; ino++)
            if (matches(&slots[(ino - 1) % SLOTS_PER_BLOCK]) && (*count)++ == 0)
                *first = ino;
        bcache_put(buf);
    }
    return 0;
}

/* Finds the first slot of a kind in from .. last; *ino is 0 if there is
 * none. */
static int
find_slot(struct efs *fs, uint32_t from, uint32_t last,
          bool (*matches)(const struct eclipsefs_slot *slot), uint32_t *ino)
{
    uint32_t count;
    return count_slots(fs, from, last, 1, matches, ino, &count);
}

static int
write_slot(struct efs *fs, uint32_t ino, uint32_t inode_field, uint32_t offset)
{
    struct buf *buf;

    int err = get_slot(fs, ino, &buf);
    if (err)
        return err;
    uint8_t *block = journal_edit(fs->journal, buf, NULL);
    if (block) {
        struct eclipsefs_slot *slots = (void *)block;
        struct eclipsefs_slot *slot = &slots[(ino - 1) % SLOTS_PER_BLOCK];
        le32_store(slot->inode, inode_field);
        le32_store(slot->offset, offset);
    }
    bcache_put(buf);
    return block ? 0 : -ENOMEM;
}

int
efs_inode_alloc(struct efs *fs, uint32_t goal, uint32_t *ino)
{
    uint32_t block, from = fs->slot_rotor;
    uint8_t *bytes;

    if (fs->free_inodes == 0)
        return -ENOSPC;
    int err = find_slot(fs, from, fs->inode_count, is_free_slot, ino);
    if (!err && *ino == 0)
        err = find_slot(fs, 1, from - 1, is_free_slot, ino);
    if (!err && *ino == 0)
        err = -ENOSPC;
    if (!err)
        err = efs_block_alloc(fs, goal, true, efs_node_seal, &block, &bytes);
    if (err)
        return err;
    uint64_t address = (uint64_t)block * ECLIPSEFS_BLOCK_SIZE;
    err = write_slot(fs, *ino, *ino, (uint32_t)(address - fs->records));
    if (err)
        return err;
    fs->slot_rotor = *ino % fs->inode_count + 1;
    fs->free_inodes--;
    fs->inodes_taken++;
    return 0;
}

int
efs_inode_free(struct efs *fs, uint32_t ino)
{
    uint64_t address;

    int err = efs_find_record(fs, ino, &address);
    if (!err)
        err = write_slot(fs, ino, 0, 0);
    if (!err)
        err = efs_block_free(fs, (uint32_t)(address / ECLIPSEFS_BLOCK_SIZE));
    if (!err) {
        fs->free_inodes++;
        fs->inodes_taken--;
    }
    return err;
}

int
efs_inode_set_orphan(struct efs *fs, uint32_t ino, bool orphan)
{
    uint64_t address;

    int err = efs_find_record(fs, ino, &address);
    return err ? err
               : write_slot(fs, ino, ino | (orphan ? EFSX_SLOT_ORPHAN : 0),
                            (uint32_t)(address - fs->records));
}

int
efs_inode_next_orphan(struct efs *fs, uint32_t after, uint32_t *ino)
{
    return find_slot(fs, after + 1, fs->inode_count, is_orphan_slot, ino);
}

int
efs_slots_open(struct efs *fs)
{
    uint32_t first;

    fs->slot_rotor = 1;
    return count_slots(fs, 1, fs->inode_count, UINT32_MAX, is_free_slot, &first,
                       &fs->free_inodes);
}
