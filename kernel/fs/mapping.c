#include "fs/mapping.h"

#include "abi/mman.h"
#include "fs/pagecache.h"
#include "mm/frame.h"
#include "mm/space.h"

static int
get_changing(struct inode *inode, uint64_t index, struct buf **page)
{
    sleeplock_guard(&inode->lock);
    if (READ_ONCE(inode->super->read_only))
        return -EROFS;
    return pagecache_get_to_change(inode, index, page);
}

static int
mapping_get_page(void *handle, uint64_t index, bool write, void **frame)
{
    struct inode *inode = ((struct file *)handle)->inode;
    struct buf *page;
    int err = write ? get_changing(inode, index, &page)
                    : pagecache_get(inode, index, &page);
    if (write && inode_made_room(inode->super, err))
        err = get_changing(inode, index, &page);
    if (err)
        return err;
    *frame = bcache_data(page);
    frame_ref(*frame);
    bcache_put(page);
    return 0;
}

static int
mapping_sync(void *handle)
{
    return file_sync(handle, true);
}

static void
mapping_ref(void *handle)
{
    file_ref(handle);
}

static void
mapping_unref(void *handle)
{
    file_put(handle);
}

const struct object_ops mapping_ops = {
    .get_page = mapping_get_page,
    .sync = mapping_sync,
    .ref = mapping_ref,
    .unref = mapping_unref,
};

int
mapping_describe(struct file *file, uint64_t offset, struct area *area)
{
    bool shared = area->flags & AREA_SHARED;
    bool writable = file_allows(file, FILE_WRITE);
    if (file->flags & O_PATH)
        return -EBADF;
    if (!file->inode || !S_ISREG(file->inode->mode) || !file->inode->page_ops)
        return -ENODEV;
    if (!file_allows(file, FILE_READ) ||
        (shared && area->prot & PROT_WRITE && !writable))
        return -EACCES;
    if (shared && !writable)
        area->flags |= AREA_READ_ONLY;
    area->object = &file->inode->object;
    area->handle = file;
    area->offset = offset;
    return 0;
}
