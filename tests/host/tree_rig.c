#include "tree_rig.h"

#include "abi/errno.h"
#include "abi/statfs.h"
#include "check.h"
#include "fs/devfs.h"
#include "fs/epoll.h"
#include "fs/record_lock.h"
#include "fs/pipe.h"

#include <stdio.h>

/* When there is no room, no more blocks than these are free. */
#define ROOM_BLOCKS 8u

/* ---- What stands in for the layers beside ---- */

const struct file_ops devfs_node_ops = {.read = NULL};
const struct file_ops pipe_named_ops = {.read = NULL};

void
epoll_forget(struct file *file UNUSED)
{
}

void
record_lock_drop(const void *owner UNUSED, const struct file *file UNUSED)
{
}

int
path_lookup(struct fs_context *ctx, struct dentry *base, const char *path,
            unsigned flags, struct dentry **out)
{
    (void)ctx;
    (void)base;
    (void)path;
    (void)flags;
    (void)out;
    return -ENOENT;
}

/* ---- Mounting ---- */

/* What it is mounted on, and the directory above that: all that is needed of
 * a mount table. */
static struct dentry under, top;
static struct inode top_inode;

static void
mount_it(struct tree_rig *rig)
{
    vfs_mount(&rig->vfs);
    struct super *super = rig->vfs.super;
    sleeplock_init(&super->names, RANK_NAMES);
    assert_int_equal(dentry_make_root(super, &rig->root), 0);
    top = (struct dentry){.parent = &top, .inode = &top_inode, .refs = 1};
    under = (struct dentry){.parent = &top, .super = super, .refs = 1};
    assert_int_equal(dentry_mount(&under, rig->root), 0);
}

/* Nobody but the rig may have kept a reference to anything. */
static void
unmount_it(struct tree_rig *rig)
{
    assert_int_equal(dentry_unmount(rig->root), 0);
    assert_int_equal(under.refs, 1);
    assert_int_equal(rig->root->refs, 1);
    dentry_put(rig->root);
    vfs_unmount(&rig->vfs);
}

static void
statfs_of(struct tree_rig *rig, struct statfs *st)
{
    rig->vfs.super->ops->statfs(rig->vfs.super, st);
}

/* ---- Beginning and end ---- */

void
tree_init(struct tree_rig *rig, size_t blocks, size_t cache, size_t names,
          const struct efs_format *format)
{
    memset(rig, 0, sizeof *rig);
    rig->random = 1;
    vfs_now = model_now = 1000;
    vfs_init_format(&rig->vfs, blocks, cache, format);
    vfs_unmount(&rig->vfs);
    rig->vfs.disk.forgetful = true;
    dentry_init_cache(names);
    file_init_cache();
    mount_it(rig);
    model_init();
    model_root->atime = rig->root->inode->atime;
    model_root->mtime = rig->root->inode->mtime;
    model_root->ctime = rig->root->inode->ctime;
}

static void
close_all(struct tree_rig *rig)
{
    for (unsigned i = 0; i < TREE_HANDLES; i++) {
        struct tree_handle *handle = &rig->handles[i];
        if (!handle->node)
            continue;
        file_put(handle->file);
        model_close(handle->node);
        handle->node = NULL;
    }
}

void
tree_free(struct tree_rig *rig)
{
    close_all(rig);
    unmount_it(rig);
    vfs_check(&rig->vfs);
    vfs_free(&rig->vfs);
    model_free();
}

uint32_t
tree_pick(struct tree_rig *rig, uint32_t n)
{
    rig->random = rig->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(rig->random >> 33) % n;
}

/* ---- Choosing ---- */

static struct model_node *
pick_child(struct tree_rig *rig, const struct model_node *dir, bool directory)
{
    unsigned from = tree_pick(rig, MODEL_NAMES);

    for (unsigned i = 0; i < MODEL_NAMES; i++) {
        struct model_node *node = dir->child[(from + i) % MODEL_NAMES];
        if (node && (!directory || model_is_dir(node)))
            return node;
    }
    return NULL;
}

static unsigned
number_in(const struct model_node *dir, const struct model_node *node)
{
    unsigned i = 0;

    while (i < MODEL_NAMES && dir->child[i] != node)
        i++;
    return i;
}

/* Returns the dentry of a directory with a name, with a reference. */
static struct dentry *
walk_to(struct tree_rig *rig, const struct model_node *dir)
{
    if (dir == model_root)
        return dentry_ref(rig->root);
    struct dentry *above = walk_to(rig, dir->parent), *d;
    const char *name = model_name(number_in(dir->parent, dir));
    assert_int_equal(dentry_lookup(above, name, strlen(name), &d), 0);
    assert_non_null(d->inode);
    dentry_put(above);
    return d;
}

/* Now and then a directory that is open, which may have been removed. */
static struct dentry *
choose_dir(struct tree_rig *rig, struct model_node **dir)
{
    struct tree_handle *handle = &rig->handles[tree_pick(rig, TREE_HANDLES)];

    if (tree_pick(rig, 8) == 0 && handle->node && model_is_dir(handle->node)) {
        *dir = handle->node;
        return dentry_ref(handle->file->dentry);
    }
    struct model_node *next = model_root;
    do {
        *dir = next;
        next = tree_pick(rig, 3) ? pick_child(rig, *dir, true) : NULL;
    } while (next);
    return walk_to(rig, *dir);
}

void
tree_choose(struct tree_rig *rig, bool there, struct tree_place *place)
{
    place->at = (struct path_name){.kind = LAST_NAME};
    place->at.dir = choose_dir(rig, &place->dir);
    place->i = tree_pick(rig, MODEL_NAMES);
    for (unsigned n = 0; n < MODEL_NAMES; n++) {
        if ((place->dir->child[place->i] != NULL) == there)
            break;
        place->i = (place->i + 1) % MODEL_NAMES;
    }
    const char *name = model_name(place->i);
    place->at.len = strlen(name);
    memcpy(place->at.name, name, place->at.len);
}

void
tree_put(struct tree_place *place)
{
    dentry_put(place->at.dir);
}

struct model_node *
tree_node(const struct tree_place *place)
{
    return place->dir->child[place->i];
}

struct dentry *
tree_lookup(const struct tree_place *place)
{
    struct dentry *d;

    int err = dentry_lookup(place->at.dir, place->at.name, place->at.len, &d);
    assert_int_equal(err, 0);
    assert_true((d->inode != NULL) == (tree_node(place) != NULL));
    return d;
}

/* ---- Holding the kernel to the model ---- */

bool
tree_done(struct tree_rig *rig, int64_t result, int64_t want)
{
    struct statfs st;

    /* The page that the end was in may have needed room, too. */
    if (result != -ENOSPC || (want < 0 && want != -EFBIG)) {
        assert_int_equal(result, want);
        return want >= 0;
    }
    statfs_of(rig, &st);
    if (st.f_ffree > 0) {
        assert_int_equal(vfs_sync_all(&rig->vfs), 0);
        statfs_of(rig, &st);
        if (st.f_bfree > ROOM_BLOCKS)
            fail_msg("no room, but %u blocks free", (unsigned)st.f_bfree);
    }
    rig->refused++;
    rig->drain = 20 + tree_pick(rig, 200);
    return false;
}

void
tree_check_node(const struct model_node *node, const struct inode *inode)
{
    assert_int_equal(inode->mode, node->mode);
    assert_int_equal(inode->uid, node->uid);
    assert_int_equal(inode->gid, node->gid);
    assert_int_equal(inode->rdev, node->rdev);
    assert_int_equal(inode->nlink, model_links(node));
    assert_int_equal(inode->atime, node->atime);
    assert_int_equal(inode->mtime, node->mtime);
    assert_int_equal(inode->ctime, node->ctime);
    if (S_ISREG(node->mode))
        assert_int_equal(inode->size, node->size);
    if (S_ISLNK(node->mode)) {
        char target[sizeof node->target];
        int64_t n = inode->ops->readlink((struct inode *)(uintptr_t)inode,
                                         target, sizeof target);
        assert_int_equal(n, strlen(node->target));
        assert_memory_equal(target, node->target, (size_t)n);
    }
}

void
tree_check_content(const struct model_node *node, struct inode *inode,
                   uint64_t at, size_t n)
{
    static uint8_t found[64 * MODEL_PAGE], want[64 * MODEL_PAGE];

    n = MIN(n, sizeof found);
    memset(found, 0xaa, n);
    size_t left = model_read(node, at, want, n);
    assert_int_equal(vfs_pread(inode, found, n, at), left);
    assert_memory_equal(found, want, left);
}

struct names_sink {
    struct dir_sink sink;
    unsigned seen[MODEL_NAMES], room;
    const struct model_node *dir;
};

static bool
see_name(struct dir_sink *sink, const char *name, size_t len, uint64_t ino,
         unsigned type_mode, uint64_t next_pos)
{
    struct names_sink *s = container_of(sink, struct names_sink, sink);
    unsigned i = model_number(name, len);

    (void)next_pos;
    if (s->room-- == 0)
        return false;
    if (len <= 2 && name[0] == '.')
        return true;
    assert_true(ino > 0 && i < MODEL_NAMES && s->dir->child[i]);
    assert_int_equal(type_mode, s->dir->child[i]->mode & S_IFMT);
    s->seen[i]++;
    return true;
}

void
tree_check_names(struct tree_rig *rig, const struct model_node *dir,
                 struct dentry *dentry)
{
    struct names_sink s = {.sink.entry = see_name, .dir = dir};
    unsigned room = 1 + tree_pick(rig, 2 * MODEL_NAMES);
    struct file *file;

    assert_int_equal(file_open_dentry(dentry, O_RDONLY, &file), 0);
    do {
        s.room = room;
        int want = model_is_removed(dir) ? -ENOENT : 0;
        assert_int_equal(file_readdir(file, &s.sink), want);
    } while (s.room > room);
    for (unsigned i = 0; i < MODEL_NAMES; i++)
        assert_int_equal(s.seen[i], dir->child[i] != NULL);
    file_put(file);
}

static void
compare_content(const struct model_node *node, struct inode *inode)
{
    uint64_t next = 0;

    for (size_t i = 0; i < node->npages; i++) {
        uint64_t index = node->pages[i]->index;
        if (index > next) /* a hole, of which one page will do */
            tree_check_content(node, inode, next * MODEL_PAGE, MODEL_PAGE);
        tree_check_content(node, inode, index * MODEL_PAGE, MODEL_PAGE);
        next = index + 1;
    }
    tree_check_content(node, inode, next * MODEL_PAGE, MODEL_PAGE);
    tree_check_content(node, inode, node->size - MIN(node->size, 10u), 20);
}

static void
compare(struct tree_rig *rig, const struct model_node *node, struct dentry *d)
{
    tree_check_node(node, d->inode);
    if (S_ISREG(node->mode))
        compare_content(node, d->inode);
    if (!model_is_dir(node))
        return;
    tree_check_names(rig, node, d);
    for (unsigned i = 0; i < MODEL_NAMES; i++) {
        const char *name = model_name(i);
        struct dentry *child;
        int err = dentry_lookup(d, name, strlen(name), &child);
        assert_int_equal(err, 0);
        assert_true((child->inode != NULL) == (node->child[i] != NULL));
        if (child->inode)
            compare(rig, node->child[i], child);
        dentry_put(child);
    }
}

void
tree_compare(struct tree_rig *rig)
{
    struct statfs st;

    compare(rig, model_root, rig->root);
    statfs_of(rig, &st);
    assert_int_equal(st.f_ffree, st.f_files - model_nodes);
}

/* ---- Mounting again ---- */

void
tree_remount(struct tree_rig *rig, bool power_loss)
{
    size_t size = rig->vfs.disk.size;
    uint8_t *image = NULL;
    struct statfs before, after;

    if (power_loss) {
        assert_int_equal(vfs_sync_all(&rig->vfs), 0);
        image = malloc(size);
        assert_non_null(image);
        memcpy(image, rig->vfs.disk.now, size);
    }
    close_all(rig);
    assert_int_equal(vfs_sync_all(&rig->vfs), 0);
    statfs_of(rig, &before);
    assert_int_equal(before.f_ffree, before.f_files - model_nodes);
    unmount_it(rig);
    vfs_check(&rig->vfs);
    if (power_loss)
        memcpy(rig->vfs.disk.now, image, size);
    free(image);
    mount_it(rig);
    tree_compare(rig);
    /* What mounting has freed can be given away after a commit. */
    assert_int_equal(vfs_sync_all(&rig->vfs), 0);
    statfs_of(rig, &after);
    if (after.f_bfree != before.f_bfree)
        printf("power %d seed\n", power_loss);
    assert_int_equal(after.f_bfree, before.f_bfree);
}
