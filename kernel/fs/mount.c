#include "fs/mount.h"

#include "abi/errno.h"
#include "abi/stat.h"
#include "dev/blockdev.h"
#include "lib/fmt.h"
#include "mm/slab.h"

static struct {
    struct sleeplock lock;
    /* guarded by lock; grows at the tail only */
    struct list_node mounts;
    bool ready;

    /* atomic */
    struct dentry *root;
    uint32_t devs;
} table;

/* The first mount is made on the boot hart, before there is anybody to
 * compete with. */
static void
table_lock(void) ACQUIRES(table.lock)
{
    if (!table.ready) {
        sleeplock_init(&table.lock, RANK_MOUNT);
        list_init(&table.mounts);
        table.ready = true;
    }
    sleeplock_lock(&table.lock);
}

static int
mount_new(struct super *super, struct mount **out)
{
    struct mount *m = kzalloc(sizeof(*m));
    if (!m)
        return -ENOMEM;
    int err = dentry_make_root(super, &m->root);
    if (err) {
        kfree(m);
        return err;
    }
    m->super = super;
    m->source = super->type;
    if (super->bdev) {
        snprintf(m->source_text, sizeof(m->source_text), "/dev/%s",
                 super->bdev->name);
        m->source = m->source_text;
    }
    *out = m;
    return 0;
}

int
mount_root(struct super *super)
{
    struct mount *m;
    int err = mount_new(super, &m);
    if (err)
        return err;

    table_lock();
    if (table.root) {
        err = -EBUSY;
    } else {
        list_push_back(&table.mounts, &m->node);
        __atomic_store_n(&table.root, m->root, __ATOMIC_RELEASE);
    }
    sleeplock_unlock(&table.lock);

    if (err) {
        dentry_put(m->root);
        kfree(m);
    }
    return err;
}

int
mount_at(struct dentry *at, struct super *super)
{
    if (!at->inode || !S_ISDIR(at->inode->mode))
        return -ENOTDIR;
    struct mount *m;
    int err = mount_new(super, &m);
    if (err)
        return err;

    table_lock();
    if (at->mounted || at->parent == at) {
        err = -EBUSY;
    } else {
        m->root->covered = dentry_ref(at);
        list_push_back(&table.mounts, &m->node);
        /* Who sees the new root also sees the way back from it. */
        __atomic_store_n(&at->mounted, m->root, __ATOMIC_RELEASE);
    }
    sleeplock_unlock(&table.lock);

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
    struct list_node *next = NULL;

    table_lock();
    struct list_node *node =
        mount ? ((struct mount *)mount)->node.next : table.mounts.next;
    if (node != &table.mounts)
        next = node;
    sleeplock_unlock(&table.lock);
    return next ? list_entry(next, struct mount, node) : NULL;
}

uint64_t
mount_new_dev(void)
{
    return MAKEDEV(0, 1 + __atomic_fetch_add(&table.devs, 1, __ATOMIC_RELAXED));
}
