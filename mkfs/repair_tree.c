/* Mending an extended image, second half: by the file system's own changes. */
#include "check_impl.h"

#include "abi/mode.h"
#include "fs/bcache.h"
#include "fs/eclipsefs/dirtree.h"
#include "fs/eclipsefs/names.h"
#include "fs/eclipsefs/record_block.h"
#include "fs/eclipsefs/space.h"
#include "lib/bits.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOST_FOUND "lost+found"
#define TRIES      100u /* names that may all be taken */

/* Does fn to node in a change of its own. */
static int
change_node(struct checker *c, struct efs_node *node,
            int (*fn)(struct checker *c, struct efs_node *node))
{
    int err = efs_begin(&c->fs);
    return err ? err : efs_end(&c->fs, fn(c, node));
}

/* ---- Files ---- */

/* Whether an extent, cut to what comes before cut_at, still has blocks. */
static bool
keep_extent(struct efsx_extent *extent, uint64_t cut_at)
{
    uint32_t logical = le32_load(extent->logical);
    uint32_t count = le32_load(extent->count);

    if (logical >= cut_at)
        return false;
    le32_store(extent->count, (uint32_t)MIN(count, cut_at - logical));
    return true;
}

/* Keeps the extents of a run up to where they are wrong. Returns how many
 * bytes of them are left. */
static uint32_t
cut_run(uint8_t *bytes, uint32_t used, uint64_t cut_at)
{
    struct efsx_extent *extent = (void *)bytes;
    uint32_t n = used / (uint32_t)sizeof *extent, kept = 0;
    uint64_t logical = 0;

    while (kept < n && le32_load(extent[kept].logical) >= logical &&
           le32_load(extent[kept].count) > 0 &&
           keep_extent(&extent[kept], cut_at)) {
        logical = (uint64_t)le32_load(extent[kept].logical) +
                  le32_load(extent[kept].count);
        kept++;
    }
    return kept * (uint32_t)sizeof *extent;
}

/* Cuts the last of an index's blocks that is kept. */
static int
cut_index(struct checker *c, const struct efs_node *node, uint8_t *bytes,
          uint32_t *len)
{
    const struct inode_info *inode = &c->inodes[node->ino];
    const struct efsx_index *index = (const void *)bytes;
    uint32_t kept = inode->cut_entries;
    struct buf *buf;

    *len = kept * (uint32_t)sizeof *index;
    if (kept == 0)
        return 0;
    int err = efs_block_get(&c->fs, le32_load(index[kept - 1].block),
                            EFSX_EXTENT_MAGIC, node->ino, &buf);
    if (err)
        return err;
    uint8_t *block = journal_edit(c->fs.journal, buf, efs_seal);
    if (block) {
        struct efsx_block *head = (void *)block;
        le32_store(head->used, cut_run(block + sizeof *head,
                                       le32_load(head->used), inode->cut_at));
    }
    bcache_put(buf);
    return block ? 0 : -ENOMEM;
}

/* Cuts a file where its extents are wrong. */
static int
cut_file(struct checker *c, struct efs_node *node)
{
    uint64_t cut_at = c->inodes[node->ino].cut_at;
    uint32_t len = node->data_len;
    uint8_t *value;

    int err = efs_node_write(&c->fs, node, len, &value);
    if (!err && node->layout == EFS_EXTENTS)
        len = cut_run(value, len, cut_at);
    else if (!err)
        err = cut_index(c, node, value, &len);
    if (err)
        return err;
    node->size = MIN(node->size, cut_at * BLOCK_SIZE);
    if (len == 0)
        node->layout = node->size > 0 ? EFS_EXTENTS : EFS_INLINE;
    return efs_node_write(&c->fs, node, len, NULL);
}

/* Gives back what a file has past its end. */
static int
cut_tail(struct checker *c, struct efs_node *node)
{
    uint64_t blocks = (node->size + BLOCK_SIZE - 1) / BLOCK_SIZE;
    int more = 1;

    while (more > 0) {
        int err = efs_begin(&c->fs);
        if (err)
            return err;
        more = efs_extent_truncate(&c->fs, node, blocks);
        err = efs_end(&c->fs, MIN(more, 0));
        if (err)
            return err;
    }
    return 0;
}

/* ---- Directories ---- */

static int
empty_directory(struct checker *c, struct efs_node *node)
{
    node->layout = EFS_INLINE;
    node->size = 0;
    return efs_node_write(&c->fs, node, 0, NULL);
}

static int
try_insert(struct checker *c, struct efs_node *dir, const char *name,
           uint32_t ino)
{
    struct efs_node before = *dir;

    int err = efs_begin(&c->fs);
    if (err)
        return err;
    err = efs_end(&c->fs, efs_dir_add(&c->fs, dir, name, strlen(name), ino));
    if (err)
        *dir = before;
    return err;
}

/* What was freed a moment ago may be all there is. */
static int
insert(struct checker *c, struct efs_node *dir, const char *name, uint32_t ino)
{
    int err = try_insert(c, dir, name, ino);

    if (err != -ENOSPC)
        return err;
    err = efs_commit(&c->fs);
    return err ? err : try_insert(c, dir, name, ino);
}

static int
rebuild_directory(struct checker *c, struct efs_node *node)
{
    const struct inode_info *dir = &c->inodes[node->ino];

    int err = change_node(c, node, empty_directory);
    for (size_t i = 0; i < dir->nentries && !err; i++)
        if (!dir->entries[i].drop)
            err = insert(c, node, dir->entries[i].name, dir->entries[i].ino);
    return err;
}

/* ---- What has lost its name ---- */

static int
make_lost_found(struct checker *c, struct efs_node *root, const char *name,
                struct efs_node *found)
{
    struct efs_new new = {.mode = S_IFDIR | 0700, .now = (uint64_t)time(NULL)};

    int err = efs_begin(&c->fs);
    if (err)
        return err;
    err = efs_create(&c->fs, root, name, strlen(name), &new, found);
    err = efs_end(&c->fs, err);
    if (err)
        return err;
    c->inodes[found->ino] = (struct inode_info){
        .state = INODE_GOOD, .type = ECLIPSEFS_DIRECTORY, .names = 1};
    c->inodes[ECLIPSEFS_ROOT_INO].subdirs++;
    return 0;
}

/* Finds /lost+found, or makes it; if something else has that name, under
 * another. */
static int
open_lost_found(struct checker *c, struct efs_node *found)
{
    char name[32] = LOST_FOUND;
    struct efs_node root;
    struct efs_link link;

    int err = efs_node_read(&c->fs, ECLIPSEFS_ROOT_INO, &root);
    for (unsigned i = 1; i < TRIES && !err; i++) {
        err = efs_dir_lookup(&c->fs, &root, name, strlen(name), &link);
        if (err == -ENOENT)
            return make_lost_found(c, &root, name, found);
        if (!err)
            err = efs_node_read(&c->fs, link.ino, found);
        if (!err && found->type == ECLIPSEFS_DIRECTORY)
            return 0;
        snprintf(name, sizeof name, LOST_FOUND ".%u", i);
    }
    return err ? err : -EEXIST;
}

static int
name_inode(struct checker *c, struct efs_node *found, uint32_t ino)
{
    struct efs_link link;
    char name[32];
    int err = 0;

    snprintf(name, sizeof name, "#%u", ino);
    for (unsigned i = 1; i < TRIES && !err; i++) {
        err = efs_dir_lookup(&c->fs, found, name, strlen(name), &link);
        if (err == -ENOENT)
            return insert(c, found, name, ino);
        snprintf(name, sizeof name, "#%u.%u", ino, i);
    }
    return err ? err : -EEXIST;
}

static int
name_lost(struct checker *c)
{
    struct efs_node found = {0};
    int err = 0;

    for (uint32_t ino = 1; ino <= c->fs.inode_count && !err; ino++) {
        struct inode_info *inode = &c->inodes[ino];
        if (!inode->lost || inode->state != INODE_GOOD)
            continue;
        if (found.ino == 0)
            err = open_lost_found(c, &found);
        if (!err)
            err = name_inode(c, &found, ino);
        if (err)
            break;
        inode->names++;
        if (inode->type == ECLIPSEFS_DIRECTORY)
            c->inodes[found.ino].subdirs++;
    }
    return err;
}

/* ---- Attributes ---- */

static int
write_attributes(struct checker *c, struct efs_node *node)
{
    return efs_node_write(&c->fs, node, node->data_len, NULL);
}

static int
mend_attributes(struct checker *c, uint32_t ino)
{
    const struct inode_info *inode = &c->inodes[ino];
    bool is_dir = inode->type == ECLIPSEFS_DIRECTORY;
    uint32_t links = is_dir ? 2 + inode->subdirs : inode->names;
    struct efs_node node;

    int err = efs_node_read(&c->fs, ino, &node);
    if (err)
        return err;
    uint64_t size = is_dir ? 0 : efs_node_length(&node);
    if (node.nlink == links && node.size == size)
        return 0;
    node.nlink = links;
    node.size = size;
    return change_node(c, &node, write_attributes);
}

/* ---- All of it ---- */

static int
mend_inode(struct checker *c, uint32_t ino)
{
    const struct inode_info *inode = &c->inodes[ino];
    struct efs_node node;

    if (inode->state != INODE_GOOD || inode->orphan ||
        !(inode->cut || inode->tail || inode->rebuild))
        return 0;
    int err = read_file_node(c, ino, &node);
    if (!err && inode->cut)
        err = change_node(c, &node, cut_file);
    if (!err && inode->tail)
        err = cut_tail(c, &node);
    if (!err && inode->rebuild)
        err = rebuild_directory(c, &node);
    return err;
}

/* What there is no room for is left: the rest can be mended. */
static int
go_on(int err, int *full)
{
    if (err != -ENOSPC)
        return err;
    *full = err;
    return 0;
}

int
repair_tree(struct checker *c)
{
    int err = 0, full = 0;

    for (uint32_t i = 1; i <= c->fs.inode_count && !err; i++)
        err = go_on(mend_inode(c, i), &full);
    if (!err)
        err = go_on(name_lost(c), &full);
    for (uint32_t i = 1; i <= c->fs.inode_count && !err; i++) {
        const struct inode_info *inode = &c->inodes[i];
        if (inode->state == INODE_GOOD && !inode->orphan &&
            (inode->names > 0 || !inode->lost))
            err = mend_attributes(c, i);
    }
    return err ? err : full;
}
