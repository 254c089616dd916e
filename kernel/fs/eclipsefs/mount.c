#include "fs/eclipsefs/eclipsefs.h"

#include "abi/errno.h"
#include "fs/devfs.h"
#include "fs/eclipsefs/dir.h"
#include "fs/eclipsefs/file.h"
#include "fs/pagecache.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/slab.h"

#define FIRST_POS 2u /* of a directory's entries */

struct mount_state {
    struct super super;
    struct efs efs;
};

struct efs_inode {
    /* constant after read_inode */
    struct efs_node node;

    /* guarded by inode->lock */
    uint64_t resume; /* the position where the last readdir ended */

    /* atomic */
    uint64_t claim; /* of a directory: parent inode << 32 | pos of the entry
                     * that led here; 0: none yet */
};

static struct efs *
efs_of(const struct inode *inode)
{
    struct mount_state *state = inode->super->private;
    return &state->efs;
}

static const struct efs_node *
node_of(const struct inode *inode)
{
    return &((const struct efs_inode *)inode->private)->node;
}

/* ---- Directories ---- */

/* Holds a directory, while it is in memory, to the first entry that led to
 * it. In a sound tree there is but one; a cycle, a second parent or a second
 * name needs another, and is refused where it is met. The directories that a
 * walk has come through are in memory, so every walk from the root sees a
 * tree, whatever the disk says. */
static int
claim_child(struct inode *dir, struct inode *child, const struct efs_link *link)
{
    struct efs_inode *private = child->private;
    uint64_t claim = dir->ino << 32 | link->pos, known = 0;

    if (child->ino != ECLIPSEFS_ROOT_INO &&
        (__atomic_compare_exchange_n(&private->claim, &known, claim, false,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
         known == claim))
        return 0;
    return efs_damaged(efs_of(dir), (uint32_t)dir->ino,
                       node_of(dir)->data + link->pos,
                       "another entry leads to this directory too");
}

static int
eclipsefs_lookup(struct inode *dir, const char *name, size_t len,
                 struct inode **out)
{
    struct inode *child;
    struct efs_link link;

    int err = efs_dir_lookup(efs_of(dir), node_of(dir), name, len, &link);
    if (err)
        return err;
    err = inode_get(dir->super, link.ino, &child);
    if (err)
        return err;
    if (S_ISDIR(child->mode)) {
        err = claim_child(dir, child, &link);
        if (err) {
            inode_put(child);
            return err;
        }
    }
    *out = child;
    return 0;
}

/* Sets *start to where an entry begins at or after position `at`, which comes
 * from lseek and, in a list, may be amidst one. Where the last readdir
 * ended is known to be good, which keeps reading on cheap. */
static int
find_start(struct inode *dir, uint64_t at, uint64_t *start)
{
    const struct efs_inode *private = dir->private;
    struct efs_entry entry;
    struct efs_dir d;
    int found = 1;

    *start = 0;
    if (!efs_dir_is_list(efs_of(dir), &private->node) ||
        at == private->resume) {
        *start = at;
        return 0;
    }
    efs_dir_open(&d, efs_of(dir), &private->node, 0);
    while (*start < at && found > 0) {
        found = efs_dir_next(&d, &entry);
        if (found > 0)
            *start = entry.next;
    }
    efs_dir_close(&d);
    return found < 0 ? found : 0;
}

/* The type bits of inode ino, 0 if its record cannot be read: that is told
 * to who asks for the inode itself. */
static unsigned
type_of(struct inode *dir, uint32_t ino)
{
    struct efs_node node;

    if (ino == 0 || ino > efs_of(dir)->inode_count)
        return 0;
    return efs_node_read(efs_of(dir), ino, &node) ? 0 : node.mode & S_IFMT;
}

/* Damage is told to the call that finds nothing before it: what was handed
 * on must not be lost to an error. */
static int
eclipsefs_readdir(struct inode *dir, uint64_t *pos, struct dir_sink *sink)
{
    struct efs_inode *private = dir->private;
    struct efs_entry entry;
    struct efs_dir d;
    uint64_t start;
    bool handed_on = false;
    int found;

    int err = find_start(dir, MAX(*pos, FIRST_POS) - FIRST_POS, &start);
    if (err)
        return err;
    efs_dir_open(&d, efs_of(dir), &private->node, start);
    while ((found = efs_dir_next(&d, &entry)) > 0) {
        uint64_t next = FIRST_POS + entry.next;
        if (!entry.hidden) {
            if (!sink->entry(sink, entry.name, entry.len, entry.link.ino,
                             type_of(dir, entry.link.ino), next))
                break;
            handed_on = true;
        }
        start = entry.next;
    }
    efs_dir_close(&d);
    private->resume = start;
    *pos = FIRST_POS + start;
    return found < 0 && !handed_on ? found : 0;
}

/* ---- Files and symlinks ---- */

static int64_t
eclipsefs_readlink(struct inode *inode, char *buf, size_t size)
{
    const struct efs_node *node = node_of(inode);
    int64_t n = efs_file_read(efs_of(inode), node, 0, buf, size);

    if (n >= 0 && (uint64_t)n < MIN(size, node->data_len))
        return -EIO;
    return n < 0 ? n : (int64_t)node->data_len;
}

static int
content_map(struct inode *inode, uint64_t index, size_t count,
            struct page_run *run)
{
    const struct efs_node *node = node_of(inode);
    uint64_t at = index * BLOCK_SIZE;

    run->sector = (node->data + at) / SECTOR_SIZE;
    run->bytes = node->data_len - at;
    run->hole = false;
    run->copied = node->data % SECTOR_SIZE != 0;
    if (run->copied)
        efs_file_prefetch(efs_of(inode), node, at, count * BLOCK_SIZE);
    return 0;
}

static int
content_read_page(struct inode *inode, uint64_t index, uint8_t *page)
{
    const struct efs_node *node = node_of(inode);
    uint64_t at = index * BLOCK_SIZE;
    size_t len = MIN(node->data_len - at, BLOCK_SIZE);

    memset(page + len, 0, BLOCK_SIZE - len);
    int64_t n = efs_file_read(efs_of(inode), node, at, page, len);
    if (n < 0)
        return (int)n;
    return (size_t)n == len ? 0 : -EIO;
}

static const struct page_ops page_ops = {
    .map = content_map,
    .read_page = content_read_page,
};

/* ---- Inodes ---- */

/* Who calls one of these has looked at the inode's type. */
static const struct inode_ops inode_ops = {
    .lookup = eclipsefs_lookup,
    .readdir = eclipsefs_readdir,
    .readlink = eclipsefs_readlink,
};

static int
eclipsefs_read_inode(struct inode *inode)
{
    if (inode->ino > UINT32_MAX)
        return -ENOENT;
    struct efs_inode *private = kmalloc(sizeof *private);
    if (!private)
        return -ENOMEM;
    struct efs_node *node = &private->node;
    int err = efs_node_read(efs_of(inode), (uint32_t)inode->ino, node);
    if (err) {
        kfree(private);
        return err;
    }
    private->resume = 0;
    private->claim = 0;
    inode->private = private;
    inode->ops = &inode_ops;
    inode->page_ops = &page_ops;
    inode->mode = node->mode;
    inode->uid = node->uid;
    inode->gid = node->gid;
    inode->nlink = node->nlink;
    inode->size = node->type == ECLIPSEFS_DIRECTORY ? 0 : node->data_len;
    inode->blocks = (node->data_len + 511) / 512;
    inode->atime = (int64_t)node->atime;
    inode->mtime = (int64_t)node->mtime;
    inode->ctime = (int64_t)node->ctime;
    return 0;
}

static void
eclipsefs_free_inode(struct inode *inode)
{
    pagecache_drop(inode);
    kfree(inode->private);
}

static const struct super_ops super_ops = {
    .read_inode = eclipsefs_read_inode,
    .free_inode = eclipsefs_free_inode,
};

/* ---- Mounting ---- */

bool
eclipsefs_probe(struct blockdev *dev)
{
    const char *magic = ECLIPSEFS_MAGIC;
    struct buf *buf;

    if (bcache_get(dev, 0, &buf))
        return false;
    bool found = memcmp(bcache_data(buf), magic, strlen(magic)) == 0;
    bcache_put(buf);
    return found;
}

int
eclipsefs_mount(struct blockdev *dev, struct super **out)
{
    const char *why = "no memory";
    struct mount_state *state = kzalloc(sizeof *state);
    int err = -ENOMEM;

    if (!state)
        goto fail;
    err = efs_open(&state->efs, dev, &why);
    if (!err && state->efs.extended) {
        why = "extended images are not mounted yet";
        err = -EOPNOTSUPP;
    }
    if (err)
        goto fail;
    state->super = (struct super){
        .ops = &super_ops,
        .type = "eclipsefs",
        .bdev = dev,
        .dev = devfs_block_rdev(dev),
        .root_ino = ECLIPSEFS_ROOT_INO,
        .magic = ECLIPSEFS_SUPER_MAGIC,
        .read_only = true,
        .block_size = ECLIPSEFS_BLOCK_SIZE,
        .private = state,
    };
    *out = &state->super;
    return 0;
fail:
    pr_err("eclipsefs: %s: %s", dev->name, why);
    kfree(state);
    return err;
}

void
eclipsefs_unmount(struct super *super)
{
    kfree(super->private);
}

void
eclipsefs_release(struct super *super)
{
    kfree(super->private);
}
