#include "fs/tmpfs.h"

#include "abi/statfs.h"
#include "arch/layout.h"
#include "fs/attributes.h"
#include "fs/pagecache.h"
#include "fs/writeback.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/slab.h"

#define FIRST_POS 2u /* of a directory's entries */

#define FILE_PAGES_MAX (INT64_MAX / PAGE_SIZE)

struct tmpfs {
    /* constant after creation */
    size_t pages_max;

    struct super super;
    /* guarded by super.names */
    const struct inode_new *newborn; /* what read_inode is to make */
    uint64_t last_ino;

    /* atomic */
    size_t pages_used;

    /* private to the owner: who unmounts */
    struct list_node dying; /* entries of directories that have gone */
    bool is_reaping;
};

/* The private part of an inode. */
struct node {
    /* guarded by the inode's lock */
    struct list_node entries; /* of a directory */
    uint64_t next_pos;

    char target[]; /* constant; of a symbolic link, as long as its size */
};

struct tmp_entry {
    struct list_node link;
    struct inode *inode; /* with a reference */
    uint64_t pos;
    size_t len;
    char name[];
};

static struct tmpfs *
fs_of(const struct inode *inode)
{
    return container_of(inode->super, struct tmpfs, super);
}

static struct node *
node_of(const struct inode *inode)
{
    return inode->private;
}

/* Sets inode's ctime, and mtime if its content changed. */
static void
touch(struct inode *inode, bool content)
{
    inode->ctime = fs_now();
    if (content)
        inode->mtime = inode->ctime;
}

/* Takes a page of what may be used, or, if change is below 0, gives as many
 * back. */
static int
charge(struct inode *inode, int64_t change)
{
    struct tmpfs *fs = fs_of(inode);
    size_t used =
        __atomic_add_fetch(&fs->pages_used, (size_t)change, __ATOMIC_RELAXED);
    if (change < 0 || used <= fs->pages_max)
        return 0;
    __atomic_sub_fetch(&fs->pages_used, 1, __ATOMIC_RELAXED);
    return -ENOSPC;
}

/* ---- Directories ---- */

static struct tmp_entry *
find_entry(const struct inode *dir, const char *name, size_t len)
{
    return list_find(struct tmp_entry, e, &node_of(dir)->entries, link,
                     e->len == len && memcmp(e->name, name, len) == 0);
}

static bool
is_empty(const struct inode *inode)
{
    return list_is_empty(&node_of(inode)->entries);
}

/* inode is in dir from now on, or no longer: a directory's .. is a link. */
static void
count_parent(struct inode *dir, const struct inode *inode, int change)
{
    if (S_ISDIR(inode->mode))
        dir->nlink += (uint32_t)change;
    touch(dir, true);
}

/* Adds a name for inode ino to dir, and a reference to the inode. */
static int
add_entry(struct inode *dir, const char *name, size_t len, uint64_t ino)
{
    int err = charge(dir, 1);
    if (err)
        return err;
    struct tmp_entry *e = kmalloc(sizeof(*e) + len);
    err = e ? inode_get(dir->super, ino, &e->inode) : -ENOMEM;
    if (err) {
        kfree(e);
        charge(dir, -1);
        return err;
    }
    e->pos = node_of(dir)->next_pos++;
    e->len = len;
    memcpy(e->name, name, len);
    list_push_back(&node_of(dir)->entries, &e->link);
    count_parent(dir, e->inode, 1);
    return 0;
}

static void
remove_entry(struct inode *dir, struct tmp_entry *e)
{
    count_parent(dir, e->inode, -1);
    list_del(&e->link);
    inode_put(e->inode);
    kfree(e);
    charge(dir, -1);
}

static int
tmpfs_lookup(struct inode *dir, const char *name, size_t len,
             struct inode **out)
{
    const struct tmp_entry *e = find_entry(dir, name, len);
    return e ? inode_get(dir->super, e->inode->ino, out) : -ENOENT;
}

static int
tmpfs_readdir(struct inode *dir, uint64_t *pos, struct dir_sink *sink)
{
    list_for_each (const struct tmp_entry, e, &node_of(dir)->entries, link) {
        if (e->pos < *pos)
            continue;
        if (!sink->entry(sink, e->name, e->len, e->inode->ino, e->inode->mode,
                         e->pos + 1))
            break;
        *pos = e->pos + 1;
    }
    return 0;
}

static int
tmpfs_create(struct inode *dir, const char *name, size_t len,
             const struct inode_new *what, struct inode **out)
{
    struct tmpfs *fs = fs_of(dir);
    fs->newborn = what;
    int err = inode_get(&fs->super, ++fs->last_ino, out);
    if (err)
        return err;
    err = add_entry(dir, name, len, fs->last_ino);
    if (err)
        inode_put(*out);
    return err;
}

static int
tmpfs_link(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
    int err = add_entry(dir, name, len, inode->ino);
    inode->nlink += !err;
    touch(inode, false);
    return err;
}

static int
tmpfs_unlink(struct inode *dir, const char *name, size_t len,
             struct inode *inode)
{
    if (!is_empty(inode))
        return -ENOTEMPTY;
    inode->nlink -= S_ISDIR(inode->mode) ? 2 : 1;
    touch(inode, false);
    remove_entry(dir, find_entry(dir, name, len));
    return 0;
}

static int
tmpfs_rename(struct inode_place *from, struct inode_place *to, bool exchange)
{
    struct tmp_entry *old = find_entry(from->dir, from->name, from->len);
    struct tmp_entry *new = find_entry(to->dir, to->name, to->len);
    if (exchange) {
        SWAP(old->inode, new->inode);
        count_parent(from->dir, from->inode, -1);
        count_parent(to->dir, from->inode, 1);
        count_parent(to->dir, to->inode, -1);
        count_parent(from->dir, to->inode, 1);
        touch(to->inode, false);
    } else {
        if (new && !is_empty(to->inode))
            return -ENOTEMPTY;
        int err = add_entry(to->dir, to->name, to->len, from->inode->ino);
        if (!err && new)
            err = tmpfs_unlink(to->dir, to->name, to->len, to->inode);
        if (err)
            return err;
        remove_entry(from->dir, old);
    }
    touch(from->inode, false);
    return 0;
}

static int64_t
tmpfs_readlink(struct inode *inode, char *buf, size_t size)
{
    memcpy(buf, node_of(inode)->target, MIN(inode->size, size));
    return (int64_t)inode->size;
}

/* ---- Files: pages that no disk has ---- */

static int
tmpfs_map(struct inode *inode UNUSED, uint64_t index UNUSED, size_t count,
          struct page_run *run)
{
    *run = (struct page_run){.bytes = count * PAGE_SIZE, .hole = true};
    return 0;
}

static int
tmpfs_reserve(struct inode *inode, uint64_t index)
{
    int err = index < FILE_PAGES_MAX ? charge(inode, 1) : -EFBIG;
    if (err)
        return err;
    inode->blocks += PAGE_SIZE / 512;
    return 1;
}

static void
tmpfs_unreserve(struct inode *inode, size_t count)
{
    charge(inode, -(int64_t)count);
    inode->blocks -= count * (PAGE_SIZE / 512);
}

static const struct page_ops tmpfs_page_ops = {
    .map = tmpfs_map,
    .reserve = tmpfs_reserve,
    .unreserve = tmpfs_unreserve,
};

static int
tmpfs_set_size(struct inode *inode, uint64_t size)
{
    if (size > FILE_PAGES_MAX * PAGE_SIZE)
        return -EFBIG;
    pagecache_cut(inode, MIN(size, inode->size));
    WRITE_ONCE(inode->size, size);
    touch(inode, true);
    return 0;
}

/* ---- Inodes ---- */

static const struct inode_ops tmpfs_inode_ops = {
    .lookup = tmpfs_lookup,
    .readdir = tmpfs_readdir,
    .readlink = tmpfs_readlink,
    .create = tmpfs_create,
    .link = tmpfs_link,
    .unlink = tmpfs_unlink,
    .rename = tmpfs_rename,
    .set_attributes = attributes_apply,
    .set_size = tmpfs_set_size,
};

static int
tmpfs_read_inode(struct inode *inode)
{
    const struct inode_new *what = fs_of(inode)->newborn;
    struct node *node = kzalloc(sizeof(*node) + what->target_len);
    if (!node)
        return -ENOMEM;
    if (what->target)
        memcpy(node->target, what->target, what->target_len);
    node->next_pos = FIRST_POS;
    list_init(&node->entries);
    inode->private = node;
    inode->ops = &tmpfs_inode_ops;
    inode->page_ops = &tmpfs_page_ops;
    inode->pages.pinned = true;
    inode->rdev = what->rdev;
    inode->mode = what->mode;
    inode->uid = what->uid;
    inode->gid = what->gid;
    inode->nlink = S_ISDIR(what->mode) ? 2 : 1;
    inode->size = what->target_len;
    touch(inode, true);
    inode->atime = inode->mtime;
    return 0;
}

/* A directory that goes with names in it goes with the whole tree. How deep
 * that is must not matter: names wait in a list until nothing else goes. */
static void
tmpfs_free_inode(struct inode *inode)
{
    struct tmpfs *fs = fs_of(inode);
    struct node *node = node_of(inode);
    struct tmp_entry *e;
    pagecache_cut(inode, 0);
    list_splice_back(&fs->dying, &node->entries);
    kfree(node);
    if (fs->is_reaping)
        return;
    fs->is_reaping = true;
    while ((e = list_pop(struct tmp_entry, &fs->dying, link))) {
        inode_put(e->inode);
        kfree(e);
    }
    fs->is_reaping = false;
}

/* ---- The whole ---- */

static void
tmpfs_statfs(struct super *super, struct statfs *st)
{
    const struct tmpfs *fs = container_of(super, struct tmpfs, super);
    st->f_blocks = st->f_files = fs->pages_max;
    st->f_bfree = fs->pages_max - READ_ONCE(fs->pages_used);
    st->f_bavail = st->f_ffree = st->f_bfree;
}

static int
tmpfs_remount(struct super *super, bool read_only)
{
    super->read_only = read_only;
    return 0;
}

static void
tmpfs_unmount(struct super *super)
{
    kfree(container_of(super, struct tmpfs, super));
}

static const struct super_ops tmpfs_super_ops = {
    .read_inode = tmpfs_read_inode,
    .free_inode = tmpfs_free_inode,
    .statfs = tmpfs_statfs,
    .remount = tmpfs_remount,
    .unmount = tmpfs_unmount,
};

int
tmpfs_open(struct super **out)
{
    static const struct inode_new root = {.mode = S_IFDIR | 01777};
    struct tmpfs *fs = kzalloc(sizeof(*fs));
    if (!fs)
        return -ENOMEM;
    fs->super = (struct super){
        .ops = &tmpfs_super_ops,
        .type = "tmpfs",
        .root_ino = 1,
        .magic = 0x01021994,
        .block_size = PAGE_SIZE,
    };
    fs->pages_max = frame_count_total() / 2;
    fs->newborn = &root;
    fs->last_ino = 1;
    list_init(&fs->dying);
    *out = &fs->super;
    return 0;
}
