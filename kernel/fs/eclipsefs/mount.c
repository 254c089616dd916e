#include "fs/eclipsefs/eclipsefs.h"

#include "abi/errno.h"
#include "abi/statfs.h"
#include "fs/devfs.h"
#include "fs/eclipsefs/names.h"
#include "fs/eclipsefs/slots.h"
#include "fs/eclipsefs/space.h"
#include "fs/eclipsefs/vfs.h"
#include "fs/writeback.h"
#include "lib/bits.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/slab.h"

struct mount_state {
    struct super super;
    struct efs efs;
};

struct efs *
vfs_efs(const struct super *super)
{
    return &((struct mount_state *)super->private)->efs;
}

/* ---- Changes ---- */

int
vfs_begin(struct vfs_change *c)
{
    int err = efs_begin(vfs_efs(c->super));

    if (err && !c->super->read_only) {
        WRITE_ONCE(c->super->read_only, true);
        pr_err("eclipsefs: %s: read-only from now on", c->super->bdev->name);
    }
    for (unsigned i = 0; i < VFS_INODES && !err; i++) {
        const struct inode *inode = c->inodes[i];
        if (!inode)
            continue;
        struct efs_node *node = node_of(inode);
        c->before[i] = *node;
        node->atime = (uint64_t)inode->atime;
        node->mtime = (uint64_t)inode->mtime;
        node->ctime = (uint64_t)inode->ctime;
    }
    return err;
}

/* Makes the inode's attributes those of its node; but the size of a file that
 * is being written to may be ahead. */
static void
refresh(struct inode *inode)
{
    const struct efs_node *node = node_of(inode);

    inode->mode = node->mode;
    inode->uid = node->uid;
    inode->gid = node->gid;
    inode->nlink = node->nlink;
    inode->atime = (int64_t)node->atime;
    inode->mtime = (int64_t)node->mtime;
    inode->ctime = (int64_t)node->ctime;
}

/* In reverse, as one inode may be there twice. */
int
vfs_end(struct vfs_change *c, int err)
{
    err = efs_end(vfs_efs(c->super), err);
    for (unsigned i = VFS_INODES; i-- > 0;) {
        struct inode *inode = c->inodes[i];
        if (inode && err)
            *node_of(inode) = c->before[i];
        else if (inode)
            refresh(inode);
    }
    if (!err)
        flusher_want(false);
    return err;
}

/* ---- Inodes ---- */

static int
read_node(struct efs *fs, uint32_t ino, struct efs_node *node)
{
    int err = efs_node_read(fs, ino, node);
    if (!err && fs->extended && node->nlink == 0)
        err = efs_damaged(fs, ino, node->data, "inode without links");
    return err;
}

static int
eclipsefs_read_inode(struct inode *inode)
{
    if (inode->ino > UINT32_MAX)
        return -ENOENT;
    struct efs_inode *private = kzalloc(sizeof *private);
    if (!private)
        return -ENOMEM;
    struct efs_node *node = &private->node;
    int err = read_node(efs_of(inode), (uint32_t)inode->ino, node);
    inode->private = private;
    inode->ops = &vfs_inode_ops;
    inode->page_ops = &vfs_page_ops;
    inode->rdev = node->rdev;
    if (node->type != ECLIPSEFS_DIRECTORY)
        inode->size = efs_node_length(node);
    private->trimmed = node->layout == EFS_INLINE;
    refresh(inode);
    if (!err)
        err = vfs_count_blocks(inode);
    if (err)
        kfree(private);
    return err;
}

/* Frees an inode without a name. What does not succeed is left to whoever
 * mounts the image next. */
static void
release(struct inode *inode)
{
    struct efs *fs = efs_of(inode);
    int more = 1;

    while (more > 0 && efs_begin(fs) == 0) {
        more = efs_release(fs, node_of(inode));
        if (efs_end(fs, MIN(more, 0)))
            break;
    }
    flusher_want(false);
}

static void
eclipsefs_free_inode(struct inode *inode)
{
    pagecache_cut(inode, 0);
    if (inode->nlink == 0 && efs_of(inode)->extended)
        release(inode);
    kfree(inode->private);
}

/* ---- Whole file systems ---- */

static int
eclipsefs_sync(struct super *super)
{
    struct efs *fs = vfs_efs(super);

    if (!fs->extended || fs->read_only)
        return 0;
    int err = writeback_super(super);
    int failed = efs_commit(fs);
    return err ? err : failed;
}

static void
eclipsefs_statfs(struct super *super, struct statfs *st)
{
    struct efs *fs = vfs_efs(super);

    st->f_blocks = fs->size / BLOCK_SIZE;
    st->f_files = fs->inode_count;
    if (!fs->extended)
        return;
    /* Who needs what a commit makes free gets it: inode_made_room. Read-only,
     * the counts are the header's, which may say anything. */
    uint64_t free = efs_space_free_blocks(fs) + efs_space_free_soon(fs);
    st->f_bfree = st->f_bavail = MIN(free, st->f_blocks);
    st->f_ffree = MIN(efs_space_free_inodes(fs), fs->inode_count);
}

/* What is written to a damaged file system may damage more. */
static bool
is_damaged(const struct efs *fs)
{
    return le32_load(fs->ext.state) & EFSX_ERRORS;
}

/* Nothing new is begun once the super says that it is read-only. */
static int
eclipsefs_remount(struct super *super, bool read_only)
{
    struct efs *fs = vfs_efs(super);

    if (!fs->extended)
        return read_only ? 0 : -EROFS;
    if ((READ_ONCE(fs->broken) || is_damaged(fs)) && !read_only)
        return -EROFS;
    if (read_only)
        WRITE_ONCE(super->read_only, true);
    int err = eclipsefs_sync(super);
    int failed = efs_set_read_only(fs, read_only);
    if (!read_only && !failed)
        WRITE_ONCE(super->read_only, false);
    return err ? err : failed;
}

static void
eclipsefs_unmount(struct super *super)
{
    struct list_node lost = LIST_INIT(lost);
    struct efs *fs = vfs_efs(super);
    struct inode *inode;
    const char *name = super->bdev->name;

    int err = eclipsefs_sync(super);
    inode_take_dirty(super, &lost); /* for want of memory */
    while ((inode = inode_pop_dirty(&lost)))
        inode_put(inode);
    if (fs->extended && (efs_stop(fs) || err))
        pr_err("eclipsefs: %s: not everything could be written", name);
    kfree(super->private);
}

static const struct super_ops super_ops = {
    .read_inode = eclipsefs_read_inode,
    .free_inode = eclipsefs_free_inode,
    .sync = eclipsefs_sync,
    .statfs = eclipsefs_statfs,
    .remount = eclipsefs_remount,
    .unmount = eclipsefs_unmount,
};

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

/* Opens the image, for writing if it can be. */
static int
open_image(struct efs *fs, struct blockdev *dev, bool read_only,
           const char **why)
{
    int err = efs_open(fs, dev, why);
    if (err || !fs->extended)
        return err;
    if (is_damaged(fs) && !read_only) {
        pr_warn("eclipsefs: %s: read-only until fsck.eclipsefs has mended it",
                dev->name);
        read_only = true;
    }
    err = efs_start(fs, read_only || dev->read_only, why);
    if (!err || read_only || err == -ENOMEM)
        return err;
    pr_err("eclipsefs: %s: read-only: %s", dev->name, *why);
    return efs_start(fs, true, why);
}

int
eclipsefs_mount(struct blockdev *dev, bool read_only, struct super **out)
{
    const char *why = "no memory";
    struct mount_state *state = kzalloc(sizeof *state);

    int err = state ? open_image(&state->efs, dev, read_only, &why) : -ENOMEM;
    if (err) {
        pr_err("eclipsefs: %s: %s", dev->name, why);
        kfree(state);
        return err;
    }
    state->super = (struct super){
        .ops = &super_ops,
        .type = "eclipsefs",
        .bdev = dev,
        .dev = devfs_block_rdev(dev),
        .root_ino = ECLIPSEFS_ROOT_INO,
        .magic = ECLIPSEFS_SUPER_MAGIC,
        .read_only = !state->efs.extended || state->efs.read_only,
        .block_size = ECLIPSEFS_BLOCK_SIZE,
        .private = state,
    };
    writeback_init(&state->super);
    *out = &state->super;
    return 0;
}
