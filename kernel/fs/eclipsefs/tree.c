#include "fs/eclipsefs/record_block.h"
#include "fs/eclipsefs/vfs.h"

#include "abi/errno.h"
#include "fs/eclipsefs/dir.h"
#include "fs/eclipsefs/file.h"
#include "fs/eclipsefs/names.h"
#include "fs/writeback.h"

#define FIRST_POS 2u /* of a directory's entries */

/* ---- Looking up and listing ---- */

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

/* ---- Changes ---- */

/* Within a change: dir's name leads to a directory, which the next lookup
 * will come to that way. */
static int
move_claim(struct inode *dir, const char *name, size_t len, struct inode *child)
{
    struct efs_link link;

    if (!S_ISDIR(child->mode))
        return 0;
    int err = efs_dir_lookup(efs_of(dir), node_of(dir), name, len, &link);
    if (!err)
        __atomic_store_n(&private_of(child)->claim, dir->ino << 32 | link.pos,
                         __ATOMIC_RELAXED);
    return err;
}

/* Within a change, which has made inode ino. */
static int
get_new(struct inode *dir, const char *name, size_t len, uint32_t ino,
        struct inode **out)
{
    int err = inode_get(dir->super, ino, out);
    if (err)
        return err;
    err = move_claim(dir, name, len, *out);
    if (err)
        inode_put(*out);
    return err;
}

static int
eclipsefs_create(struct inode *dir, const char *name, size_t len,
                 const struct inode_new *what, struct inode **out)
{
    struct vfs_change change = {.super = dir->super, .inodes = {dir}};
    struct efs *fs = efs_of(dir);
    struct efs_new new = {what->mode,        what->uid,    what->gid,
                          what->rdev,        what->target, what->target_len,
                          (uint64_t)fs_now()};
    struct efs_node node;

    int err = vfs_begin(&change);
    if (err)
        return err;
    err = efs_create(fs, node_of(dir), name, len, &new, &node);
    if (!err)
        err = get_new(dir, name, len, node.ino, out);
    return vfs_end(&change, err);
}

static int
eclipsefs_link(struct inode *dir, const char *name, size_t len,
               struct inode *inode)
{
    struct vfs_change change = {.super = dir->super, .inodes = {dir, inode}};

    int err = vfs_begin(&change);
    if (err)
        return err;
    return vfs_end(&change, efs_link(efs_of(dir), node_of(dir), name, len,
                                     node_of(inode), (uint64_t)fs_now()));
}

static int
eclipsefs_unlink(struct inode *dir, const char *name, size_t len,
                 struct inode *inode)
{
    struct vfs_change change = {.super = dir->super, .inodes = {dir, inode}};

    int err = vfs_begin(&change);
    if (err)
        return err;
    return vfs_end(&change, efs_unlink(efs_of(dir), node_of(dir), name, len,
                                       node_of(inode), (uint64_t)fs_now()));
}

/* A file that takes another's name does so with its content, that which was
 * written over older content included. */
static void
rename_after_content(struct inode *inode)
{
    if (private_of(inode)->rewritten)
        journal_after_data(efs_of(inode)->journal);
    private_of(inode)->rewritten = false;
}

static int
eclipsefs_rename(struct inode_place *from, struct inode_place *to,
                 bool exchange)
{
    struct vfs_change change = {
        .super = from->dir->super,
        .inodes = {from->dir, to->dir, from->inode, to->inode},
    };
    struct efs_place old = {node_of(from->dir), from->name, from->len,
                            node_of(from->inode)};
    struct efs_place new = {node_of(to->dir), to->name, to->len,
                            to->inode ? node_of(to->inode) : NULL};

    int err = vfs_begin(&change);
    if (err)
        return err;
    if (to->inode)
        rename_after_content(from->inode);
    if (exchange)
        rename_after_content(to->inode);
    err =
        efs_rename(efs_of(from->dir), &old, &new, exchange, (uint64_t)fs_now());
    if (!err)
        err = move_claim(to->dir, to->name, to->len, from->inode);
    if (!err && exchange)
        err = move_claim(from->dir, from->name, from->len, to->inode);
    return vfs_end(&change, err);
}

static int
eclipsefs_set_attributes(struct inode *inode,
                         const struct inode_attributes *set)
{
    struct vfs_change change = {.super = inode->super, .inodes = {inode}};
    struct efs_node *node = node_of(inode);

    int err = vfs_begin(&change);
    if (err)
        return err;
    if (set->mask & SET_MODE)
        node->mode = (node->mode & S_IFMT) | set->mode;
    if (set->mask & SET_UID)
        node->uid = set->uid;
    if (set->mask & SET_GID)
        node->gid = set->gid;
    if (set->mask & SET_ATIME)
        node->atime = (uint64_t)set->atime;
    if (set->mask & SET_MTIME)
        node->mtime = (uint64_t)set->mtime;
    node->ctime = (uint64_t)fs_now();
    return vfs_end(&change,
                   efs_node_write(efs_of(inode), node, node->data_len, NULL));
}

/* ---- Symbolic links ---- */

static int64_t
eclipsefs_readlink(struct inode *inode, char *buf, size_t size)
{
    const struct efs_node *node = node_of(inode);
    int64_t n = efs_file_read(efs_of(inode), node, 0, buf, size);

    if (n >= 0 && (uint64_t)n < MIN(size, node->data_len))
        return -EIO;
    return n < 0 ? n : (int64_t)node->data_len;
}

/* Who calls one of these has looked at the inode's type. */
const struct inode_ops vfs_inode_ops = {
    .lookup = eclipsefs_lookup,
    .readdir = eclipsefs_readdir,
    .readlink = eclipsefs_readlink,
    .create = eclipsefs_create,
    .link = eclipsefs_link,
    .unlink = eclipsefs_unlink,
    .rename = eclipsefs_rename,
    .set_attributes = eclipsefs_set_attributes,
    .set_size = vfs_set_size,
    .sync = vfs_sync,
};
