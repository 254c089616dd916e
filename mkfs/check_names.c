#include "check_impl.h"

#include "fs/bcache.h"
#include "fs/eclipsefs/dirtree.h"
#include "lib/bits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Entries ---- */

static int
add_entry(struct inode_info *dir, const struct efs_entry *entry)
{
    if ((dir->nentries & (dir->nentries - 1)) == 0) {
        size_t room = dir->nentries ? 2 * dir->nentries : 1;
        void *bigger = realloc(dir->entries, room * sizeof dir->entries[0]);
        if (!bigger)
            return -ENOMEM;
        dir->entries = bigger;
    }
    char *name = strndup(entry->name, entry->len);
    if (!name)
        return -ENOMEM;
    dir->entries[dir->nentries] = (struct found_entry){
        .name = name,
        .len = entry->len,
        .ino = entry->link.ino,
        .order = dir->nentries,
    };
    dir->nentries++;
    return 0;
}

/* Judges one entry by itself; one that may stay is kept for later. */
static int
check_entry(struct checker *c, uint32_t ino, const struct efs_entry *entry)
{
    struct inode_info *dir = &c->inodes[ino];
    uint32_t target = entry->link.ino;

    if (entry->hidden) {
        finding(c, "name", ino, 0, "a name of %u bytes no path can hold",
                entry->len);
        dir->rebuild = true;
        return 0;
    }
    if (target == 0 || target > c->fs.inode_count ||
        c->inodes[target].state != INODE_GOOD) {
        finding(c, "entry", ino, 0,
                "'%.*s' leads to inode %u, which is not there", (int)entry->len,
                entry->name, target);
        dir->rebuild = true;
        return 0;
    }
    return add_entry(dir, entry);
}

/* ---- Hash trees ---- */

/* What hashes, by their upper 32 bits, a block may hold: low .. high - 1. */
struct range {
    uint64_t low, high;
};

/* Whatever is wrong with a tree of names, what could be read of it makes a new
 * one. */
static void
tree_finding(struct checker *c, uint32_t ino, uint64_t block, const char *what)
{
    finding(c, "directory", ino, block, "%s", what);
    c->inodes[ino].rebuild = true;
}

/* Checks a run of entries in the order of their hashes, those of a leaf or of
 * an inline directory. What stands behind damage is lost. */
static int
check_run(struct checker *c, uint32_t ino, uint64_t block, const uint8_t *bytes,
          uint32_t used, struct range range)
{
    struct efs_entry entry;
    uint64_t before = 0;
    bool ordered = true;
    int err = 0;

    for (uint32_t at = 0; at < used && !err; at += 8 + entry.len) {
        const struct eclipsefs_dirent *head = (const void *)(bytes + at);
        const char *name = (const char *)(head + 1);
        entry.len =
            used - at < sizeof *head ? UINT32_MAX : le32_load(head->name_len);
        if (entry.len > ECLIPSEFS_NAME_MAX ||
            entry.len > used - at - sizeof *head) {
            tree_finding(c, ino, block, "names are damaged");
            return 0;
        }
        memcpy(entry.name, name, entry.len);
        entry.link.ino = le32_load(head->inode);
        entry.hidden = efs_name_is_hidden(name, entry.len);
        uint64_t hash = efs_name_hash(&c->fs, name, entry.len);
        ordered = ordered && hash >= before && hash >> 32 >= range.low &&
                  hash >> 32 < range.high;
        before = hash;
        err = check_entry(c, ino, &entry);
    }
    if (!ordered)
        tree_finding(c, ino, block, "names are not where their hashes say");
    return err;
}

static int check_index(struct checker *c, uint32_t ino, uint64_t block,
                       const uint8_t *bytes, uint32_t used, struct range range,
                       unsigned depth);

/* Checks and claims a block of a tree, and what is below it. */
static int
check_tree_block(struct checker *c, uint32_t ino, uint32_t block,
                 struct range range, unsigned depth)
{
    uint32_t magic = depth > 0 ? EFSX_INDEX_MAGIC : EFSX_LEAF_MAGIC;
    struct buf *buf;
    int err = -EUCLEAN;

    if (efs_has_blocks(&c->fs, block, 1))
        err = efs_block_get(&c->fs, block, magic, ino, &buf);
    if (err) {
        if (!is_fatal(err))
            tree_finding(c, ino, block, "a block of names is damaged");
        return is_fatal(err) ? err : 0;
    }
    const struct efsx_block *head = (const void *)bcache_data(buf);
    const uint8_t *bytes = (const uint8_t *)(head + 1);
    uint32_t used = le32_load(head->used);
    if (claim_blocks(c, ino, block, 1) == 0)
        tree_finding(c, ino, block, "two lead to one block of names");
    else if (depth > 0)
        err = check_index(c, ino, block, bytes, used, range, depth);
    else if (used == 0)
        tree_finding(c, ino, block, "a block of names is empty");
    else
        err = check_run(c, ino, block, bytes, used, range);
    bcache_put(buf);
    return err;
}

static int
check_index(struct checker *c, uint32_t ino, uint64_t block,
            const uint8_t *bytes, uint32_t used, struct range range,
            unsigned depth)
{
    const struct efsx_index *index = (const void *)bytes;
    uint32_t n = used / (uint32_t)sizeof *index;
    int err = 0;

    if (n == 0 || used % sizeof *index)
        tree_finding(c, ino, block, "an index of names has an odd size");
    for (uint32_t i = 0; i < n && !err; i++) {
        uint32_t first = le32_load(index[i].first);
        struct range below = range;
        if (i > 0)
            below.low = first;
        if (i + 1 < n)
            below.high = le32_load(index[i + 1].first);
        if ((i > 0 ? first <= range.low : first != 0) ||
            below.low >= below.high || below.high > range.high) {
            tree_finding(c, ino, block, "an index of names is out of order");
            below = range;
        }
        err = check_tree_block(c, ino, le32_load(index[i].block), below,
                               depth - 1);
    }
    return err;
}

/* Checks a directory of an extended image, whose entries or index stand in
 * its record. */
static int
check_ordered(struct checker *c, const struct efs_node *node)
{
    struct range all = {0, (uint64_t)UINT32_MAX + 1};
    uint64_t block = node->data / BLOCK_SIZE;
    struct buf *buf;

    int err = bcache_get(c->fs.dev, block, &buf);
    if (err)
        return err;
    const uint8_t *value = bcache_data(buf) + node->data % BLOCK_SIZE;
    uint32_t depth = 0, len = node->data_len;
    if (node->layout == EFS_HASH_INDEX && len >= EFS_DEPTH_SIZE)
        depth = le32_load(value);
    if (node->layout != EFS_HASH_INDEX)
        err = check_run(c, node->ino, block, value, len, all);
    else if (depth > 0 && depth <= EFSX_HASH_DEPTH_MAX)
        err = check_index(c, node->ino, block, value + EFS_DEPTH_SIZE,
                          len - EFS_DEPTH_SIZE, all, depth);
    else
        tree_finding(c, node->ino, block, "a tree of names has a wrong depth");
    bcache_put(buf);
    return err;
}

/* ---- Directories ---- */

/* Checks the list of a directory of a plain image, up to damage. */
static int
check_list(struct checker *c, const struct efs_node *node)
{
    struct efs_entry entry;
    struct efs_dir dir;
    int found, err = 0;

    listen_anew(c);
    efs_dir_open(&dir, &c->fs, node, 0);
    while (!err && (found = efs_dir_next(&dir, &entry)) > 0)
        err = check_entry(c, node->ino, &entry);
    efs_dir_close(&dir);
    if (err || found == 0)
        return err;
    if (is_fatal(found))
        return found;
    finding_said(c, "directory", node->ino, "its entries are damaged");
    c->inodes[node->ino].rebuild = true;
    return 0;
}

static int
compare_entries(const void *a, const void *b)
{
    const struct found_entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    if (order)
        return order;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Sorts entries by name, in which order their hashes are all over the place:
 * that makes a better tree if one must be built. Of equal names the first
 * counts. */
static void
check_duplicates(struct checker *c, uint32_t ino)
{
    struct inode_info *dir = &c->inodes[ino];

    if (dir->nentries > 0)
        qsort(dir->entries, dir->nentries, sizeof dir->entries[0],
              compare_entries);
    for (size_t i = 1; i < dir->nentries; i++) {
        struct found_entry *e = &dir->entries[i];
        if (strcmp(e[0].name, e[-1].name) != 0)
            continue;
        finding(c, "duplicate", ino, 0, "there is a second '%s', inode %u",
                e->name, e->ino);
        e->drop = dir->rebuild = true;
    }
}

static int
check_directory(struct checker *c, uint32_t ino)
{
    struct efs_node node;

    int err = efs_node_read(&c->fs, ino, &node);
    if (err)
        return err;
    c->inodes[ino].list = efs_dir_is_list(&c->fs, &node);
    err = c->inodes[ino].list ? check_list(c, &node) : check_ordered(c, &node);
    check_duplicates(c, ino);
    return err;
}

int
check_directories(struct checker *c)
{
    int err = 0;

    for (uint32_t i = 1; i <= c->fs.inode_count && !err; i++)
        if (c->inodes[i].state == INODE_GOOD &&
            c->inodes[i].type == ECLIPSEFS_DIRECTORY)
            err = check_directory(c, i);
    return err;
}

/* ---- Pass 4: the tree ---- */

/* Follows one entry of a directory that has been reached. Returns whether it
 * leads to a directory that has not been. */
static bool
follow_entry(struct checker *c, uint32_t ino, struct found_entry *entry)
{
    struct inode_info *dir = &c->inodes[ino], *target = &c->inodes[entry->ino];
    bool is_dir = target->type == ECLIPSEFS_DIRECTORY;

    if (entry->drop)
        return false;
    if (is_dir && (target->reached || entry->ino == ECLIPSEFS_ROOT_INO)) {
        finding(c, "cycle", ino, 0,
                "'%s' leads to directory %u, which has another parent",
                entry->name, entry->ino);
        entry->drop = dir->rebuild = true;
        return false;
    }
    target->names++;
    if (target->orphan && !target->reached) {
        finding(c, "orphan", entry->ino, 0,
                "it is to be freed, but has a name");
        target->orphan = false;
    }
    target->reached = true;
    dir->subdirs += is_dir;
    return is_dir;
}

/* Walks everything below root, itself reached. queue has room for all. */
static void
walk(struct checker *c, uint32_t root, uint32_t *queue)
{
    size_t head = 0, tail = 0;

    queue[tail++] = root;
    c->inodes[root].reached = true;
    while (head < tail) {
        uint32_t ino = queue[head++];
        struct inode_info *dir = &c->inodes[ino];
        for (size_t i = 0; i < dir->nentries; i++)
            if (follow_entry(c, ino, &dir->entries[i]))
                queue[tail++] = dir->entries[i].ino;
    }
}

static bool
is_lost(const struct inode_info *i)
{
    return i->state == INODE_GOOD && !i->reached && !i->orphan;
}

/* Notes what has lost its name: it is given one again, and what lies below it
 * comes back with it. */
static void
lose(struct checker *c, uint32_t ino, uint32_t *queue)
{
    struct inode_info *i = &c->inodes[ino];

    finding(c, "lost", ino, 0, "no name leads to it");
    i->lost = true;
    if (i->type == ECLIPSEFS_DIRECTORY)
        walk(c, ino, queue);
}

/* First the tops of lost trees, then what is only in a cycle, then files. */
static void
find_lost(struct checker *c, uint32_t *queue)
{
    uint32_t n = c->fs.inode_count;

    for (uint32_t ino = 1; ino <= n; ino++) {
        const struct inode_info *dir = &c->inodes[ino];
        for (size_t i = 0; is_lost(dir) && i < dir->nentries; i++)
            if (!dir->entries[i].drop && dir->entries[i].ino != ino)
                c->inodes[dir->entries[i].ino].below_lost = true;
    }
    for (uint32_t ino = 1; ino <= n; ino++)
        if (is_lost(&c->inodes[ino]) && !c->inodes[ino].below_lost &&
            c->inodes[ino].type == ECLIPSEFS_DIRECTORY)
            lose(c, ino, queue);
    for (uint32_t ino = 1; ino <= n; ino++)
        if (is_lost(&c->inodes[ino]) &&
            c->inodes[ino].type == ECLIPSEFS_DIRECTORY)
            lose(c, ino, queue);
    for (uint32_t ino = 1; ino <= n; ino++)
        if (is_lost(&c->inodes[ino]))
            lose(c, ino, queue);
}

int
check_tree(struct checker *c)
{
    struct inode_info *root = &c->inodes[ECLIPSEFS_ROOT_INO];
    uint32_t *queue = malloc(((size_t)c->fs.inode_count + 1) * sizeof *queue);

    if (!queue)
        return -ENOMEM;
    if (root->state != INODE_GOOD || root->type != ECLIPSEFS_DIRECTORY)
        finding(c, "root", ECLIPSEFS_ROOT_INO, 0, "there is no root directory");
    else
        walk(c, ECLIPSEFS_ROOT_INO, queue);
    find_lost(c, queue);
    free(queue);
    return 0;
}
