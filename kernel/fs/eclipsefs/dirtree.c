#include "fs/eclipsefs/dirtree.h"

#include "abi/errno.h"
#include "fs/eclipsefs/change.h"
#include "lib/bits.h"
#include "lib/string.h"

uint64_t
efs_name_hash(const struct efs *fs, const char *name, size_t len)
{
    uint64_t hash = EFSX_HASH_BASIS ^ le32_load(fs->ext.uuid);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)name[i]) * EFSX_HASH_PRIME;
    return (hash ^ hash >> 32) * EFSX_HASH_MIX;
}

/* ---- Finding names ---- */

static int
broken(struct efs *fs, const struct efs_node *dir, const struct efs_step *step,
       const char *what)
{
    uint64_t start = (uint64_t)step->block * ECLIPSEFS_BLOCK_SIZE;
    return efs_broken(fs, dir->ino, step->block ? start : dir->data, what);
}

/* Where a step's index entries begin. */
static uint32_t
index_start(const struct efs_step *step)
{
    return step->block ? 0 : EFS_DEPTH_SIZE;
}

/* Chooses the entry of the last step's index that leads to hashes with
 * `upper`, and narrows the path's range to its. Only the entries beside it
 * need be in order for that: walks come to an end, whatever the others say.
 * Returns whether they are. */
static bool
choose(struct efs_path *path, uint32_t upper)
{
    struct efs_step *step = &path->step[path->depth];
    uint32_t start = index_start(step);
    const struct efsx_index *entry = (const void *)(step->bytes + start);
    size_t at = 0, count = (step->used - start) / sizeof *entry, end = count;

    while (end - at > 1) {
        size_t middle = (at + end) / 2;
        if (le32_load(entry[middle].first) <= upper)
            at = middle;
        else
            end = middle;
    }
    uint64_t first = le32_load(entry[at].first);
    uint64_t low = at > 0 ? first : path->low;
    uint64_t high = end < count ? le32_load(entry[end].first) : path->high;
    bool good = (at > 0 ? low > path->low : first == 0) && low <= upper &&
                upper < high && high <= path->high;
    path->low = low;
    path->high = high;
    step->at = (uint32_t)(start + at * sizeof *entry);
    return good;
}

/* Goes from the last step, an index, to a block of that magic. */
static int
descend(struct efs *fs, const struct efs_node *dir, struct efs_path *path,
        uint32_t magic, uint32_t upper)
{
    struct efs_step *index = &path->step[path->depth], *step = index + 1;
    uint32_t start = index_start(index);

    if (index->used <= start ||
        (index->used - start) % sizeof(struct efsx_index) ||
        !choose(path, upper))
        return broken(fs, dir, index, "index of names is out of order");
    const struct efsx_index *entry = (const void *)(index->bytes + index->at);
    uint32_t block = le32_load(entry->block);
    struct buf *buf;
    int err = efs_block_get(fs, block, magic, dir->ino, &buf);
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
    return step->used ? 0 : broken(fs, dir, step, "empty block of names");
}

int
efs_dirtree_find(struct efs *fs, const struct efs_node *dir, uint32_t upper,
                 struct efs_path *path)
{
    uint64_t offset = dir->data % ECLIPSEFS_BLOCK_SIZE;
    struct efs_step *top = &path->step[0];
    uint32_t depth = 0;

    *path = (struct efs_path){.high = 1ULL << 32};
    if (dir->data_len > ECLIPSEFS_BLOCK_SIZE - offset)
        return -EOPNOTSUPP;
    int err = bcache_get(fs->dev, dir->data / ECLIPSEFS_BLOCK_SIZE, &top->buf);
    if (err)
        return err;
    top->bytes = bcache_data(top->buf) + offset;
    top->used = dir->data_len;
    if (dir->layout != EFS_INLINE) {
        depth = top->used >= EFS_DEPTH_SIZE ? le32_load(top->bytes) : 0;
        if (depth == 0 || depth > EFSX_HASH_DEPTH_MAX)
            err = broken(fs, dir, top, "index of names has a wrong depth");
    }
    for (uint32_t left = depth; left > 0 && !err; left--)
        err = descend(fs, dir, path,
                      left > 1 ? EFSX_INDEX_MAGIC : EFSX_LEAF_MAGIC, upper);
    if (err)
        efs_dirtree_put(path);
    return err;
}

void
efs_dirtree_put(struct efs_path *path)
{
    for (size_t i = 0; i < ARRAY_LEN(path->step); i++) {
        if (path->step[i].buf)
            bcache_put(path->step[i].buf);
        path->step[i].buf = NULL;
    }
}

/* Reads the name at name->next, but for its hash. */
static int
read_name(struct efs *fs, const struct efs_node *dir,
          const struct efs_path *path, struct efs_name *name)
{
    const struct efs_step *step = &path->step[path->depth];
    const struct eclipsefs_dirent *head;
    uint32_t left = step->used - name->next;

    if (left == 0)
        return 0;
    head = (const void *)(step->bytes + name->next);
    name->len = left >= sizeof *head ? le32_load(head->name_len) : 0;
    if (name->len == 0 || name->len > ECLIPSEFS_NAME_MAX ||
        name->len > left - sizeof *head)
        return broken(fs, dir, step, "name has a wrong length");
    name->ino = le32_load(head->inode);
    name->text = (const char *)(head + 1);
    name->at = name->next;
    name->next += (uint32_t)sizeof *head + name->len;
    return 1;
}

int
efs_dirtree_next(struct efs *fs, const struct efs_node *dir,
                 const struct efs_path *path, struct efs_name *name)
{
    uint64_t last = name->hash;
    int found = read_name(fs, dir, path, name);

    if (found <= 0)
        return found;
    name->hash = efs_name_hash(fs, name->text, name->len);
    if (name->hash < last || name->hash >> 32 < path->low ||
        name->hash >> 32 >= path->high)
        return broken(fs, dir, &path->step[path->depth],
                      "name is not where its hash belongs");
    return 1;
}

int
efs_dirtree_lookup(struct efs *fs, const struct efs_node *dir, const char *name,
                   size_t len, struct efs_path *path, uint32_t *ino)
{
    uint32_t upper = (uint32_t)(efs_name_hash(fs, name, len) >> 32);
    struct efs_name each = {0};
    int found;

    int err = efs_dirtree_find(fs, dir, upper, path);
    if (err)
        return err;
    while ((found = read_name(fs, dir, path, &each)) > 0) {
        if (each.len != len || memcmp(each.text, name, len) != 0)
            continue;
        path->step[path->depth].at = each.at;
        *ino = each.ino;
        return 0;
    }
    efs_dirtree_put(path);
    return found < 0 ? found : -ENOENT;
}
