#include "fs/eclipsefs/extent.h"

#include "abi/errno.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/index.h"
#include "fs/eclipsefs/record_block.h"
#include "lib/bits.h"

#define EXTENT_SIZE ((uint32_t)sizeof(struct efsx_extent))

/* What one truncation may touch besides the record and one block of extents:
 * blocks of the bitmap, and blocks of extents that become free. The rest is
 * for whoever goes on within the same change. */
#define TRUNCATE_CREDITS 24u

struct extent {
    uint64_t logical, count, physical;
};

static struct extent
get_extent(const struct efs_step *list, uint32_t i)
{
    const struct efsx_extent *at = (const void *)list->bytes;

    return (struct extent){le32_load(at[i].logical), le32_load(at[i].count),
                           le32_load(at[i].physical)};
}

static void
put_extent(uint8_t *place, struct extent e)
{
    struct efsx_extent *at = (void *)place;

    le32_store(at->logical, (uint32_t)e.logical);
    le32_store(at->count, (uint32_t)e.count);
    le32_store(at->physical, (uint32_t)e.physical);
}

/* ---- Finding ---- */

/* Whether a list's extents are sorted, disjoint, and on the image. */
static bool
list_is_sound(const struct efs *fs, const struct efs_path *path)
{
    const struct efs_step *list = &path->step[path->depth];
    uint64_t from = path->low;

    if (list->used % EXTENT_SIZE)
        return false;
    for (uint32_t i = 0; i < list->used / EXTENT_SIZE; i++) {
        struct extent e = get_extent(list, i);
        if (e.logical < from || e.logical + e.count > path->high ||
            !efs_has_blocks(fs, e.physical, e.count))
            return false;
        from = e.logical + e.count;
    }
    return true;
}

/* Goes to the list in which logical is, if the file has it. A block's extents
 * are looked at once, when it has come from the disk; a record's are when it
 * is read. */
static int
find_list(struct efs *fs, const struct efs_node *node, uint64_t logical,
          struct efs_path *path)
{
    *path = (struct efs_path){.high = EFS_BLOCKS_MAX};
    if (node->layout == EFS_INLINE)
        return 0;
    int err = efs_index_find(fs, node, (uint32_t)logical, path);
    if (err)
        return err;
    const struct efs_step *list = &path->step[path->depth];
    bool *checked = bcache_checked(list->buf);
    if (!READ_ONCE(*checked) && !list_is_sound(fs, path)) {
        efs_index_put(path);
        return efs_index_broken(fs, node, list, "extents in disorder");
    }
    WRITE_ONCE(*checked, true);
    return 0;
}

int
efs_extent_check(struct efs *fs, const struct efs_node *node)
{
    uint32_t len = node->data_len;
    bool sound = len > 0 && len % sizeof(struct efsx_index) == 0;
    struct efs_path path;

    if (node->layout == EFS_EXTENTS) {
        int err = find_list(fs, node, 0, &path);
        if (err)
            return err;
        sound = list_is_sound(fs, &path);
        efs_index_put(&path);
    }
    if (sound && node->size <= EFS_BLOCKS_MAX * BLOCK_SIZE)
        return 0;
    return efs_broken(fs, node->ino, node->data, "wrong extents");
}

/* A block's neighbours in a list: the extent that begins with it or before
 * it, and the next one; without them, an empty one at the list's end. */
struct spot {
    uint32_t next; /* the next one's place */
    struct extent before, after;
};

static struct spot
find_spot(const struct efs_path *path, uint64_t logical)
{
    const struct efs_step *list = &path->step[path->depth];
    uint32_t n = list->used / EXTENT_SIZE;
    struct spot spot = {.after = {.logical = path->high}};

    spot.next = efs_index_count(list->bytes, EXTENT_SIZE, n, (uint32_t)logical);
    if (spot.next > 0)
        spot.before = get_extent(list, spot.next - 1);
    if (spot.next < n)
        spot.after = get_extent(list, spot.next);
    return spot;
}

int
efs_extent_find(struct efs *fs, const struct efs_node *node, uint32_t logical,
                struct efs_map *map)
{
    struct efs_path path;

    int err = find_list(fs, node, logical, &path);
    if (err)
        return err;
    struct spot spot = find_spot(&path, logical);
    struct extent e = spot.before;
    uint64_t into = logical - e.logical, hole = spot.after.logical - logical;
    if (into < e.count)
        *map = (struct efs_map){(uint32_t)(e.physical + into),
                                (uint32_t)(e.count - into)};
    else
        *map = (struct efs_map){0, (uint32_t)MIN(hole, UINT32_MAX)};
    efs_index_put(&path);
    return 0;
}

int
efs_extent_count(struct efs *fs, const struct efs_node *node, uint64_t *count)
{
    struct efs_path path;

    *count = 0;
    for (uint64_t logical = 0; logical < EFS_BLOCKS_MAX; logical = path.high) {
        int err = find_list(fs, node, logical, &path);
        if (err)
            return err;
        const struct efs_step *list = &path.step[path.depth];
        for (uint32_t i = 0; i < list->used / EXTENT_SIZE; i++)
            *count += get_extent(list, i).count;
        *count += path.depth;
        efs_index_put(&path);
    }
    return 0;
}

/* ---- Inserting ---- */

static bool
joins(struct extent a, struct extent b)
{
    return a.logical + a.count == b.logical &&
           a.physical + a.count == b.physical;
}

/* Puts e into a list, in place of neighbours that it continues. Returns as
 * efs_index_splice. */
static int
put_part(struct efs *fs, struct efs_node *node, const struct efs_path *path,
         struct extent e)
{
    struct spot spot = find_spot(path, e.logical);
    uint32_t at = spot.next, old = 0;
    uint8_t *place;

    if (spot.before.logical + spot.before.count > e.logical ||
        e.logical + e.count > spot.after.logical)
        return efs_broken(fs, node->ino, node->data, "block in two places");
    if (joins(e, spot.after)) {
        e.count += spot.after.count;
        old++;
    }
    if (joins(spot.before, e)) {
        spot.before.count += e.count;
        e = spot.before;
        at--;
        old++;
    }
    int err =
        efs_index_splice(fs, node, &path->step[path->depth], at * EXTENT_SIZE,
                         old * EXTENT_SIZE, EXTENT_SIZE, &place);
    if (!err)
        put_extent(place, e);
    return err;
}

/* Makes room for an extent that begins with logical: half of a full block's
 * move to another. But if it goes behind all others a block of its own begins,
 * for more are likely to follow, and full ones to stay. */
static int
make_list_room(struct efs *fs, struct efs_node *node,
               const struct efs_path *path, uint64_t logical)
{
    const struct efs_step *list = &path->step[path->depth];
    uint32_t n = list->used / EXTENT_SIZE, half = n / 2;
    uint64_t first = get_extent(list, half).logical;

    if (get_extent(list, n - 1).logical < logical) {
        half = n;
        first = logical;
    }
    return efs_index_make_room(fs, node, path, half * EXTENT_SIZE,
                               (uint32_t)first);
}

/* Inserts the part of *rest that belongs into one list, and takes it off; or
 * makes room for it, and returns 1. */
static int
insert_part(struct efs *fs, struct efs_node *node, struct extent *rest)
{
    struct extent part = *rest;
    struct efs_path path;

    int err = find_list(fs, node, rest->logical, &path);
    if (err)
        return err;
    part.count = MIN(part.count, path.high - part.logical);
    err = put_part(fs, node, &path, part);
    if (err > 0)
        err = make_list_room(fs, node, &path, part.logical);
    err = efs_index_finish(fs, node, &path, err);
    if (err)
        return err;
    rest->logical += part.count;
    rest->physical += part.count;
    rest->count -= part.count;
    return 0;
}

int
efs_extent_insert(struct efs *fs, struct efs_node *node, uint32_t logical,
                  struct efs_run run)
{
    struct extent rest = {logical, run.count, run.start};
    int err = 0;

    if (node->layout == EFS_INLINE) {
        node->layout = EFS_EXTENTS;
        err = efs_node_write(fs, node, 0, NULL);
    }
    while (err >= 0 && rest.count > 0)
        err = insert_part(fs, node, &rest);
    return err;
}

/* ---- Truncating ---- */

struct trim {
    uint64_t blocks;  /* stay */
    uint64_t bitmap;  /* the block of the bitmap that was touched last */
    uint32_t credits; /* blocks that may still be touched */
};

/* Frees the end of *e, as far as it must go. Returns 0, or 1 if the credits
 * did not suffice. */
static int
trim_extent(struct efs *fs, struct trim *trim, struct extent *e)
{
    uint64_t kept = MAX(trim->blocks, e->logical) - e->logical;

    while (e->count > kept) {
        uint64_t end = e->physical + e->count;
        uint64_t bitmap = (end - 1) / EFSX_BITMAP_BITS;
        uint64_t start = MAX(e->physical + kept, bitmap * EFSX_BITMAP_BITS);
        if (bitmap != trim->bitmap) {
            if (trim->credits == 0)
                return 1;
            trim->credits--;
            trim->bitmap = bitmap;
        }
        int err = efs_run_free(
            fs, (struct efs_run){(uint32_t)start, (uint32_t)(end - start)});
        if (err)
            return err;
        e->count = start - e->physical;
    }
    return 0;
}

/* Takes extents off the end of the last list, and away an empty block.
 * Returns as trim_extent. */
static int
trim_list(struct efs *fs, struct efs_node *node, struct trim *trim,
          const struct efs_path *path)
{
    const struct efs_step *list = &path->step[path->depth];
    uint32_t used = list->used;
    struct extent last = {0};
    uint8_t *end;
    int more = 0;

    while (used > 0 && last.count == 0 && more == 0) {
        used -= EXTENT_SIZE;
        last = get_extent(list, used / EXTENT_SIZE);
        more = trim_extent(fs, trim, &last);
    }
    if (more < 0)
        return more;
    if (last.count > 0)
        used += EXTENT_SIZE;
    else if (path->depth > 0)
        return efs_index_drop(fs, node, path);
    int err =
        efs_index_splice(fs, node, list, used, list->used - used, 0, &end);
    if (!err && used > 0)
        put_extent(end - EXTENT_SIZE, last);
    return err ? err : more;
}

int
efs_extent_truncate(struct efs *fs, struct efs_node *node, uint64_t blocks)
{
    struct trim trim = {blocks, UINT64_MAX, TRUNCATE_CREDITS};
    uint32_t len = UINT32_MAX;
    struct efs_path path;
    int more = 0;

    /* On with the next list while there is less than before. */
    while (!more && node->layout != EFS_INLINE && node->data_len < len) {
        len = node->data_len;
        if (trim.credits < 2) {
            more = 1;
            break;
        }
        trim.credits -= 2; /* to free the block itself */
        more = find_list(fs, node, UINT32_MAX, &path);
        if (!more)
            more = trim_list(fs, node, &trim, &path);
        efs_index_put(&path);
    }
    if (more < 0)
        return more;
    if (node->data_len == 0 && node->size == 0)
        node->layout = EFS_INLINE;
    int err = efs_node_write(fs, node, node->data_len, NULL);
    return err ? err : more;
}
