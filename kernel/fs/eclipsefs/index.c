#include "fs/eclipsefs/index.h"

#include "abi/errno.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/record_block.h"
#include "fs/eclipsefs/space.h"
#include "lib/bits.h"
#include "lib/string.h"

#define ENTRY_SIZE ((uint32_t)sizeof(struct efsx_index))

/* The magic of blocks at that distance from those with extents or names. */
static uint32_t
magic_at(const struct efs_node *node, unsigned above)
{
    if (above > 0)
        return EFSX_INDEX_MAGIC;
    return efs_node_is_dir(node) ? EFSX_LEAF_MAGIC : EFSX_EXTENT_MAGIC;
}

/* ---- Finding ---- */

int
efs_index_broken(struct efs *fs, const struct efs_node *node,
                 const struct efs_step *step, const char *what)
{
    uint64_t start = (uint64_t)step->block * ECLIPSEFS_BLOCK_SIZE;
    return efs_broken(fs, node->ino, step->block ? start : node->data, what);
}

uint32_t
efs_index_count(const void *entries, size_t size, uint32_t n, uint32_t key)
{
    uint32_t low = 0;

    while (low < n) {
        uint32_t middle = low + (n - low) / 2;
        if (le32_load((const uint8_t *)entries + middle * size) <= key)
            low = middle + 1;
        else
            n = middle;
    }
    return low;
}

/* Chooses the entry of the last step's index that leads to key, and narrows
 * the path's range to its. Only the entries beside it need be in order for
 * that: walks come to an end, whatever the others say. Returns whether they
 * are. */
static bool
choose(struct efs_path *path, uint32_t key)
{
    struct efs_step *step = &path->step[path->depth];
    const struct efsx_index *entry = (const void *)step->bytes;
    uint32_t count = step->used / ENTRY_SIZE;
    uint32_t end = MAX(efs_index_count(entry, ENTRY_SIZE, count, key), 1u);
    uint64_t first = le32_load(entry[end - 1].first);
    uint64_t low = end > 1 ? first : path->low;
    uint64_t high = end < count ? le32_load(entry[end].first) : path->high;
    bool good = (end > 1 ? low > path->low : first == 0) && low <= key &&
                key < high && high <= path->high;

    path->low = low;
    path->high = high;
    step->at = (end - 1) * ENTRY_SIZE;
    return good;
}

/* Goes from the last step, an index, to a block of that magic. */
static int
descend(struct efs *fs, const struct efs_node *node, struct efs_path *path,
        uint32_t magic, uint32_t key)
{
    struct efs_step *index = &path->step[path->depth], *step = index + 1;

    if (index->used == 0 || index->used % ENTRY_SIZE || !choose(path, key))
        return efs_index_broken(fs, node, index, "index out of order");
    const struct efsx_index *entry = (const void *)(index->bytes + index->at);
    uint32_t block = le32_load(entry->block);
    struct buf *buf;
    int err = efs_block_get(fs, block, magic, node->ino, &buf);
    if (err)
        return err;
    struct efsx_block *head = (void *)bcache_data(buf);
    *step = (struct efs_step){
        .buf = buf,
        .block = block,
        .bytes = (uint8_t *)(head + 1),
        .used = le32_load(head->used),
    };
    path->depth++;
    if (magic == EFSX_EXTENT_MAGIC)
        return 0;
    WRITE_ONCE(*bcache_checked(buf), true);
    return step->used
               ? 0
               : efs_index_broken(fs, node, step, "empty block of names");
}

int
efs_index_find(struct efs *fs, const struct efs_node *node, uint32_t key,
               struct efs_path *path)
{
    uint64_t offset = node->data % ECLIPSEFS_BLOCK_SIZE;
    uint32_t depth = node->layout == EFS_EXTENT_INDEX;
    struct efs_step *top = &path->step[0];

    *path = (struct efs_path){.high = 1ull << 32};
    if (node->data_len > ECLIPSEFS_BLOCK_SIZE - offset)
        return -EOPNOTSUPP;
    int err = efs_node_block(fs, node->ino, node->data, &top->buf);
    if (err)
        return err;
    top->bytes = bcache_data(top->buf) + offset;
    top->used = node->data_len;
    if (node->layout == EFS_HASH_INDEX) {
        depth = top->used >= EFS_DEPTH_SIZE ? le32_load(top->bytes) : 0;
        if (depth == 0 || depth > EFSX_HASH_DEPTH_MAX)
            err = efs_index_broken(fs, node, top, "index of a wrong depth");
        top->start = EFS_DEPTH_SIZE;
        top->bytes += EFS_DEPTH_SIZE;
        top->used -= EFS_DEPTH_SIZE;
    }
    while (!err && path->depth < depth)
        err = descend(fs, node, path, magic_at(node, depth - path->depth - 1),
                      key);
    if (err)
        efs_index_put(path);
    return err;
}

void
efs_index_put(struct efs_path *path)
{
    for (size_t i = 0; i < ARRAY_LEN(path->step); i++) {
        if (path->step[i].buf)
            bcache_put(path->step[i].buf);
        path->step[i].buf = NULL;
    }
}

/* ---- Changing a run ---- */

static bool
has_room(const struct efs_step *step, size_t size)
{
    return step->start + step->used + size <=
           (step->block ? EFSX_BLOCK_ROOM : EFS_VALUE_MAX);
}

/* Makes the bytes of a run writable, of which there are len then. */
static int
edit(struct efs *fs, struct efs_node *node, const struct efs_step *step,
     uint32_t len, uint8_t **bytes)
{
    if (!step->block) {
        int err = efs_node_write(fs, node, step->start + len, bytes);
        if (!err)
            *bytes += step->start;
        return err;
    }
    struct efsx_block *head =
        (void *)journal_edit(fs->journal, step->buf, efs_seal);
    if (!head)
        return -ENOMEM;
    le32_store(head->used, len);
    *bytes = (uint8_t *)(head + 1);
    return 0;
}

int
efs_index_splice(struct efs *fs, struct efs_node *node,
                 const struct efs_step *step, uint32_t at, uint32_t old,
                 uint32_t n, uint8_t **place)
{
    uint32_t used = step->used - old + n;
    uint8_t *bytes;

    if (used > step->used && !has_room(step, used - step->used))
        return 1;
    int err = edit(fs, node, step, MAX(used, step->used), &bytes);
    if (err)
        return err;
    memmove(bytes + at + n, bytes + at + old, step->used - at - old);
    if (used < step->used) {
        memset(bytes + used, 0, step->used - used);
        err = edit(fs, node, step, used, &bytes);
    }
    *place = bytes + at;
    return err;
}

int
efs_index_finish(struct efs *fs, struct efs_node *node, struct efs_path *path,
                 int err)
{
    efs_index_put(path);
    if (err || path->depth == 0)
        return err;
    return efs_node_write(fs, node, node->data_len, NULL);
}

/* ---- Splitting and dropping ---- */

static void
set_entry(uint8_t *bytes, uint32_t first, uint32_t block)
{
    struct efsx_index *entry = (void *)bytes;
    le32_store(entry->first, first);
    le32_store(entry->block, block);
}

/* Copies a run from byte `at` on to a new block. */
static int
copy_rest(struct efs *fs, const struct efs_node *node,
          const struct efs_step *step, uint32_t at, uint32_t magic,
          uint32_t *block)
{
    uint32_t near = (uint32_t)(node->data / ECLIPSEFS_BLOCK_SIZE);
    uint8_t *bytes;

    int err = efs_block_alloc(fs, near, false, efs_seal, block, &bytes);
    if (err)
        return err;
    struct efsx_block *head = (void *)bytes;
    le32_store(head->magic, magic);
    le32_store(head->owner, node->ino);
    le32_store(head->used, step->used - at);
    memcpy(head + 1, step->bytes + at, step->used - at);
    if (magic == EFSX_INDEX_MAGIC)
        le32_store(((struct efsx_index *)(void *)(head + 1))->first, 0);
    return 0;
}

/* Moves what stands in the record one level down. */
static int
deepen(struct efs *fs, struct efs_node *node, const struct efs_path *path)
{
    uint32_t start = efs_node_is_dir(node) ? EFS_DEPTH_SIZE : 0;
    uint8_t *value;
    uint32_t block;

    int err = copy_rest(fs, node, &path->step[0], 0,
                        magic_at(node, path->depth), &block);
    if (err)
        return err;
    node->layout = efs_node_is_dir(node) ? EFS_HASH_INDEX : EFS_EXTENT_INDEX;
    err = efs_node_write(fs, node, start + ENTRY_SIZE, &value);
    if (err)
        return err;
    if (start)
        le32_store(value, path->depth + 1);
    set_entry(value + start, 0, block);
    return 1;
}

/* Cuts the block of a level in two. The level above has room for its entry. */
static int
split(struct efs *fs, struct efs_node *node, const struct efs_path *path,
      unsigned level, uint32_t cut, uint32_t first)
{
    const struct efs_step *step = &path->step[level], *index = step - 1;
    uint32_t block;
    uint8_t *place;

    int err = copy_rest(fs, node, step, cut,
                        magic_at(node, path->depth - level), &block);
    if (!err)
        err =
            efs_index_splice(fs, node, step, cut, step->used - cut, 0, &place);
    if (!err)
        err = efs_index_splice(fs, node, index, index->at + ENTRY_SIZE, 0,
                               ENTRY_SIZE, &place);
    if (err)
        return err;
    set_entry(place, first, block);
    return 1;
}

/* Splits the lowest block on the way whose index has room, or adds a level. */
int
efs_index_make_room(struct efs *fs, struct efs_node *node,
                    const struct efs_path *path, uint32_t cut, uint32_t first)
{
    bool dir = efs_node_is_dir(node);
    unsigned level = path->depth;

    while (level > 0 && !has_room(&path->step[level - 1], ENTRY_SIZE))
        level--;
    if (level == 0 && path->depth < (dir ? EFSX_HASH_DEPTH_MAX : 1u))
        return deepen(fs, node, path);
    if (level == 0)
        return dir ? -ENOSPC : -EFBIG;
    if (level < path->depth) {
        const struct efs_step *step = &path->step[level];
        cut = step->used / 2 / ENTRY_SIZE * ENTRY_SIZE;
        first = le32_load(step->bytes + cut);
    }
    return cut ? split(fs, node, path, level, cut, first) : -ENOSPC;
}

int
efs_index_drop(struct efs *fs, struct efs_node *node,
               const struct efs_path *path)
{
    uint8_t *next;

    for (unsigned level = path->depth; level > 0; level--) {
        const struct efs_step *index = &path->step[level - 1];
        int err = efs_block_free(fs, path->step[level].block);
        if (err)
            return err;
        if (index->used == ENTRY_SIZE)
            continue;
        err =
            efs_index_splice(fs, node, index, index->at, ENTRY_SIZE, 0, &next);
        if (!err && index->at == 0)
            le32_store(((struct efsx_index *)(void *)next)->first, 0);
        return err;
    }
    node->layout = efs_node_is_dir(node) ? EFS_INLINE : EFS_EXTENTS;
    return efs_node_write(fs, node, 0, NULL);
}
