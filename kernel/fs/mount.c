#include "fs/mount.h"

#include "abi/errno.h"
#include "abi/stat.h"
#include "mm/slab.h"

static struct {
    struct spinlock lock;
    /* guarded by lock; grows at the tail only */
    struct list_node mounts;
    unsigned devs; /* device numbers given away */

    /* atomic */
    struct dentry *root;
} table = {
    .lock = SPINLOCK_INIT("mounts", RANK_MOUNT),
    .mounts = LIST_INIT(table.mounts),
};

static int
add_locked(struct dentry *at, struct mount *m) REQUIRES(table.lock)
{
    if (at ? at->mounted || at->parent == at : table.root != NULL)
        return -EBUSY;
    list_push_back(&table.mounts, &m->node);
    if (at)
        m->root->covered = dentry_ref(at);
    /* Who sees the new root also sees the way back from it. */
    __atomic_store_n(at ? &at->mounted : &table.root, m->root,
                     __ATOMIC_RELEASE);
    return 0;
}

int
mount_add(struct dentry *at, struct super *super)
{
    if (at && (!at->inode || !S_ISDIR(at->inode->mode)))
        return -ENOTDIR;
    struct mount *m = kzalloc(sizeof(*m));
    if (!m)
        return -ENOMEM;
    sleeplock_init(&super->names, RANK_NAMES);
    int err = dentry_make_root(super, &m->root);
    if (err) {
        kfree(m);
        return err;
    }
    spin_lock(&table.lock);
    if (super->dev == 0) {
        table.devs++;
        super->dev = MAKEDEV(0, table.devs);
    }
    err = add_locked(at, m);
    spin_unlock(&table.lock);
    if (err) {
        dentry_put(m->root);
        kfree(m);
    }
    return err;
}

struct dentry *
mount_get_root(void)
{
    return __atomic_load_n(&table.root, __ATOMIC_ACQUIRE);
}

const struct mount *
mount_next(const struct mount *mount)
{
    spin_lock(&table.lock);
    const struct list_node *node = mount ? mount->node.next : table.mounts.next;
    spin_unlock(&table.lock);
    if (node == &table.mounts)
        return NULL;
    return container_of(node, struct mount, node);
}
