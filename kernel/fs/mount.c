#include "fs/mount.h"

#include "abi/stat.h"

struct sleeplock mount_lock = SLEEPLOCK_INIT(mount_lock, RANK_MOUNT);

/* guarded by mount_lock */
static struct list_node mounts = LIST_INIT(mounts);
static unsigned devs; /* device numbers given away */

static struct dentry *tree_root; /* atomic */

int
mount_prepare(struct super *super, struct dentry **root)
{
    sleeplock_init(&super->names, RANK_NAMES);
    if (super->dev == 0) {
        devs++;
        super->dev = MAKEDEV(0, devs);
    }
    return dentry_make_root(super, root);
}

int
mount_add(struct dentry *at, struct super *super)
{
    struct dentry *root;
    if (at && !S_ISDIR(at->inode->mode))
        return -ENOTDIR;
    if (super->root || (!at && tree_root))
        return -EBUSY;
    int err = mount_prepare(super, &root);
    if (err)
        return err;
    if (at)
        err = dentry_mount(at, root);
    else
        __atomic_store_n(&tree_root, root, __ATOMIC_RELEASE);
    if (err) {
        dentry_put(root);
        return err;
    }
    super->root = root;
    list_push_back(&mounts, &super->mount_node);
    return 0;
}

int
mount_remove(struct dentry *root)
{
    struct super *super = root->super;
    int err = -EINVAL;
    if (super->root == root)
        err = super->ops->unmount ? dentry_unmount(root) : -EBUSY;
    dentry_put(root);
    if (err)
        return err;
    list_del(&super->mount_node);
    super->root = NULL;
    dentry_put(root);
    super->ops->unmount(super);
    return 0;
}

struct dentry *
mount_get_root(void)
{
    return __atomic_load_n(&tree_root, __ATOMIC_ACQUIRE);
}

struct super *
mount_next(const struct super *super)
{
    struct list_node *node = super ? super->mount_node.next : mounts.next;
    return node == &mounts ? NULL : list_entry(node, struct super, mount_node);
}
