#include "fs/dentry.h"

#include "lib/refcount.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/slab.h"

#define DENTRY_BUCKETS 1024u

/* Entries that one insertion looks at for one to throw out; the table stays
 * over its limit while so many in a row are in use. */
#define EVICT_TRIES 8

static struct {
    struct spinlock lock;

    /* constant after init */
    size_t max_entries;

    /* guarded by lock */
    size_t entries;
    struct list_node ages; /* all entries, least recently looked up first */
    struct list_node bucket[DENTRY_BUCKETS];
} dentry_cache;

void
dentry_init_cache(size_t max_entries)
{
    spin_init(&dentry_cache.lock, "dentry cache", RANK_DENTRY);
    dentry_cache.max_entries = max_entries;
    list_init(&dentry_cache.ages);
    for (unsigned i = 0; i < DENTRY_BUCKETS; i++)
        list_init(&dentry_cache.bucket[i]);
}

static uint32_t
hash_name(const struct dentry *dir, const char *name, size_t len)
{
    uint32_t hash = (uint32_t)((uintptr_t)dir >> 5);
    for (size_t i = 0; i < len; i++)
        hash = hash * 31 + (uint8_t)name[i];
    return hash ^ hash >> 15;
}

/* Takes over the caller's reference to inode, even without memory: NULL. */
static struct dentry *
dentry_new(struct super *super, struct dentry *parent, struct inode *inode,
           const char *name, size_t len)
{
    struct dentry *d = kmalloc(sizeof(*d));
    char *copy = len ? kmalloc(len) : NULL;
    if (!d || (len && !copy)) {
        inode_put(inode);
        kfree(copy);
        kfree(d);
        return NULL;
    }
    if (len)
        memcpy(copy, name, len);
    *d = (struct dentry){
        .super = super,
        .refs = 1,
        .inode = inode,
        .parent = parent ? dentry_ref(parent) : d,
        .name = copy,
        .len = (uint32_t)len,
        .hash = hash_name(parent, name, len),
    };
    list_init(&d->hash_node);
    list_init(&d->age_node);
    return d;
}

int
dentry_make_root(struct super *super, struct dentry **out)
{
    struct inode *inode;
    int err = inode_get(super, super->root_ino, &inode);
    if (err)
        return err;
    if (!S_ISDIR(inode->mode)) {
        inode_put(inode);
        return -ENOTDIR;
    }
    *out = dentry_new(super, NULL, inode, "", 0);
    return *out ? 0 : -ENOMEM;
}

struct dentry *
dentry_ref(struct dentry *dentry)
{
    refcount_add(&dentry->refs);
    return dentry;
}

void
dentry_put(struct dentry *dentry)
{
    while (refcount_drop(&dentry->refs)) {
        struct dentry *parent = dentry->parent;
        bool is_root = parent == dentry;
        inode_put(dentry->inode);
        kfree(dentry->name);
        kfree(dentry);
        if (is_root)
            return;
        dentry = parent;
    }
}

static void
unlist_locked(struct dentry *d) REQUIRES(dentry_cache.lock)
{
    dentry_cache.entries -= !list_is_empty(&d->hash_node);
    list_del(&d->hash_node);
    list_del(&d->age_node);
}

/* Takes an unused entry out of a table that is over its limit; NULL if it is
 * not, or none of the oldest is unused. Those count as looked up now. */
static struct dentry *
evict_locked(void) REQUIRES(dentry_cache.lock)
{
    for (int i = 0; i < EVICT_TRIES; i++) {
        if (dentry_cache.entries <= dentry_cache.max_entries)
            return NULL;
        struct dentry *d =
            list_entry(dentry_cache.ages.next, struct dentry, age_node);
        if (refcount_read(&d->refs) == 1) {
            unlist_locked(d);
            return d;
        }
        list_del(&d->age_node);
        list_push_back(&dentry_cache.ages, &d->age_node);
    }
    return NULL;
}

/* Takes out of the table what is in dir or, if that is NULL, what of super is
 * unused. Returns whether there was anything. */
static bool
prune(const struct super *super, const struct dentry *dir)
{
    struct list_node gone = LIST_INIT(gone);
    struct dentry *victim;
    spin_lock(&dentry_cache.lock);
    list_for_each_safe (at, &dentry_cache.ages) {
        struct dentry *d = list_entry(at, struct dentry, age_node);
        if (dir ? d->parent == dir
                : d->super == super && refcount_read(&d->refs) == 1) {
            unlist_locked(d);
            list_push_back(&gone, &d->age_node);
        }
    }
    spin_unlock(&dentry_cache.lock);
    bool any = !list_is_empty(&gone);
    while ((victim = list_pop(struct dentry, &gone, age_node)))
        dentry_put(victim);
    return any;
}

/* Returns the entry with a new reference, or NULL. */
static struct dentry *
find_child(const struct dentry *dir, const char *name, size_t len)
{
    uint32_t hash = hash_name(dir, name, len);
    struct list_node *bucket = &dentry_cache.bucket[hash % DENTRY_BUCKETS];
    spin_guard(&dentry_cache.lock);
    list_for_each (struct dentry, d, bucket, hash_node) {
        if (d->hash != hash || d->parent != dir || d->len != len ||
            memcmp(d->name, name, len) != 0)
            continue;
        list_del(&d->age_node);
        list_push_back(&dentry_cache.ages, &d->age_node);
        return dentry_ref(d);
    }
    return NULL;
}

/* Gives d to the table. */
static void
insert(struct dentry *d)
{
    struct OWNED(dentry) *victim = NULL;
    refcount_add(&d->refs);
    spin_guard(&dentry_cache.lock);
    list_push_front(&dentry_cache.bucket[d->hash % DENTRY_BUCKETS],
                    &d->hash_node);
    list_push_back(&dentry_cache.ages, &d->age_node);
    dentry_cache.entries++;
    victim = evict_locked();
}

/* Asks the file system, whose answer may be in the table already if another
 * thread asked first. Nothing is in a directory that has been removed, and
 * nothing of it is kept: that would keep the directory. */
static int
lookup_locked(struct dentry *dir, const char *name, size_t len,
              struct dentry **out) REQUIRES(dir->inode->lock)
{
    bool keep = !dir->super->volatile_names && !dir->removed;
    struct inode *inode = NULL;
    int err = 0;
    if (keep && (*out = find_child(dir, name, len)))
        return 0;
    if (!dir->removed)
        err = dir->inode->ops->lookup(dir->inode, name, len, &inode);
    if (err && err != -ENOENT)
        return err;
    *out = dentry_new(dir->super, dir, inode, name, len);
    if (!*out)
        return -ENOMEM;
    if (keep)
        insert(*out);
    return 0;
}

int
dentry_lookup(struct dentry *dir, const char *name, size_t len,
              struct dentry **out)
{
    if (!dir->super->volatile_names && (*out = find_child(dir, name, len)))
        return 0;
    sleeplock_guard(&dir->inode->lock);
    return lookup_locked(dir, name, len, out);
}

struct dentry *
dentry_parent(struct dentry *dir, const struct dentry *top)
{
    spin_guard(&dentry_cache.lock);
    while (dir->parent == dir && dir->covered && dir != top)
        dir = dir->covered;
    return dentry_ref(dir != top ? dir->parent : dir);
}

struct dentry *
dentry_enter_mounts(struct dentry *d)
{
    while (READ_ONCE(d->mounted)) {
        spin_lock(&dentry_cache.lock);
        struct dentry *root = d->mounted;
        if (root)
            dentry_ref(root);
        spin_unlock(&dentry_cache.lock);
        if (!root)
            break;
        dentry_put(d);
        d = root;
    }
    return d;
}

int
dentry_path(const struct dentry *dentry, const struct dentry *root, char *buf,
            size_t size)
{
    size_t at = size - 1;
    int err = dentry->removed ? -ENOENT : 0;
    buf[at] = '\0';
    spin_lock(&dentry_cache.lock);
    while (!err && dentry != root) {
        if (dentry->parent == dentry) {
            if (!dentry->covered)
                break;
            dentry = dentry->covered;
        } else if (at < dentry->len + 1u) {
            err = -ENAMETOOLONG;
        } else {
            at -= dentry->len;
            memcpy(buf + at, dentry->name, dentry->len);
            buf[--at] = '/';
            dentry = dentry->parent;
        }
    }
    spin_unlock(&dentry_cache.lock);
    if (!err && buf[at] == '\0') {
        if (at == 0)
            return -ENAMETOOLONG;
        buf[--at] = '/';
    }
    return err ?: (int)at;
}

bool
dentry_is_inside(const struct dentry *dentry, const struct dentry *root)
{
    spin_guard(&dentry_cache.lock);
    while (dentry != root && (dentry->parent != dentry || dentry->covered))
        dentry = dentry->parent != dentry ? dentry->parent : dentry->covered;
    return dentry == root;
}

/* ---- Changes ---- */

void
dentry_fill(struct dentry *d, struct inode *inode)
{
    __atomic_store_n(&d->inode, inode, __ATOMIC_RELEASE);
}

/* The table's reference is never the last here: the caller has one. */
void
dentry_remove(struct dentry *d)
{
    spin_lock(&dentry_cache.lock);
    bool listed = !list_is_empty(&d->hash_node);
    unlist_locked(d);
    d->removed = true;
    spin_unlock(&dentry_cache.lock);
    if (listed)
        dentry_put(d);
    /* Names that lead nowhere may still be remembered in a directory. */
    if (S_ISDIR(d->inode->mode) && refcount_read(&d->refs) > 1)
        prune(NULL, d);
}

static void
rehash_locked(struct dentry *d) REQUIRES(dentry_cache.lock)
{
    bool listed = !list_is_empty(&d->hash_node);
    d->hash = hash_name(d->parent, d->name, d->len);
    list_del(&d->hash_node);
    if (listed)
        list_push_front(&dentry_cache.bucket[d->hash % DENTRY_BUCKETS],
                        &d->hash_node);
}

void
dentry_swap(struct dentry *a, struct dentry *b)
{
    spin_guard(&dentry_cache.lock);
    SWAP(a->parent, b->parent);
    SWAP(a->name, b->name);
    SWAP(a->len, b->len);
    rehash_locked(a);
    rehash_locked(b);
}

bool
dentry_is_below(const struct dentry *d, const struct dentry *dir)
{
    while (d != dir && d->parent != d)
        d = d->parent;
    return d == dir;
}

/* ---- Mounting ---- */

int
dentry_mount(struct dentry *at, struct dentry *root)
{
    sleeplock_guard(&at->super->names); /* nobody removes at meanwhile */
    if (at->removed)
        return -ENOENT;
    if (at->mounted || at->parent == at)
        return -EBUSY;
    /* Who sees the new root also sees the way back from it. */
    root->covered = dentry_ref(at);
    __atomic_store_n(&at->mounted, root, __ATOMIC_RELEASE);
    return 0;
}

int
dentry_unmount(struct dentry *root)
{
    struct OWNED(dentry) *at = NULL;
    /* The tree's own root stays, and what is known of it: its disk may be
     * unable to tell again. */
    while (READ_ONCE(root->covered) && prune(root->super, NULL))
        ;
    spin_guard(&dentry_cache.lock);
    if (!root->covered || refcount_read(&root->refs) > 2)
        return -EBUSY;
    SWAP(at, root->covered);
    at->mounted = NULL;
    return 0;
}
