/* An opened eclipsefs image: where its parts are.
 *
 * Takes no lock: constant after efs_open and efs_start, but for the record of
 * complaints, which is atomic, and what belongs to other modules. May block
 * on the disk.
 *
 * An address is a byte position on the device, everywhere in eclipsefs. */
#pragma once

#include "abi/eclipsefs.h"
#include "dev/blockdev.h"
#include "fs/journal.h"

struct efs_space;

#define EFS_COMPLAINTS_MAX 16u
#define EFS_BLOCKS_MAX     (1ull << 32) /* of an extended image */

struct efs {
    /* constant after open */
    struct blockdev *dev;
    uint64_t size;        /* of the device or the extended image, bytes */
    uint64_t table;       /* address of the inode table */
    uint64_t records;     /* its end, where record offsets count from */
    uint32_t inode_count; /* inodes are 1 .. inode_count */
    struct eclipsefs_header header;
    bool extended;
    bool read_only;          /* or plain */
    struct efsx_header ext;  /* of an extended image; but for state, counts and
                              * checksum, which are change.c's */
    struct journal *journal; /* NULL for a plain one, or before efs_start */
    struct efs_space *space; /* what is free: fs/eclipsefs/space.c's */

    /* guarded by the change lock: the inode table's, see slots.h */
    uint32_t slot_rotor;   /* where to look for a free inode */
    uint32_t inodes_taken; /* by this change, modulo 2^32 */

    /* atomic */
    uint32_t free_inodes; /* changed under the change lock */
    uint32_t broken;      /* damage was met: nothing more is changed */
    uint32_t complaints;
    uint64_t complained[EFS_COMPLAINTS_MAX]; /* addresses of damage logged */
};

/* Whether a run of blocks lies where an extended image has inodes, data and
 * indexes. */
static inline bool
efs_has_blocks(const struct efs *fs, uint64_t start, uint64_t count)
{
    return start >= fs->records / ECLIPSEFS_BLOCK_SIZE && count > 0 &&
           start + count <= fs->size / ECLIPSEFS_BLOCK_SIZE;
}

/* Reads and validates the header of the image on dev.
 * Returns 0; -EINVAL if there is no eclipsefs, -EOPNOTSUPP for a kind of
 * eclipsefs that is not read here, -EUCLEAN if the header is damaged, -EIO,
 * -ENOMEM; on errors *why is a constant text that says it. */
int efs_open(struct efs *fs, struct blockdev *dev, const char **why) MUST_CHECK;

/* Copies n bytes of the image from address on. Returns 0, -EUCLEAN if they
 * reach past its end, -EIO, -ENOMEM. */
int efs_read(struct efs *fs, uint64_t address, void *dst, size_t n) MUST_CHECK;

/* Finds the node record of ino through the inode table.
 * Returns 0 and its address (the record's head is on the device), -EUCLEAN
 * if there is no such inode or its record lies past the end, -EIO,
 * -ENOMEM. */
int efs_find_record(struct efs *fs, uint32_t ino, uint64_t *address) MUST_CHECK;

/* Logs damage once for each address, up to EFS_COMPLAINTS_MAX of them.
 * Returns -EUCLEAN. */
int efs_damaged(struct efs *fs, uint32_t ino, uint64_t address,
                const char *what);
