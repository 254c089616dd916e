#include "fill.h"

#include "abi/mode.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/names.h"
#include "store.h"
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fill {
    struct efs *fs;
    const struct tree *tree;
    uint32_t *inos; /* by inode of the tree; 0: not made yet */
};

/* For efs_store: context is a descriptor of the host. */
static int
read_host(void *context, uint64_t offset, void *dst, size_t n)
{
    const int *fd = context;
    uint8_t *bytes = dst;

    while (n > 0) {
        ssize_t got = pread(*fd, bytes, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -EIO; /* it has shrunk */
        bytes += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return 0;
}

static int
fill_file(struct fill *fill, const struct tree_node *from,
          struct efs_node *node)
{
    if (from->size == 0)
        return 0;
    int fd = open(from->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int err = efs_store(fill->fs, node, from->size, read_host, &fd);
    close(fd);
    return err;
}

/* Sets a node's times once nothing in it changes any more. */
static int
set_times(struct fill *fill, const struct tree_node *from,
          struct efs_node *node)
{
    node->atime = from->atime;
    node->mtime = from->mtime;
    node->ctime = from->ctime;
    int err = efs_begin(fill->fs);
    if (err)
        return err;
    err = efs_node_write(fill->fs, node, node->data_len, NULL);
    return efs_end(fill->fs, err);
}

static int
make_node(struct fill *fill, struct efs_node *dir,
          const struct tree_entry *entry, struct efs_node *node)
{
    static const uint32_t type_bits[] = {0, S_IFREG, S_IFDIR, S_IFLNK};
    const struct tree_node *from = &fill->tree->nodes[entry->ino - 1];
    struct efs_new new = {
        .mode = (from->mode & 07777) | type_bits[from->type],
        .uid = from->uid,
        .gid = from->gid,
        .target = from->target,
        .target_len = from->target ? strlen(from->target) : 0,
        .now = from->mtime,
    };

    int err = efs_begin(fill->fs);
    if (err)
        return err;
    err =
        efs_create(fill->fs, dir, entry->name, strlen(entry->name), &new, node);
    return efs_end(fill->fs, err);
}

/* Makes one entry, and what it leads to unless that is there already. */
static int
make_entry(struct fill *fill, struct efs_node *dir,
           const struct tree_entry *entry)
{
    const struct tree_node *from = &fill->tree->nodes[entry->ino - 1];
    struct efs_node node;

    if (fill->inos[entry->ino]) {
        int err = efs_node_read(fill->fs, fill->inos[entry->ino], &node);
        if (!err)
            err = efs_begin(fill->fs);
        if (err)
            return err;
        err = efs_link(fill->fs, dir, entry->name, strlen(entry->name), &node,
                       from->mtime);
        return efs_end(fill->fs, err);
    }
    int err = make_node(fill, dir, entry, &node);
    if (err)
        return err;
    fill->inos[entry->ino] = node.ino;
    if (from->type == ECLIPSEFS_FILE)
        err = fill_file(fill, from, &node);
    if (!err && from->type != ECLIPSEFS_DIRECTORY)
        err = set_times(fill, from, &node);
    return err;
}

/* The tree numbers a directory before what is in it, so each is there when
 * its turn comes. */
static int
fill_directory(struct fill *fill, uint32_t number)
{
    const struct tree_node *from = &fill->tree->nodes[number - 1];
    struct efs_node dir;

    int err = efs_node_read(fill->fs, fill->inos[number], &dir);
    for (size_t i = 0; i < from->entry_count && !err; i++) {
        err = make_entry(fill, &dir, &from->entries[i]);
        if (err)
            fprintf(stderr, "%s: %s\n", from->entries[i].name,
                    walk_strerror(err));
    }
    return err ? err : set_times(fill, from, &dir);
}

int
fill_tree(struct efs *fs, const struct tree *tree, uint32_t root)
{
    struct fill f = {.fs = fs, .tree = tree};
    int err = 0;

    f.inos = calloc((size_t)tree->count + 1, sizeof f.inos[0]);
    if (!f.inos)
        return -ENOMEM;
    f.inos[1] = root;
    for (uint32_t i = 1; i <= tree->count && !err; i++)
        if (tree->nodes[i - 1].type == ECLIPSEFS_DIRECTORY)
            err = fill_directory(&f, i);
    free(f.inos);
    return err;
}
