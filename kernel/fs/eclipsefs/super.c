#include "fs/eclipsefs/super.h"

#include "abi/errno.h"
#include "fs/eclipsefs/change.h"
#include "lib/bits.h"
#include "lib/crc32c.h"
#include "lib/print.h"
#include "lib/string.h"

int
efs_read(struct efs *fs, uint64_t address, void *dst, size_t n)
{
    if (address > fs->size || n > fs->size - address)
        return -EUCLEAN;
    for (size_t done = 0; done < n;) {
        uint64_t from = address + done;
        size_t part = MIN(n - done, BLOCK_SIZE - from % BLOCK_SIZE);
        struct buf *buf;
        int err = bcache_get(fs->dev, from / BLOCK_SIZE, &buf);
        if (err)
            return err;
        memcpy((char *)dst + done, bcache_data(buf) + from % BLOCK_SIZE, part);
        bcache_put(buf);
        done += part;
    }
    return 0;
}

/* ---- Opening ---- */

static int
refuse(const char **why, const char *reason, int err)
{
    *why = reason;
    return err;
}

/* Checks which kind of image this is, if any. */
static int
check_kind(const struct eclipsefs_header *header, const char **why)
{
    uint32_t checksum = le32_load(header->header_checksum);

    if (memcmp(header->magic, ECLIPSEFS_MAGIC, sizeof header->magic) != 0)
        return refuse(why, "no eclipsefs magic", -EINVAL);
    if (le32_load(header->version) != ECLIPSEFS_VERSION)
        return refuse(why, "eclipsefs version other than 2.0", -EOPNOTSUPP);
    if (checksum != 0 && checksum != efs_header_checksum(header))
        return refuse(why, "the header's checksum is wrong", -EUCLEAN);
    return 0;
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

static int
check_table(struct efs *fs, const char **why)
{
    uint64_t offset = le64_load(fs->header.inode_table_offset);
    uint64_t size = le64_load(fs->header.inode_table_size);
    uint32_t count = le32_load(fs->header.total_inodes);

    if (count == 0)
        *why = "no inodes";
    else if (size / sizeof(struct eclipsefs_slot) < count)
        *why = "the inode table is smaller than its inodes need";
    else if (offset < sizeof fs->header)
        *why = "the inode table lies in the header";
    else if (offset > fs->size || size > fs->size - offset)
        *why = "the inode table reaches past the end of the device";
    else {
        fs->table = offset;
        fs->records = offset + size;
        fs->inode_count = count;
        return 0;
    }
    return -EUCLEAN;
}

/* Recognises the variant with wide slots: the table has exactly their size,
 * its back half, where narrow slots would be spare, is in use, and record 1 is
 * where the first one says. */
static int
check_slot_width(struct efs *fs, const char **why)
{
    uint64_t at = fs->table + (fs->records - fs->table) / 2, used = 0;
    struct eclipsefs_wide_slot wide;
    struct eclipsefs_record record;
    int err = 0;

    if (fs->records - fs->table != (uint64_t)fs->inode_count * sizeof wide)
        return 0;
    for (; !err && !used && at < fs->records; at += sizeof used)
        err = efs_read(fs, at, &used, sizeof used);
    if (!err && !used)
        return 0;
    if (!err)
        err = efs_read(fs, fs->table, &wide, sizeof wide);
    if (err)
        return err;
    uint64_t offset = le64_load(wide.offset);
    if (offset > fs->size - fs->records)
        return 0;
    err = efs_read(fs, fs->records + offset, &record, sizeof record);
    if (err == -EUCLEAN)
        return 0; /* not where a record can be, so the slots are not wide */
    if (err || le32_load(record.inode) != ECLIPSEFS_ROOT_INO)
        return err;
    return refuse(why,
                  "eclipsefs with 16-byte inode table entries is not supported",
                  -EOPNOTSUPP);
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

int
efs_find_record(struct efs *fs, uint32_t ino, uint64_t *address)
{
    struct eclipsefs_slot slot;

    uint64_t at = fs->table + ((uint64_t)ino - 1) * sizeof slot;
    if (ino == 0 || ino > fs->inode_count)
        return efs_damaged(fs, ino, at, "no such inode");
    int err = efs_read(fs, at, &slot, sizeof slot);
    if (err)
        return err;
    uint64_t offset = le32_load(slot.offset);
    uint64_t room = fs->size - fs->records;
    if (offset > room || room - offset < sizeof(struct eclipsefs_record))
        return efs_damaged(fs, ino, at, "record lies past the end");
    *address = fs->records + offset;
    if (fs->extended && (*address % ECLIPSEFS_BLOCK_SIZE != 0 ||
                         (le32_load(slot.inode) & ~EFSX_SLOT_ORPHAN) != ino))
        return efs_damaged(fs, ino, at, "wrong inode table entry");
    return 0;
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
