#include "header_copy.h"

#include "abi/errno.h"
#include "fs/bcache.h"
#include "fs/eclipsefs/change.h"
#include "lib/bits.h"
#include "lib/crc32c.h"

#include <string.h>

/* Both headers, as they stand in a sector. */
struct copy {
    uint8_t sector[SECTOR_SIZE];
};

static struct eclipsefs_header *
header_in(struct copy *copy)
{
    return (void *)copy->sector;
}

static struct efsx_header *
ext_in(struct copy *copy)
{
    return (void *)(copy->sector + EFSX_OFFSET);
}

static int
read_copy(struct blockdev *dev, struct copy *copy)
{
    struct buf *buf;

    memset(copy, 0, sizeof *copy);
    if (dev->sectors < 2 * BLOCK_SIZE / SECTOR_SIZE)
        return 0;
    int err = bcache_get(dev, EFSX_COPY_AT / BLOCK_SIZE, &buf);
    if (err)
        return err;
    memcpy(copy->sector, bcache_data(buf) + EFSX_COPY_AT % BLOCK_SIZE,
           sizeof copy->sector);
    bcache_put(buf);
    return 0;
}

static uint32_t
ext_checksum(const struct efsx_header *ext)
{
    return crc32c(0, ext, offsetof(struct efsx_header, checksum));
}

static bool
is_sound(struct copy *copy)
{
    const struct eclipsefs_header *header = header_in(copy);
    const struct efsx_header *ext = ext_in(copy);

    return memcmp(header->magic, ECLIPSEFS_MAGIC, sizeof header->magic) == 0 &&
           le32_load(header->header_checksum) == efs_header_checksum(header) &&
           memcmp(ext->magic, EFSX_MAGIC, sizeof ext->magic) == 0 &&
           le32_load(ext->checksum) == ext_checksum(ext);
}

int
header_copy_write(struct blockdev *dev)
{
    struct copy copy;

    int err = blockdev_transfer(dev, BLK_READ, 0, copy.sector, SECTOR_SIZE);
    if (!err)
        err = blockdev_transfer(dev, BLK_WRITE, EFSX_COPY_AT / SECTOR_SIZE,
                                copy.sector, SECTOR_SIZE);
    return err;
}

int
header_copy_use(struct blockdev *dev, bool write)
{
    struct copy copy;
    struct buf *buf;

    int err = read_copy(dev, &copy);
    if (!err && !is_sound(&copy))
        err = -EUCLEAN;
    if (!err)
        err = bcache_get(dev, 0, &buf);
    if (err)
        return err;
    struct efsx_header *ext = ext_in(&copy);
    le32_store(ext->state, EFSX_IN_USE | EFSX_ERRORS);
    le32_store(ext->checksum, ext_checksum(ext));
    memcpy(bcache_data(buf), copy.sector, sizeof copy.sector);
    bcache_put(buf);
    if (write)
        err = blockdev_transfer(dev, BLK_WRITE, 0, copy.sector, SECTOR_SIZE);
    return err;
}

int
header_copy_agrees(struct efs *fs)
{
    struct eclipsefs_header *header;
    struct efsx_header *ext;
    struct copy copy;

    int err = read_copy(fs->dev, &copy);
    if (err)
        return err;
    header = header_in(&copy);
    ext = ext_in(&copy);
    if (!is_sound(&copy))
        return 0;
    /* What is not the same for ever is taken as the same. */
    memcpy(header->last_check, fs->header.last_check,
           sizeof header->last_check);
    memcpy(header->header_checksum, fs->header.header_checksum,
           sizeof header->header_checksum);
    memcpy(ext->state, fs->ext.state, sizeof ext->state);
    memcpy(ext->free_blocks, fs->ext.free_blocks, sizeof ext->free_blocks);
    memcpy(ext->free_inodes, fs->ext.free_inodes, sizeof ext->free_inodes);
    memcpy(ext->mount_count, fs->ext.mount_count, sizeof ext->mount_count);
    memcpy(ext->checksum, fs->ext.checksum, sizeof ext->checksum);
    return memcmp(header, &fs->header, sizeof *header) == 0 &&
           memcmp(ext, &fs->ext, sizeof *ext) == 0;
}
