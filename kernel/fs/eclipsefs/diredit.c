#include "fs/eclipsefs/diredit.h"

#include "abi/errno.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/dirtree.h"
#include "fs/eclipsefs/space.h"
#include "lib/bits.h"
#include "lib/string.h"

#define ENTRY_SIZE     ((uint32_t)sizeof(struct efsx_index))
#define NAME_SIZE(len) ((uint32_t)(sizeof(struct eclipsefs_dirent) + (len)))

/* ---- Runs of names and of index entries ---- */

static bool
has_room(const struct efs_step *step, size_t size)
{
    return step->used + size <= (step->block ? EFSX_BLOCK_ROOM : EFS_VALUE_MAX);
}

/* Makes the bytes of a run writable; in the record there are len then. */
static int
edit(struct efs *fs, struct efs_node *dir, const struct efs_step *step,
     uint32_t len, uint8_t **bytes)
{
    if (!step->block)
        return efs_node_write(fs, dir, len, bytes);
    struct efsx_block *head =
        (void *)journal_edit(fs->journal, step->buf, efs_seal);
    if (!head)
        return -ENOMEM;
    le32_store(head->used, len);
    *bytes = (uint8_t *)(head + 1);
    return 0;
}

/* Opens a gap of n bytes at byte `at` of a run that has room, and gives it. */
static int
open_gap(struct efs *fs, struct efs_node *dir, const struct efs_step *step,
         uint32_t at, uint32_t n, uint8_t **gap)
{
    int err = edit(fs, dir, step, step->used + n, gap);
    if (err)
        return err;
    *gap += at;
    memmove(*gap + n, *gap, step->used - at);
    return 0;
}

/* Takes n bytes at byte `at` out of a run, and gives what is there then. */
static int
close_gap(struct efs *fs, struct efs_node *dir, const struct efs_step *step,
          uint32_t at, uint32_t n, uint8_t **rest)
{
    uint32_t left = step->used - n;
    uint8_t *bytes;

    int err = edit(fs, dir, step, step->used, &bytes);
    if (err)
        return err;
    memmove(bytes + at, bytes + at + n, left - at);
    memset(bytes + left, 0, n);
    err = edit(fs, dir, step, left, &bytes);
    *rest = bytes + at;
    return err;
}

/* Copies a run from byte `at` on to a new block. */
static int
copy_rest(struct efs *fs, const struct efs_node *dir,
          const struct efs_step *step, uint32_t at, uint32_t magic,
          uint32_t *block)
{
    uint32_t near = (uint32_t)(dir->data / ECLIPSEFS_BLOCK_SIZE);
    struct buf *buf;

    int err = efs_block_alloc(fs, near, false, efs_seal, block, &buf);
    if (err)
        return err;
    struct efsx_block *head = (void *)bcache_data(buf);
    le32_store(head->magic, magic);
    le32_store(head->owner, dir->ino);
    le32_store(head->used, step->used - at);
    memcpy(head + 1, step->bytes + at, step->used - at);
    if (magic == EFSX_INDEX_MAGIC)
        le32_store(((struct efsx_index *)(void *)(head + 1))->first, 0);
    bcache_put(buf);
    return 0;
}

static void
set_index(uint8_t *bytes, uint32_t first, uint32_t block)
{
    struct efsx_index *entry = (void *)bytes;
    le32_store(entry->first, first);
    le32_store(entry->block, block);
}

/* Ends a change of what path leads to: the record is written too. */
static int
finish(struct efs *fs, struct efs_node *dir, struct efs_path *path, int err)
{
    efs_dirtree_put(path);
    if (err || path->depth == 0)
        return err;
    return efs_node_write(fs, dir, dir->data_len, NULL);
}

/* ---- Adding names ---- */

/* Moves what stands in the record one level down. */
static int
deepen(struct efs *fs, struct efs_node *dir, const struct efs_path *path)
{
    uint32_t magic = path->depth ? EFSX_INDEX_MAGIC : EFSX_LEAF_MAGIC;
    uint8_t *value;
    uint32_t block;

    int err = copy_rest(fs, dir, &path->step[0],
                        path->depth ? EFS_DEPTH_SIZE : 0, magic, &block);
    if (err)
        return err;
    dir->layout = EFS_HASH_INDEX;
    err = efs_node_write(fs, dir, EFS_DEPTH_SIZE + ENTRY_SIZE, &value);
    if (err)
        return err;
    le32_store(value, path->depth + 1);
    set_index(value + EFS_DEPTH_SIZE, 0, block);
    return 0;
}

/* Finds where to cut a leaf in two: between different upper halves of
 * hashes, as near to the middle as can be. *first is the one after it. */
static int
find_cut(struct efs *fs, const struct efs_node *dir,
         const struct efs_path *path, uint32_t *cut, uint32_t *first)
{
    uint32_t middle = path->step[path->depth].used / 2, best = middle;
    struct efs_name name = {0};
    uint64_t last = 0;
    int found;

    while ((found = efs_dirtree_next(fs, dir, path, &name)) > 0) {
        uint32_t off = MAX(name.at, middle) - MIN(name.at, middle);
        uint64_t upper = name.hash >> 32;
        if (name.at > 0 && upper != last && off < best) {
            best = off;
            *cut = name.at;
            *first = (uint32_t)upper;
        }
        last = upper;
    }
    if (found < 0)
        return found;
    return best < middle ? 0 : -ENOSPC;
}

/* Cuts a step's block in two: what begins at cut, for hashes from first on,
 * moves to a block of its own. The step before has room for its entry. */
static int
split(struct efs *fs, struct efs_node *dir, const struct efs_step *step,
      uint32_t magic, uint32_t cut, uint32_t first)
{
    const struct efs_step *index = step - 1;
    uint32_t block;
    uint8_t *gap;

    int err = copy_rest(fs, dir, step, cut, magic, &block);
    if (!err)
        err = close_gap(fs, dir, step, cut, step->used - cut, &gap);
    if (!err)
        err =
            open_gap(fs, dir, index, index->at + ENTRY_SIZE, ENTRY_SIZE, &gap);
    if (!err)
        set_index(gap, first, block);
    return err;
}

/* Makes room for a name in a full leaf, or a step towards it: splits the
 * lowest block on the way whose index has room, or adds a level. */
static int
make_dir_room(struct efs *fs, struct efs_node *dir, const struct efs_path *path)
{
    unsigned level = path->depth;
    uint32_t cut = 0, first = 0;

    while (level > 0 && !has_room(&path->step[level - 1], ENTRY_SIZE))
        level--;
    if (level == 0 && path->depth == EFSX_HASH_DEPTH_MAX)
        return -ENOSPC;
    if (level == 0)
        return deepen(fs, dir, path);
    const struct efs_step *step = &path->step[level];
    if (level == path->depth) {
        int err = find_cut(fs, dir, path, &cut, &first);
        return err ? err : split(fs, dir, step, EFSX_LEAF_MAGIC, cut, first);
    }
    cut = step->used / 2 / ENTRY_SIZE * ENTRY_SIZE;
    const struct efsx_index *middle = (const void *)(step->bytes + cut);
    return split(fs, dir, step, EFSX_INDEX_MAGIC, cut,
                 le32_load(middle->first));
}

/* Puts a name into a run that has room for it. */
static int
put_name(struct efs *fs, struct efs_node *dir, const struct efs_path *path,
         const struct efs_name *name)
{
    struct efs_name each = {0};
    uint8_t *gap;
    int found;

    do
        found = efs_dirtree_next(fs, dir, path, &each);
    while (found > 0 && each.hash <= name->hash);
    if (found < 0)
        return found;
    int err = open_gap(fs, dir, &path->step[path->depth],
                       found ? each.at : each.next, NAME_SIZE(name->len), &gap);
    if (err)
        return err;
    struct eclipsefs_dirent *head = (void *)gap;
    le32_store(head->name_len, name->len);
    le32_store(head->inode, name->ino);
    memcpy(head + 1, name->text, name->len);
    return 0;
}

int
efs_dir_add(struct efs *fs, struct efs_node *dir, const char *name, size_t len,
            uint32_t ino)
{
    struct efs_name what = {.text = name, .len = (uint32_t)len, .ino = ino};
    struct efs_path path;
    int err;

    what.hash = efs_name_hash(fs, name, len);
    for (;;) {
        err = efs_dirtree_find(fs, dir, (uint32_t)(what.hash >> 32), &path);
        if (err)
            return err;
        if (has_room(&path.step[path.depth], NAME_SIZE(len)))
            break;
        err = make_dir_room(fs, dir, &path);
        efs_dirtree_put(&path);
        if (err)
            return err;
    }
    return finish(fs, dir, &path, put_name(fs, dir, &path, &what));
}

/* ---- Taking names away ---- */

/* Takes away the leaf, and each block that leads to nothing else. The hashes
 * are the left neighbour's then, or, if there is none, the right one's. */
static int
drop_leaf(struct efs *fs, struct efs_node *dir, const struct efs_path *path)
{
    uint8_t *next;

    for (unsigned level = path->depth; level > 0; level--) {
        const struct efs_step *index = &path->step[level - 1];
        uint32_t start = index->block ? 0 : EFS_DEPTH_SIZE;
        int err = efs_block_free(fs, path->step[level].block);
        if (err)
            return err;
        if (index->used == start + ENTRY_SIZE)
            continue;
        err = close_gap(fs, dir, index, index->at, ENTRY_SIZE, &next);
        if (!err && index->at == start)
            le32_store(((struct efsx_index *)(void *)next)->first, 0);
        return err;
    }
    dir->layout = EFS_INLINE;
    return efs_node_write(fs, dir, 0, NULL);
}

int
efs_dir_remove(struct efs *fs, struct efs_node *dir, const char *name,
               size_t len)
{
    struct efs_path path;
    uint8_t *rest;
    uint32_t ino;

    int err = efs_dirtree_lookup(fs, dir, name, len, &path, &ino);
    if (err)
        return err;
    const struct efs_step *step = &path.step[path.depth];
    if (path.depth > 0 && step->used == NAME_SIZE(len))
        err = drop_leaf(fs, dir, &path);
    else
        err = close_gap(fs, dir, step, step->at, NAME_SIZE(len), &rest);
    return finish(fs, dir, &path, err);
}

int
efs_dir_set(struct efs *fs, struct efs_node *dir, const char *name, size_t len,
            uint32_t ino)
{
    struct efs_path path;
    uint8_t *bytes;
    uint32_t old;

    int err = efs_dirtree_lookup(fs, dir, name, len, &path, &old);
    if (err)
        return err;
    const struct efs_step *step = &path.step[path.depth];
    err = edit(fs, dir, step, step->used, &bytes);
    if (!err)
        le32_store(
            ((struct eclipsefs_dirent *)(void *)(bytes + step->at))->inode,
            ino);
    return finish(fs, dir, &path, err);
}
