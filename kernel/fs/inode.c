#include "fs/inode.h"

#include "fs/mapping.h"
#include "fs/writeback.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/slab.h"

#define INODE_BUCKETS 256u

static struct {
    struct spinlock lock;
    struct waitq loaded; /* some inode's loading has become false */

    /* constant after init */
    struct slab_cache slab;

    /* guarded by lock */
    struct list_node bucket[INODE_BUCKETS];
} inode_cache;

void
inode_init_cache(void)
{
    spin_init(&inode_cache.lock, "inode cache", RANK_INODE_CACHE);
    waitq_init(&inode_cache.loaded);
    slab_init(&inode_cache.slab, "inode", sizeof(struct inode));
    for (unsigned i = 0; i < INODE_BUCKETS; i++)
        list_init(&inode_cache.bucket[i]);
}

static struct list_node *
inode_bucket(const struct super *super, uint64_t ino)
{
    uint64_t key = ino + ((uintptr_t)super >> 6);
    return &inode_cache.bucket[(key ^ key >> 8) % INODE_BUCKETS];
}

/* Returns the inode, or NULL. */
static struct inode *
find_locked(const struct super *super, uint64_t ino) REQUIRES(inode_cache.lock)
{
    struct list_node *bucket = inode_bucket(super, ino);
    return list_find(struct inode, inode, bucket, hash_node,
                     inode->ino == ino && inode->super == super);
}

/* Puts a fresh inode, to be loaded, into the table; NULL without memory. */
static struct inode *
new_inode_locked(struct super *super, uint64_t ino) REQUIRES(inode_cache.lock)
{
    struct inode *inode = slab_alloc(&inode_cache.slab);
    if (!inode)
        return NULL;
    memset(inode, 0, sizeof(*inode));
    inode->super = super;
    inode->ino = ino;
    inode->refs = 1;
    inode->loading = true;
    sleeplock_init(&inode->lock, RANK_INODE);
    list_init(&inode->pages.all);
    list_init(&inode->pages.dirty);
    object_init(&inode->object, &mapping_ops);
    list_init(&inode->dirty_node);
    list_push_front(inode_bucket(super, ino), &inode->hash_node);
    return inode;
}

/* Reads in a fresh inode, and tells who waits for it. One that cannot be
 * read leaves the table: the next to ask tries anew. */
static void
load(struct inode *inode)
{
    int err = inode->super->ops->read_inode(inode);

    spin_guard(&inode_cache.lock);
    inode->loading = false;
    inode->error = err;
    if (err)
        list_del(&inode->hash_node);
    waitq_wake_all(&inode_cache.loaded);
}

int
inode_get(struct super *super, uint64_t ino, struct inode **out)
{
    spin_lock(&inode_cache.lock);
    struct inode *inode = find_locked(super, ino);
    bool fresh = !inode;
    if (fresh)
        inode = new_inode_locked(super, ino);
    else
        inode->refs++;
    while (inode && inode->loading && !fresh)
        waitq_sleep(&inode_cache.loaded, &inode_cache.lock);
    spin_unlock(&inode_cache.lock);
    if (!inode)
        return -ENOMEM;

    if (fresh)
        load(inode);
    int err = inode->error;
    if (err)
        inode_put(inode);
    else
        *out = inode;
    return err;
}

void
inode_put(struct inode *inode)
{
    if (!inode)
        return;
    spin_lock(&inode_cache.lock);
    assert(inode->refs > 0);
    inode->refs--;
    if (inode->refs == 1 && inode->nlink == 0 &&
        !list_is_empty(&inode->dirty_node)) {
        list_del(&inode->dirty_node);
        inode->refs--;
    }
    bool last = inode->refs == 0;
    if (last)
        list_del(&inode->hash_node);
    spin_unlock(&inode_cache.lock);

    if (!last)
        return;
    if (inode->super->ops->free_inode && !inode->error)
        inode->super->ops->free_inode(inode);
    slab_free(&inode_cache.slab, inode);
}

void
inode_mark_dirty(struct inode *inode)
{
    if (inode->pages.pinned)
        return;
    spin_lock(&inode_cache.lock);
    if (list_is_empty(&inode->dirty_node)) {
        list_push_back(&inode->super->dirty, &inode->dirty_node);
        inode->refs++;
    }
    spin_unlock(&inode_cache.lock);
    flusher_want(false);
}

void
inode_take_dirty(struct super *super, struct list_node *list)
{
    spin_guard(&inode_cache.lock);
    list_splice_back(list, &super->dirty);
}

struct inode *
inode_pop_dirty(struct list_node *list)
{
    spin_guard(&inode_cache.lock);
    return list_pop(struct inode, list, dirty_node);
}

int
super_begin_writing(struct super *super)
{
    spin_guard(&inode_cache.lock);
    if (READ_ONCE(super->read_only))
        return -EROFS;
    super->writers++;
    return 0;
}

void
super_end_writing(struct super *super)
{
    spin_guard(&inode_cache.lock);
    super->writers--;
}

int
super_stop_writing(struct super *super)
{
    spin_guard(&inode_cache.lock);
    if (super->writers > 0)
        return -EBUSY;
    WRITE_ONCE(super->read_only, true);
    return 0;
}

bool
inode_made_room(struct super *super, int64_t err)
{
    return err == -ENOSPC && super->ops->sync && super->ops->sync(super) == 0;
}

bool
inode_may(const struct inode *inode, const struct cred *cred, unsigned mask)
{
    uint32_t mode = READ_ONCE(inode->mode);

    if (cred->uid.fs == 0)
        return !(mask & MAY_EXEC) || S_ISDIR(mode) ||
               (mode & (S_IXUSR | S_IXGRP | S_IXOTH));
    if (cred->uid.fs == READ_ONCE(inode->uid))
        mode >>= 6;
    else if (cred_in_group(cred, READ_ONCE(inode->gid)))
        mode >>= 3;
    return (mode & mask) == mask;
}
