#include "fill.h"

#include "abi/mode.h"
#include "complain.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/names.h"
#include "fs/eclipsefs/record_block.h"
#include "store.h"
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fill {
    struct efs *fs;
    const struct tree *tree;
    uint32_t *inos;  /* by inode of the tree; 0: not made yet */
    int fd;          /* of the host's file that is being copied */
    const char *why; /* the host's reason for an error, or NULL */
};

static int
host_error(struct fill *fill, const char *why)
{
    fill->why = why;
    return -EIO;
}

/* For efs_store_sparse. */
static int
read_host(void *context, uint64_t offset, void *dst, size_t n)
{
    struct fill *fill = context;
    uint8_t *bytes = dst;

    while (n > 0) {
        ssize_t got = pread(fill->fd, bytes, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return host_error(fill, got < 0 ? strerror(errno)
                                            : "changed while it was copied");
        bytes += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return 0;
}

/* Without the host's help all is content; past what it knows of, nothing is. */
static void
find_host(void *context, uint64_t *offset, uint64_t *end)
{
    const struct fill *fill = context;
    off_t data = lseek(fill->fd, (off_t)*offset, SEEK_DATA);

    *end = UINT64_MAX;
    if (data < 0) {
        *offset = errno == ENXIO ? *end : *offset;
        return;
    }
    off_t hole = lseek(fill->fd, data, SEEK_HOLE);
    *offset = (uint64_t)data;
    *end = hole < 0 ? *end : (uint64_t)hole;
}

static int
fill_file(struct fill *fill, const struct tree_node *from,
          struct efs_node *node)
{
    if (from->size == 0)
        return 0;
    fill->fd = open(from->path, O_RDONLY | O_CLOEXEC);
    if (fill->fd < 0)
        return host_error(fill, strerror(errno));
    int err = efs_store_sparse(fill->fs, node, from->size, read_host, find_host,
                               fill);
    close(fill->fd);
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
    const struct tree_node *from = &fill->tree->nodes[entry->ino - 1];
    struct efs_new new = {
        .mode = from->mode,
        .uid = from->uid,
        .gid = from->gid,
        .rdev = from->rdev,
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
            complain(from->entries[i].name,
                     fill->why ? fill->why : walk_strerror(err));
    }
    return err ? err : set_times(fill, from, &dir);
}

int
fill_tree(struct efs *fs, const struct tree *tree, uint32_t root)
{
    struct fill f = {.fs = fs, .tree = tree, .fd = -1};
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
