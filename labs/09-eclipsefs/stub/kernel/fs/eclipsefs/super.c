#include "fs/eclipsefs/super.h"

#include "abi/errno.h"
#include "fs/eclipsefs/change.h"
#include "lib/bits.h"
#include "lib/crc32c.h"
#include "lib/print.h"
#include "lib/string.h"
#include "lib/todo.h"

/* Nothing in the format is aligned, so what is wanted may begin in one block of
 * the cache and end in another, or in the one after that. The bytes come from
 * whoever made the disk, the address too, and it may be any number: what does
 * not lie in the first fs->size bytes is -EUCLEAN, before anything is read. A
 * block that was got is put back. */
int
efs_read(struct efs *fs, uint64_t address, void *dst, size_t n)
{
    LAB_TODO(9);
}

/* ---- Opening ---- */

static int
refuse(const char **why, const char *reason, int err)
{
    *why = reason;
    return err;
}

/* Says what the header is, in the order of the fields (docs/eclipsefs.md,
 * section 1): -EINVAL without the magic, -EOPNOTSUPP for a version that is not
 * ECLIPSEFS_VERSION, -EUCLEAN for a checksum that is there and wrong. refuse()
 * returns all of them. */
static int
check_kind(const struct eclipsefs_header *header, const char **why)
{
    LAB_TODO(9);
}

/* Reads the header of the extension; the image may be smaller than its
 * device. */
static int
check_extension(struct efs *fs, const char **why)
{
    const struct efsx_header *ext = &fs->ext;

    int err = efs_read(fs, EFSX_OFFSET, &fs->ext, sizeof fs->ext);
    if (err)
        return err;
    if (memcmp(ext->magic, EFSX_MAGIC, sizeof ext->magic) != 0 ||
        le32_load(ext->checksum) !=
            crc32c(0, ext, offsetof(struct efsx_header, checksum)))
        return refuse(why, "the extension's header is damaged", -EUCLEAN);
    if (le32_load(ext->version) != EFSX_VERSION ||
        le32_load(ext->block_size) != ECLIPSEFS_BLOCK_SIZE)
        return refuse(why, "a later version of the extension, or other blocks",
                      -EOPNOTSUPP);
    uint64_t blocks = le64_load(ext->total_blocks);
    if (blocks > fs->size / ECLIPSEFS_BLOCK_SIZE || blocks > EFS_BLOCKS_MAX)
        return refuse(why, "the image is larger than its device", -EUCLEAN);
    fs->size = blocks * ECLIPSEFS_BLOCK_SIZE;
    fs->extended = true;
    return 0;
}

/* Checks that an extended image's parts follow one another, in blocks. */
static int
check_layout(const struct efs *fs, const char **why)
{
    uint64_t journal = le64_load(fs->ext.journal_start);
    uint64_t bitmap = le64_load(fs->ext.bitmap_start);
    uint64_t journal_blocks = le32_load(fs->ext.journal_blocks);
    uint64_t bitmap_blocks = le32_load(fs->ext.bitmap_blocks);
    uint64_t table = fs->table / ECLIPSEFS_BLOCK_SIZE;

    if (fs->table % ECLIPSEFS_BLOCK_SIZE || fs->records % ECLIPSEFS_BLOCK_SIZE)
        *why = "the inode table is not made of blocks";
    else if (fs->inode_count >= EFSX_SLOT_ORPHAN)
        *why = "too many inodes";
    else if (bitmap > table || bitmap_blocks > table - bitmap ||
             bitmap_blocks * EFSX_BITMAP_BITS < fs->size / ECLIPSEFS_BLOCK_SIZE)
        *why = "the bitmap is not where one can be";
    else if (journal == 0 || journal_blocks < JOURNAL_BLOCKS_MIN ||
             journal > bitmap || journal_blocks > bitmap - journal)
        *why = "the journal is not where one can be";
    else
        return 0;
    return -EUCLEAN;
}

/* Checks the inode table (docs/eclipsefs.md, section 2), and sets fs->table,
 * fs->records and fs->inode_count. What can be wrong with it: no inodes, a
 * table too small for its inodes, one that begins within the header, one that
 * reaches past the end. All three numbers are the disk's, and two of them have
 * 64 bits: which sums and products do not fit? Each of the four is -EUCLEAN,
 * with *why. */
static int
check_table(struct efs *fs, const char **why)
{
    LAB_TODO(9);
}

/* Refuses the later variant with 16-byte slots (docs/eclipsefs.md, section 2),
 * with -EOPNOTSUPP and *why; what only looks like it is 0. Its three signs: the
 * size of the table; its back half, which is not all zeros; and record 1, which
 * is where the first slot says if that is a struct eclipsefs_wide_slot, and
 * says that it is ECLIPSEFS_ROOT_INO's. An offset that leads out of the image
 * is no such sign, but a disk that cannot be read is an error. */
static int
check_slot_width(struct efs *fs, const char **why)
{
    LAB_TODO(9);
}

int
efs_open(struct efs *fs, struct blockdev *dev, const char **why)
{
    *fs = (struct efs){
        .dev = dev, .size = dev->sectors * SECTOR_SIZE, .read_only = true};
    *why = "the device cannot be read";
    if (fs->size < sizeof fs->header)
        return refuse(why, "the device is too small for eclipsefs", -EINVAL);
    int err = efs_read(fs, 0, &fs->header, sizeof fs->header);
    if (!err)
        err = check_kind(&fs->header, why);
    if (!err && le32_load(fs->header.flags) & ECLIPSEFS_FLAG_EXTENDED)
        err = check_extension(fs, why);
    if (!err)
        err = check_table(fs, why);
    if (err)
        return err;
    return fs->extended ? check_layout(fs, why) : check_slot_width(fs, why);
}

/* ---- Inodes, and damage ---- */

/* Inode i is slot i - 1, and offsets count from the end of the table
 * (docs/eclipsefs.md, section 2). Plain images: go by the position, and ignore
 * what the slot says of its inode. Extended ones: that must be right
 * (EFSX_SLOT_ORPHAN may be set in it), and the record begins a block. All that
 * is wrong is efs_damaged(fs, ino, the slot's address, "what it is"). */
int
efs_find_record(struct efs *fs, uint32_t ino, uint64_t *address)
{
    LAB_TODO(9);
}

int
efs_damaged(struct efs *fs, uint32_t ino, uint64_t address, const char *what)
{
    uint32_t count = __atomic_load_n(&fs->complaints, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < MIN(count, EFS_COMPLAINTS_MAX); i++)
        if (READ_ONCE(fs->complained[i]) == address)
            return -EUCLEAN;
    if (count > EFS_COMPLAINTS_MAX)
        return -EUCLEAN;

    count = __atomic_fetch_add(&fs->complaints, 1, __ATOMIC_RELAXED);
    if (count < EFS_COMPLAINTS_MAX) {
        WRITE_ONCE(fs->complained[count], address);
        pr_err("eclipsefs: %s: inode %u, block %lu: %s", fs->dev->name, ino,
               (unsigned long)(address / ECLIPSEFS_BLOCK_SIZE), what);
    } else if (count == EFS_COMPLAINTS_MAX) {
        pr_err("eclipsefs: %s: more damage, not reported", fs->dev->name);
    }
    return -EUCLEAN;
}
