#include "fs/eclipsefs/names.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/dirtree.h"
#include "fs/eclipsefs/extent.h"
#include "fs/eclipsefs/record_block.h"
#include "lib/string.h"

#define LINKS_MAX UINT32_MAX

static int
write_attributes(struct efs *fs, struct efs_node *node)
{
    return efs_node_write(fs, node, node->data_len, NULL);
}

/* A name in dir is about to change; its record will be written then. */
static void
touch(struct efs_node *dir, uint64_t now)
{
    dir->mtime = now;
    dir->ctime = now;
}

static int
add_link(struct efs_node *node)
{
    if (node->nlink == LINKS_MAX)
        return -EMLINK;
    node->nlink++;
    return 0;
}

/* Takes one of node's links; there must be more than `rest`. */
static int
take_link(struct efs *fs, struct efs_node *node, uint32_t rest)
{
    if (node->nlink <= rest)
        return efs_broken(fs, node->ino, node->data, "too few links");
    node->nlink--;
    return 0;
}

/* ---- New inodes and names ---- */

static uint32_t
mode_type(uint32_t mode)
{
    if (S_ISDIR(mode))
        return ECLIPSEFS_DIRECTORY;
    return S_ISLNK(mode) ? ECLIPSEFS_SYMLINK : ECLIPSEFS_FILE;
}

/* Takes an inode near dir and writes its record. */
static int
make_node(struct efs *fs, const struct efs_node *dir,
          const struct efs_new *what, struct efs_node *node)
{
    uint32_t near = (uint32_t)(dir->data / ECLIPSEFS_BLOCK_SIZE);
    uint8_t *value;

    *node = (struct efs_node){
        .type = mode_type(what->mode),
        .mode = what->mode,
        .uid = what->uid,
        .gid = what->gid,
        .nlink = S_ISDIR(what->mode) ? 2 : 1,
        .atime = what->now,
        .mtime = what->now,
        .ctime = what->now,
        .rdev = what->rdev,
        .layout = EFS_INLINE,
    };
    int err = efs_inode_alloc(fs, near, &node->ino);
    if (!err)
        err = efs_node_write(fs, node, (uint32_t)what->target_len, &value);
    if (!err && what->target_len > 0)
        memcpy(value, what->target, what->target_len);
    return err;
}

int
efs_create(struct efs *fs, struct efs_node *dir, const char *name, size_t len,
           const struct efs_new *what, struct efs_node *node)
{
    int err = 0;

    if (what->target_len > EFS_VALUE_MAX)
        return -ENAMETOOLONG;
    if (S_ISDIR(what->mode))
        err = add_link(dir);
    if (!err)
        err = make_node(fs, dir, what, node);
    if (err)
        return err;
    touch(dir, what->now);
    return efs_dir_add(fs, dir, name, len, node->ino);
}

int
efs_link(struct efs *fs, struct efs_node *dir, const char *name, size_t len,
         struct efs_node *node, uint64_t now)
{
    int err = add_link(node);

    node->ctime = now;
    if (!err)
        err = write_attributes(fs, node);
    touch(dir, now);
    return err ? err : efs_dir_add(fs, dir, name, len, node->ino);
}

/* ---- Names that go away ---- */

/* node loses its name in dir. */
static int
lose_name(struct efs *fs, struct efs_node *dir, struct efs_node *node,
          uint64_t now)
{
    int err;

    if (efs_node_is_dir(node) && node->data_len > 0)
        return -ENOTEMPTY;
    if (efs_node_is_dir(node)) {
        node->nlink = 0;
        err = take_link(fs, dir, 2);
    } else {
        err = take_link(fs, node, 0);
    }
    node->ctime = now;
    if (!err)
        err = write_attributes(fs, node);
    if (!err && node->nlink == 0)
        err = efs_inode_set_orphan(fs, node->ino, true);
    return err;
}

int
efs_unlink(struct efs *fs, struct efs_node *dir, const char *name, size_t len,
           struct efs_node *node, uint64_t now)
{
    int err = lose_name(fs, dir, node, now);

    touch(dir, now);
    return err ? err : efs_dir_remove(fs, dir, name, len);
}

int
efs_release(struct efs *fs, struct efs_node *node)
{
    if (efs_node_is_dir(node) && node->data_len > 0)
        return efs_broken(fs, node->ino, node->data,
                          "directory without a name, but with entries");
    if (!efs_node_is_dir(node) && node->layout != EFS_INLINE) {
        int left = efs_extent_truncate(fs, node, 0);
        if (left != 0)
            return left;
    }
    return efs_inode_free(fs, node->ino);
}

/* ---- Renaming ---- */

/* node, if it is a directory, moves from one to another. */
static int
move_link(struct efs *fs, const struct efs_node *node, struct efs_node *from,
          struct efs_node *to)
{
    if (!node || !efs_node_is_dir(node) || from == to)
        return 0;
    int err = take_link(fs, from, 2);
    return err ? err : add_link(to);
}

/* Makes place's name lead to node. */
static int
put_node(struct efs *fs, const struct efs_place *place, struct efs_node *node,
         uint64_t now)
{
    node->ctime = now;
    int err = write_attributes(fs, node);
    if (err)
        return err;
    if (place->node)
        return efs_dir_set(fs, place->dir, place->name, place->len, node->ino);
    return efs_dir_add(fs, place->dir, place->name, place->len, node->ino);
}

int
efs_rename(struct efs *fs, struct efs_place *from, struct efs_place *to,
           bool exchange, uint64_t now)
{
    int err = 0;

    if (to->node && to->node->ino == from->node->ino)
        return 0;
    touch(from->dir, now);
    touch(to->dir, now);
    if (to->node && !exchange)
        err = lose_name(fs, to->dir, to->node, now);
    if (!err)
        err = move_link(fs, from->node, from->dir, to->dir);
    if (!err && exchange)
        err = move_link(fs, to->node, to->dir, from->dir);
    if (!err && exchange)
        err = put_node(fs, from, to->node, now);
    if (!err && !exchange)
        err = efs_dir_remove(fs, from->dir, from->name, from->len);
    return err ? err : put_node(fs, to, from->node, now);
}
