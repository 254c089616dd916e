#include "tree_rig.h"

#include "abi/errno.h"
#include "abi/statfs.h"
#include "fs/attributes.h"

#include <stdio.h>

#define DAY_S     86400
#define BYTES_MAX (256u * 1024)
/* The end of the largest file. */
#define SIZE_MOST ((1ull << 32) * MODEL_PAGE)

static uint8_t bytes[BYTES_MAX];

/* ---- Names ---- */

static void
create(struct tree_rig *rig)
{
    static const uint32_t types[] = {S_IFREG, S_IFREG, S_IFREG, S_IFREG,
                                     S_IFDIR, S_IFDIR, S_IFLNK, S_IFCHR};
    struct inode_new what = {.mode = types[tree_pick(rig, 8)] |
                                     tree_pick(rig, 01000)};
    struct tree_place place;

    tree_choose(rig, tree_pick(rig, 16) == 0, &place);
    if (S_ISLNK(what.mode)) {
        what.target = model_name(tree_pick(rig, MODEL_NAMES));
        what.target_len = strlen(what.target);
    } else if (S_ISCHR(what.mode)) {
        what.rdev = tree_pick(rig, 1000);
    }
    int want = model_may_create(place.dir, place.i);
    uint32_t mode = what.mode;
    if (tree_done(rig, names_create(&place.at, &what, NULL), want)) {
        struct model_node *node = model_create(place.dir, place.i, mode);
        node->rdev = what.rdev;
        if (what.target)
            snprintf(node->target, sizeof node->target, "%s", what.target);
    }
    tree_put(&place);
}

static void
link_open(struct tree_rig *rig, const struct tree_place *place)
{
    struct tree_handle *handle = &rig->handles[tree_pick(rig, TREE_HANDLES)];

    if (!handle->node)
        return;
    int want = model_may_link(place->dir, place->i, handle->node);
    if (tree_done(rig, names_link(&place->at, handle->file->dentry), want))
        model_link(place->dir, place->i, handle->node);
}

static void
link_named(struct tree_rig *rig, const struct tree_place *place)
{
    struct tree_place other;

    tree_choose(rig, true, &other);
    struct dentry *old = tree_lookup(&other);
    if (old->inode) {
        struct model_node *node = tree_node(&other);
        int want = model_may_link(place->dir, place->i, node);
        if (tree_done(rig, names_link(&place->at, old), want))
            model_link(place->dir, place->i, node);
    }
    dentry_put(old);
    tree_put(&other);
}

static void
link_file(struct tree_rig *rig)
{
    struct tree_place place;

    tree_choose(rig, tree_pick(rig, 16) == 0, &place);
    if (tree_pick(rig, 4))
        link_named(rig, &place);
    else
        link_open(rig, &place);
    tree_put(&place);
}

static void
take_away(struct tree_rig *rig)
{
    struct tree_place place;

    tree_choose(rig, tree_pick(rig, 16) > 0, &place);
    const struct model_node *node = tree_node(&place);
    bool directory = node && model_is_dir(node);
    if (tree_pick(rig, 16) == 0)
        directory = !directory;
    int want = model_may_unlink(place.dir, place.i, directory);
    if (tree_done(rig, names_unlink(&place.at, directory), want))
        model_unlink(place.dir, place.i);
    tree_put(&place);
}

static void
move(struct tree_rig *rig)
{
    static const unsigned choices[] = {0, 0, 0, RENAME_NOREPLACE,
                                       RENAME_EXCHANGE};
    unsigned flags = choices[tree_pick(rig, ARRAY_LEN(choices))];
    struct tree_place from, to;

    tree_choose(rig, tree_pick(rig, 16) > 0, &from);
    tree_choose(rig, tree_pick(rig, 2) || flags == RENAME_EXCHANGE, &to);
    int want = model_may_rename(from.dir, from.i, to.dir, to.i, flags);
    int result = names_rename(&from.at, &to.at, flags);
    /* A directory that is gone is still below one that it was below. */
    if (model_is_removed(to.dir) && want == -ENOENT && result == -EINVAL)
        want = -EINVAL;
    if (tree_done(rig, result, want))
        model_rename(from.dir, from.i, to.dir, to.i, flags == RENAME_EXCHANGE);
    tree_put(&from);
    tree_put(&to);
}

static void
look(struct tree_rig *rig)
{
    struct tree_place place;

    tree_choose(rig, tree_pick(rig, 4) > 0, &place);
    struct dentry *d = tree_lookup(&place);
    if (d->inode)
        tree_check_node(tree_node(&place), d->inode);
    dentry_put(d);
    if (tree_pick(rig, 4) == 0)
        tree_check_names(rig, place.dir, place.at.dir);
    tree_put(&place);
}

/* ---- Open files ---- */

/* The times that opening and reading set. */
static void
note_reading(struct model_node *node, bool opening)
{
    bool due = node->atime <= node->mtime;
    bool old = model_now - node->atime > DAY_S;

    if (S_ISREG(node->mode) && node->atime < model_now && (opening ? old : due))
        node->atime = model_now;
}

static struct file *
open_node(struct model_node *node, struct dentry *d)
{
    bool content = S_ISREG(node->mode);
    struct file *file;

    int err = file_open_dentry(d, content ? O_RDWR : O_RDONLY, &file);
    assert_int_equal(err, 0);
    note_reading(node, true);
    model_open(node);
    return file;
}

static void
open_or_close(struct tree_rig *rig)
{
    struct tree_handle *handle = &rig->handles[tree_pick(rig, TREE_HANDLES)];
    struct tree_place place;

    if (handle->node) {
        file_put(handle->file);
        model_close(handle->node);
        handle->node = NULL;
        return;
    }
    tree_choose(rig, true, &place);
    struct dentry *d = tree_lookup(&place);
    struct model_node *node = tree_node(&place);
    if (node && (S_ISREG(node->mode) || model_is_dir(node))) {
        handle->file = open_node(node, d);
        handle->node = node;
    }
    dentry_put(d);
    tree_put(&place);
}

/* Opens a regular file, or takes one that is open. Returns it with a
 * reference, or NULL. */
static struct file *
get_file(struct tree_rig *rig, struct model_node **node)
{
    struct tree_handle *handle = &rig->handles[tree_pick(rig, TREE_HANDLES)];
    struct file *file = NULL;
    struct tree_place place;

    if (tree_pick(rig, 2) && handle->node && S_ISREG(handle->node->mode)) {
        *node = handle->node;
        model_open(*node);
        return file_ref(handle->file);
    }
    tree_choose(rig, true, &place);
    struct dentry *d = tree_lookup(&place);
    *node = tree_node(&place);
    if (*node && S_ISREG((*node)->mode))
        file = open_node(*node, d);
    dentry_put(d);
    tree_put(&place);
    return file;
}

static void
put_file(struct file *file, struct model_node *node)
{
    file_put(file);
    model_close(node);
}

/* ---- Content ---- */

/* Mostly small, or near the end; now and then far away. */
static uint64_t
pick_offset(struct tree_rig *rig, const struct model_node *node)
{
    uint32_t what = tree_pick(rig, 100);

    if (what < 30)
        return tree_pick(rig, MODEL_PAGE);
    if (what < 70)
        return node->size - MIN(node->size, tree_pick(rig, 2 * MODEL_PAGE));
    if (what < 97)
        return tree_pick(rig, 40 * MODEL_PAGE);
    if (what < 99)
        return (uint64_t)tree_pick(rig, 1u << 31) << tree_pick(rig, 14);
    return SIZE_MOST + tree_pick(rig, 8 * MODEL_PAGE) - 4 * MODEL_PAGE;
}

static uint32_t
pick_length(struct tree_rig *rig)
{
    uint32_t what = tree_pick(rig, 100);

    if (what < 40)
        return 1 + tree_pick(rig, 200);
    if (what < 80)
        return 1 + tree_pick(rig, 2 * MODEL_PAGE);
    return 1 + tree_pick(rig, what < 98 ? 10 * MODEL_PAGE : BYTES_MAX);
}

/* Writes all of it, as programs do: in several calls, if need be. */
static void
write_all(struct tree_rig *rig, struct file *file, struct model_node *node,
          uint64_t at, uint32_t n)
{
    int64_t want = at < SIZE_MOST ? (int64_t)n : -EFBIG, done = 0;
    struct uio_vec vec;
    struct uio uio;

    if (want > 0 && SIZE_MOST - at < n)
        want = (int64_t)(SIZE_MOST - at);
    uio_init_user(&uio, &vec, uaddr((uintptr_t)bytes), n);
    while (done < want || want < 0) {
        uint64_t offset = at + (uint64_t)done;
        int64_t moved = file_transfer(file, FILE_WRITE, &uio, &offset);
        if (moved <= 0) {
            tree_done(rig, moved, want);
            break;
        }
        done += moved;
    }
    if (done > 0)
        model_write(node, at, bytes, (size_t)done);
}

static void
write_file(struct tree_rig *rig)
{
    struct model_node *node;
    struct file *file = get_file(rig, &node);

    if (!file)
        return;
    uint64_t at = pick_offset(rig, node);
    uint32_t n = pick_length(rig);
    model_pattern(bytes, at, n, tree_pick(rig, UINT32_MAX));
    write_all(rig, file, node, at, n);
    put_file(file, node);
}

static void
read_file(struct tree_rig *rig)
{
    static uint8_t found[BYTES_MAX];
    struct uio_vec vec;
    struct uio uio;
    struct model_node *node;
    struct file *file = get_file(rig, &node);

    if (!file)
        return;
    uint64_t at = pick_offset(rig, node);
    uint32_t n = pick_length(rig);
    uio_init_user(&uio, &vec, uaddr((uintptr_t)found), n);
    note_reading(node, false);
    size_t want = model_read(node, at, bytes, n);
    assert_int_equal(file_transfer(file, FILE_READ, &uio, &at), want);
    assert_memory_equal(found, bytes, want);
    put_file(file, node);
}

static void
truncate_file(struct tree_rig *rig)
{
    struct model_node *node;
    struct file *file = get_file(rig, &node);

    if (!file)
        return;
    uint64_t size = tree_pick(rig, 4) ? pick_offset(rig, node) : 0;
    int want = size > SIZE_MOST ? -EFBIG : 0;
    if (tree_done(rig, attributes_set_size(file->inode, size), want))
        model_truncate(node, size);
    put_file(file, node);
}

static void
sync_file(struct tree_rig *rig)
{
    struct model_node *node;
    struct file *file = get_file(rig, &node);

    if (!file)
        return;
    assert_int_equal(file_sync(file, tree_pick(rig, 2)), 0);
    put_file(file, node);
}

/* ---- Attributes ---- */

static void
choose_attributes(struct tree_rig *rig, const struct model_node *node,
                  struct inode_attributes *set)
{
    *set = (struct inode_attributes){
        .mode = tree_pick(rig, 010000),
        .uid = tree_pick(rig, 3) ? tree_pick(rig, 2000) : UINT32_MAX,
        .gid = tree_pick(rig, 3) ? tree_pick(rig, 2000) : UINT32_MAX,
        .atime = node->atime + tree_pick(rig, 100000),
        .mtime = node->mtime - tree_pick(rig, 100000),
    };
    switch (tree_pick(rig, 3)) {
    case 0:
        set->mask = SET_MODE;
        break;
    case 1:
        set->mask = SET_UID | SET_GID;
        break;
    default:
        set->mask = tree_pick(rig, 2) ? SET_ATIME : SET_ATIME | SET_MTIME;
    }
}

/* What a new owner means for the set-id bits. */
static uint32_t
mode_of_new_owner(const struct model_node *node)
{
    uint32_t drop = S_ISUID | (node->mode & S_IXGRP ? S_ISGID : 0);
    return model_is_dir(node) ? node->mode : node->mode & ~drop;
}

static void
apply_attributes(struct model_node *node, const struct inode_attributes *set)
{
    if (set->mask & SET_MODE)
        node->mode = (node->mode & S_IFMT) | set->mode;
    if (set->mask & SET_UID) {
        node->mode = mode_of_new_owner(node);
        node->uid = set->uid == UINT32_MAX ? node->uid : set->uid;
        node->gid = set->gid == UINT32_MAX ? node->gid : set->gid;
    }
    if (set->mask & SET_ATIME)
        node->atime = set->atime;
    if (set->mask & SET_MTIME)
        node->mtime = set->mtime;
    node->ctime = model_now;
}

static void
set_attributes(struct tree_rig *rig)
{
    struct inode_attributes set;
    struct tree_place place;

    tree_choose(rig, true, &place);
    struct dentry *d = tree_lookup(&place);
    struct model_node *node = tree_node(&place);
    if (node) {
        choose_attributes(rig, node, &set);
        struct inode_attributes given = set;
        assert_int_equal(attributes_set(d->inode, &given, false), 0);
        apply_attributes(node, &set);
    }
    dentry_put(d);
    tree_put(&place);
}

/* ---- One at random ---- */

static void
sync_all(struct tree_rig *rig)
{
    assert_int_equal(vfs_sync_all(&rig->vfs), 0);
}

static void
shrink(struct tree_rig *rig)
{
    bcache_shrink(tree_pick(rig, 64));
}

static void
mount_again(struct tree_rig *rig)
{
    tree_remount(rig, tree_pick(rig, 2));
}

/* How often each is done, of 10,000 times; and while room is made. */
static const struct {
    void (*run)(struct tree_rig *rig);
    unsigned weight, draining;
} operations[] = {
    {create, 1500, 300},        {link_file, 400, 100},
    {take_away, 800, 3500},     {move, 1000, 1000},
    {look, 1000, 800},          {open_or_close, 700, 700},
    {write_file, 2200, 200},    {read_file, 1000, 800},
    {truncate_file, 400, 1900}, {sync_file, 400, 200},
    {set_attributes, 300, 200}, {shrink, 200, 200},
    {sync_all, 94, 94},         {mount_again, 6, 6},
};

void
tree_step(struct tree_rig *rig)
{
    uint32_t what = tree_pick(rig, 10000);

    vfs_now = ++model_now;
    for (unsigned i = 0; i < ARRAY_LEN(operations); i++) {
        unsigned weight =
            rig->drain ? operations[i].draining : operations[i].weight;
        if (what < weight) {
            operations[i].run(rig);
            break;
        }
        what -= weight;
    }
    rig->drain -= rig->drain > 0;
}
