#include "fs/eclipsefs/record_block.h"
#include "fs/eclipsefs/vfs.h"

#include "abi/errno.h"
#include "fs/eclipsefs/extent.h"
#include "fs/eclipsefs/file.h"
#include "fs/writeback.h"
#include "lib/string.h"

#define BLOCK_SECTORS (BLOCK_SIZE / SECTOR_SIZE)

static uint64_t
blocks_of(uint64_t bytes)
{
    return bytes / BLOCK_SIZE + (bytes % BLOCK_SIZE != 0);
}

/* ---- Reading ---- */

static int
content_map(struct inode *inode, uint64_t index, size_t count,
            struct page_run *run)
{
    const struct efs_node *node = node_of(inode);
    uint64_t at = index * BLOCK_SIZE, length = efs_node_length(node);
    struct efs *fs = efs_of(inode);
    struct efs_map map;

    /* What is beyond the disk's end has never been there, or should not. */
    *run = (struct page_run){.bytes = inode->size - at, .hole = at >= length};
    if (run->hole)
        return 0;
    run->bytes = length - at;
    if (node->layout == EFS_INLINE) {
        run->sector = (node->data + at) / SECTOR_SIZE;
        run->copied = fs->extended || node->data % SECTOR_SIZE != 0;
        if (run->copied)
            efs_file_prefetch(fs, node, at, count * BLOCK_SIZE);
        return 0;
    }
    int err = efs_extent_find(fs, node, (uint32_t)index, &map);
    if (err)
        return err;
    run->sector = (uint64_t)map.physical * BLOCK_SECTORS;
    run->bytes = MIN(run->bytes, (uint64_t)map.count * BLOCK_SIZE);
    run->hole = map.physical == 0;
    return 0;
}

static int
content_read_page(struct inode *inode, uint64_t index, uint8_t *page)
{
    const struct efs_node *node = node_of(inode);
    uint64_t at = index * BLOCK_SIZE;
    size_t len = MIN(efs_node_length(node) - at, BLOCK_SIZE);

    memset(page + len, 0, BLOCK_SIZE - len);
    int64_t n = efs_file_read(efs_of(inode), node, at, page, len);
    if (n < 0)
        return (int)n;
    return (size_t)n == len ? 0 : -EIO;
}

/* ---- Space for pages in memory ---- */

/* A page that may end up inline sets a block aside, too: the file may grow. */
static int
content_reserve(struct inode *inode, uint64_t index)
{
    const struct efs_node *node = node_of(inode);
    struct vfs_change change = {.super = inode->super};
    struct efs *fs = efs_of(inode);
    struct efs_map map = {0};
    int err = 0;

    if (index >= EFS_BLOCKS_MAX)
        return -EFBIG;
    if (node->layout == EFS_INLINE && node->data_len > EFS_VALUE_MAX)
        return -EOPNOTSUPP;
    if (index * BLOCK_SIZE < efs_node_length(node))
        err = efs_extent_find(fs, node, (uint32_t)index, &map);
    if (err || map.physical)
        return err;
    err = vfs_begin(&change);
    if (!err)
        err = vfs_end(&change, efs_space_reserve(fs, 1));
    if (err)
        return err;
    private_of(inode)->reserved++;
    inode->blocks += BLOCK_SECTORS;
    return 1;
}

static void
content_unreserve(struct inode *inode, size_t count)
{
    struct efs *fs = efs_of(inode);

    private_of(inode)->reserved -= count;
    inode->blocks -= count * BLOCK_SECTORS;
    if (efs_begin(fs))
        return; /* it will never be written to again */
    efs_space_unreserve(fs, count);
    if (efs_end(fs, 0))
        return;
}

/* ---- Size ---- */

int
vfs_count_blocks(struct inode *inode)
{
    struct efs *fs = efs_of(inode);
    uint64_t blocks = blocks_of(inode->size);
    int err = 0;

    if (fs->extended && !S_ISDIR(inode->mode))
        err = efs_extent_count(fs, node_of(inode), &blocks);
    blocks += fs->extended + private_of(inode)->reserved;
    inode->blocks = blocks * BLOCK_SECTORS;
    return err;
}

int
vfs_trim(struct inode *inode, uint64_t size)
{
    struct vfs_change change = {.super = inode->super, .inodes = {inode}};
    struct efs_node *node = node_of(inode);
    bool begun = false;
    int more = 1;

    while (more > 0) {
        int err = vfs_begin(&change);
        if (err)
            return begun ? 0 : err;
        node->size = size;
        if (node->layout == EFS_INLINE)
            more = efs_node_write(efs_of(inode), node, (uint32_t)size, NULL);
        else
            more = efs_extent_truncate(efs_of(inode), node, blocks_of(size));
        err = vfs_end(&change, MIN(more, 0));
        if (err)
            return begun ? 0 : err;
        private_of(inode)->trimmed = more == 0;
        begun = true;
    }
    return 0;
}

/* Cuts what the disk has. */
static int
shrink(struct inode *inode, uint64_t size) REQUIRES(inode->lock)
{
    struct efs_inode *private = private_of(inode);

    if (size >= efs_node_length(&private->node))
        return 0;
    int err = vfs_trim(inode, size);
    private->cut |= !err && size % BLOCK_SIZE != 0;
    return err;
}

int
vfs_set_size(struct inode *inode, uint64_t size)
{
    int err = 0;

    if (size > EFS_BLOCKS_MAX * BLOCK_SIZE)
        return -EFBIG;
    if (size > inode->size) {
        err = pagecache_extend(inode);
    } else if (size < inode->size) {
        pagecache_wait(inode, size);
        err = shrink(inode, size);
        if (!err)
            pagecache_cut(inode, size);
    }
    if (err)
        return err;
    WRITE_ONCE(inode->size, size);
    inode->mtime = inode->ctime = fs_now();
    inode_mark_dirty(inode);
    return vfs_count_blocks(inode);
}

/* ---- Durability ---- */

int
vfs_sync(struct inode *inode, bool data_only)
{
    struct efs_inode *private = private_of(inode);
    struct efs *fs = efs_of(inode);
    int err = 0;

    if (!fs->extended || fs->read_only)
        return 0;
    sleeplock_lock(&inode->lock);
    if (!data_only || inode->pages.ndirty > 0 ||
        inode->size != efs_node_length(&private->node))
        err = vfs_write_back(inode);
    if (private->error) {
        err = private->error;
        private->error = 0;
    }
    sleeplock_unlock(&inode->lock);
    return err ? err : efs_commit(fs);
}

const struct page_ops vfs_page_ops = {
    .map = content_map,
    .read_page = content_read_page,
    .reserve = content_reserve,
    .unreserve = content_unreserve,
    .write_back = vfs_write_back,
};
