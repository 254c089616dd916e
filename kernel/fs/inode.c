#include "fs/inode.h"

#include "abi/errno.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/spinlock.h"

#define BUCKETS 256u

static struct {
    struct spinlock lock;
    struct waitq loaded; /* some inode's loading has become false */

    /* constant after init */
    struct slab_cache slab;

    /* guarded by lock */
    struct list_node bucket[BUCKETS];
} cache;

void
inode_init_cache(void)
{
    spin_init(&cache.lock, "inode cache", RANK_INODE_CACHE);
    waitq_init(&cache.loaded);
    slab_init(&cache.slab, "inode", sizeof(struct inode));
    for (unsigned i = 0; i < BUCKETS; i++)
        list_init(&cache.bucket[i]);
}

static struct list_node *
bucket_of(const struct super *super, uint64_t ino)
{
    uint64_t key = ino + super->dev * 31;
    return &cache.bucket[(key ^ key >> 8) % BUCKETS];
}

static struct inode *
find_locked(const struct super *super, uint64_t ino) REQUIRES(cache.lock)
{
    struct list_node *bucket = bucket_of(super, ino);
    struct inode *inode;

    list_for_each_entry (inode, bucket, hash_node) {
        if (inode->ino == ino && inode->super == super)
            return inode;
    }
    return NULL;
}

static struct inode *
inode_new(struct super *super, uint64_t ino)
{
    struct inode *inode = slab_alloc(&cache.slab);
    if (!inode)
        return NULL;
    memset(inode, 0, sizeof(*inode));
    inode->super = super;
    inode->ino = ino;
    inode->refs = 1;
    inode->loading = true;
    sleeplock_init(&inode->lock, RANK_INODE);
    list_init(&inode->hash_node);
    return inode;
}

/* Reads in a fresh inode that is in the table, and tells who waits for it.
 * One that cannot be read leaves the table: the next to ask tries anew. */
static int
inode_load(struct inode *inode)
{
    int err = inode->super->ops->read_inode(inode);

    spin_lock(&cache.lock);
    inode->loading = false;
    if (err)
        list_del(&inode->hash_node);
    bool last = err && --inode->refs == 0;
    waitq_wake_all(&cache.loaded);
    spin_unlock(&cache.lock);

    if (last)
        slab_free(&cache.slab, inode);
    return err;
}

/* Waits until a shared inode is read in. Returns whether it could be; if
 * not, the caller's reference is gone. */
static bool
wait_loaded_locked(struct inode *inode) REQUIRES(cache.lock)
{
    while (inode->loading)
        waitq_sleep(&cache.loaded, &cache.lock);
    if (!list_is_empty(&inode->hash_node))
        return true;
    if (--inode->refs == 0)
        slab_free(&cache.slab, inode);
    return false;
}

int
inode_get(struct super *super, uint64_t ino, struct inode **out)
{
    struct inode *fresh = NULL;

    for (;;) {
        spin_lock(&cache.lock);
        struct inode *inode = find_locked(super, ino);
        if (inode) {
            inode->refs++;
            bool loaded = wait_loaded_locked(inode);
            spin_unlock(&cache.lock);
            if (!loaded)
                continue;
            if (fresh)
                slab_free(&cache.slab, fresh);
            *out = inode;
            return 0;
        }
        if (fresh)
            break;
        spin_unlock(&cache.lock);
        fresh = inode_new(super, ino);
        if (!fresh)
            return -ENOMEM;
    }
    list_push_front(bucket_of(super, ino), &fresh->hash_node);
    spin_unlock(&cache.lock);

    int err = inode_load(fresh);
    if (!err)
        *out = fresh;
    return err;
}

struct inode *
inode_ref(struct inode *inode)
{
    spin_lock(&cache.lock);
    assert(inode->refs > 0);
    inode->refs++;
    spin_unlock(&cache.lock);
    return inode;
}

void
inode_put(struct inode *inode)
{
    spin_lock(&cache.lock);
    assert(inode->refs > 0);
    bool last = --inode->refs == 0;
    if (last)
        list_del(&inode->hash_node);
    spin_unlock(&cache.lock);

    if (!last)
        return;
    if (inode->super->ops->free_inode)
        inode->super->ops->free_inode(inode);
    slab_free(&cache.slab, inode);
}

int64_t
inode_read_kernel(struct inode *inode, void *buf, size_t n, uint64_t offset)
{
    if (S_ISDIR(inode->mode))
        return -EISDIR;
    if (!S_ISREG(inode->mode) || !inode->ops->read)
        return -EINVAL;

    struct uio uio;
    struct uio_vec vec;
    uio_init_kernel(&uio, &vec, buf, n);
    return inode->ops->read(inode, &uio, offset);
}
