#include "fs/eclipsefs/extent_list.h"

#include "abi/errno.h"
#include "fs/eclipsefs/change.h"
#include "lib/string.h"

#define INDEX_SIZE sizeof(struct efsx_index)
#define BLOCK_MOST (EFSX_BLOCK_ROOM / EFS_EXTENT_SIZE)
#define VALUE_MOST (EFS_VALUE_MAX / EFS_EXTENT_SIZE)
#define INDEX_MOST (EFS_VALUE_MAX / INDEX_SIZE)

/* What one truncation may touch besides the record and one block of extents:
 * blocks of the bitmap, and blocks of extents that become free. The rest is
 * for whoever goes on within the same change. */
#define TRUNCATE_CREDITS 24u

/* ---- Inserting ---- */

/* How an extent goes into a list: in place of neighbours that it continues. */
struct fit {
    uint32_t at, replaced;
    struct efs_extent e;
};

static bool
joins(struct efs_extent a, struct efs_extent b)
{
    return a.logical + a.count == b.logical &&
           a.physical + a.count == b.physical;
}

/* Returns 0, or -EUCLEAN if there is no hole. */
static int
plan(const struct efs_list *list, struct efs_extent e, struct fit *fit)
{
    uint32_t next =
        efs_list_count_up_to(list->at, EFS_EXTENT_SIZE, list->n, e.logical);
    struct efs_extent before = {0}, after = {.logical = list->limit};

    if (next > 0)
        before = efs_extent_get(&list->at[next - 1]);
    if (next < list->n)
        after = efs_extent_get(&list->at[next]);
    if (before.logical + before.count > e.logical ||
        e.logical + e.count > after.logical)
        return -EUCLEAN;
    *fit = (struct fit){.at = next, .e = e};
    if (joins(e, after) && next < list->n) {
        fit->replaced++;
        fit->e.count += after.count;
    }
    if (joins(before, e) && next > 0) {
        fit->replaced++;
        fit->at--;
        fit->e.logical = before.logical;
        fit->e.physical = before.physical;
        fit->e.count += before.count;
    }
    return 0;
}

/* at has room for one more than n. */
static void
apply(const struct fit *fit, struct efsx_extent *at, uint32_t n)
{
    uint32_t rest = fit->at + fit->replaced;

    memmove(at + fit->at + 1, at + rest, (n - rest) * EFS_EXTENT_SIZE);
    efs_extent_put(at + fit->at, fit->e);
}

static int
store(struct efs *fs, struct efs_node *node, const struct efs_list *list,
      const struct fit *fit)
{
    uint32_t n = list->n + 1 - fit->replaced;

    if (node->layout == EFS_EXTENTS) {
        uint8_t *value;
        int err =
            efs_node_write(fs, node, MAX(n, list->n) * EFS_EXTENT_SIZE, &value);
        if (err)
            return err;
        apply(fit, (void *)value, list->n);
        return n >= list->n
                   ? 0
                   : efs_node_write(fs, node, n * EFS_EXTENT_SIZE, NULL);
    }
    struct efsx_block *head =
        (void *)journal_edit(fs->journal, list->buf, efs_seal);
    if (!head)
        return -ENOMEM;
    apply(fit, (void *)(head + 1), list->n);
    le32_store(head->used, n * EFS_EXTENT_SIZE);
    return 0;
}

/* Makes a block of a list's extents from `from` on. */
static int
make_block(struct efs *fs, const struct efs_node *node,
           const struct efs_list *list, uint32_t from, uint32_t *block)
{
    uint32_t size = (list->n - from) * EFS_EXTENT_SIZE;
    uint32_t goal = (uint32_t)bcache_block(list->buf);
    struct buf *buf;

    int err = efs_block_alloc(fs, goal, false, efs_seal, block, &buf);
    if (err)
        return err;
    struct efsx_block *head = (void *)bcache_data(buf);
    le32_store(head->magic, EFSX_EXTENT_MAGIC);
    le32_store(head->owner, node->ino);
    le32_store(head->used, size);
    memcpy(head + 1, list->at + from, size);
    bcache_put(buf);
    return 0;
}

/* Makes room: moves a record's extents to a block, or half of a full block's
 * to a new one. But if the new extent goes behind all others a block of its
 * own begins, for more are likely to follow, and full ones to stay. */
static int
make_list_room(struct efs *fs, struct efs_node *node,
               const struct efs_list *list, const struct fit *fit)
{
    bool indexed = node->layout == EFS_EXTENT_INDEX;
    uint32_t n = 0, at = 0; /* entries of the index, and the new one's place */
    uint32_t kept = 0, block;
    uint64_t first = 0;
    uint8_t *value;

    if (indexed) {
        n = node->data_len / INDEX_SIZE;
        at = list->entry + 1;
        kept = fit->at == list->n ? list->n : list->n / 2;
        first = kept < list->n ? efs_extent_get(&list->at[kept]).logical
                               : fit->e.logical;
    }
    if (n == INDEX_MOST)
        return -EFBIG;
    int err = make_block(fs, node, list, kept, &block);
    if (err)
        return err;
    if (indexed) {
        struct efsx_block *head =
            (void *)journal_edit(fs->journal, list->buf, efs_seal);
        if (!head)
            return -ENOMEM;
        le32_store(head->used, kept * EFS_EXTENT_SIZE);
    }
    node->layout = EFS_EXTENT_INDEX;
    err = efs_node_write(fs, node, (n + 1) * INDEX_SIZE, &value);
    if (err)
        return err;
    struct efsx_index *index = (void *)value;
    memmove(index + at + 1, index + at, (n - at) * INDEX_SIZE);
    le32_store(index[at].first, (uint32_t)first);
    le32_store(index[at].block, block);
    return 0;
}

/* Inserts the part of *rest that belongs into one list, and takes it off; or
 * makes room for it. */
static int
insert_part(struct efs *fs, struct efs_node *node, struct efs_extent *rest)
{
    uint32_t most = node->layout == EFS_EXTENT_INDEX ? BLOCK_MOST : VALUE_MOST;
    struct efs_extent part = *rest;
    struct efs_list list;
    struct fit fit;

    int err = efs_list_load(fs, node, part.logical, &list);
    if (err)
        return err;
    part.count = MIN(part.count, list.limit - part.logical);
    err = plan(&list, part, &fit);
    if (err) {
        err = efs_broken(fs, node->ino, node->data, "block in two places");
    } else if (list.n + 1 - fit.replaced > most) {
        err = make_list_room(fs, node, &list, &fit);
    } else {
        err = store(fs, node, &list, &fit);
        rest->logical += part.count;
        rest->physical += part.count;
        rest->count -= part.count;
    }
    efs_list_unload(&list);
    return err;
}

int
efs_extent_insert(struct efs *fs, struct efs_node *node, uint32_t logical,
                  struct efs_run run)
{
    struct efs_extent rest = {logical, run.count, run.start};
    int err = 0;

    if (node->layout == EFS_INLINE) {
        node->layout = EFS_EXTENTS;
        err = efs_node_write(fs, node, 0, NULL);
    }
    while (!err && rest.count > 0)
        err = insert_part(fs, node, &rest);
    if (err || node->layout == EFS_EXTENTS)
        return err;
    return efs_node_write(fs, node, node->data_len, NULL);
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
trim_extent(struct efs *fs, struct trim *trim, struct efs_extent *e)
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

/* Takes extents off the end of a list; *last is what the last one that
 * remains should be. Returns as trim_extent. */
static int
trim_list(struct efs *fs, struct trim *trim, struct efs_list *list,
          struct efs_extent *last)
{
    int more = 0;

    while (list->n > 0) {
        *last = efs_extent_get(&list->at[list->n - 1]);
        more = trim_extent(fs, trim, last);
        if (more < 0 || last->count > 0)
            break;
        list->n--;
    }
    return more;
}

/* Trims the block of extents that has logical, and frees it if it becomes
 * empty. Returns as trim_extent. */
static int
trim_block(struct efs *fs, const struct efs_node *node, struct trim *trim,
           uint64_t logical, struct efs_list *list)
{
    struct efs_extent last;

    int more = efs_list_load(fs, node, logical, list);
    if (more)
        return more;
    uint32_t block = (uint32_t)bcache_block(list->buf);
    more = trim_list(fs, trim, list, &last);
    if (more >= 0 && list->n > 0) {
        struct efsx_block *head =
            (void *)journal_edit(fs->journal, list->buf, efs_seal);
        if (head) {
            efs_extent_put((struct efsx_extent *)(head + 1) + list->n - 1,
                           last);
            le32_store(head->used, list->n * EFS_EXTENT_SIZE);
        }
        more = head ? more : -ENOMEM;
    }
    efs_list_unload(list);
    if (more == 0 && list->n == 0)
        more = efs_block_free(fs, block);
    return more;
}

/* Trims blocks of extents, the last ones first; *len is how much of the index
 * remains. Returns as trim_extent. */
static int
trim_index(struct efs *fs, const struct efs_node *node, struct trim *trim,
           uint32_t *len)
{
    uint64_t logical = EFS_BLOCKS_MAX - 1;
    struct efs_list list;

    while (*len > 0) {
        if (trim->credits < 2)
            return 1;
        trim->credits -= 2; /* to free the block itself */
        int more = trim_block(fs, node, trim, logical, &list);
        if (more || list.n > 0)
            return more;
        *len -= INDEX_SIZE;
        logical = list.first - 1;
    }
    return 0;
}

int
efs_extent_truncate(struct efs *fs, struct efs_node *node, uint32_t blocks)
{
    struct trim trim = {blocks, UINT64_MAX, TRUNCATE_CREDITS};
    uint32_t len = node->data_len;
    struct efs_extent last = {0};
    struct efs_list list;
    uint8_t *value;
    int more = 0;

    if (node->layout == EFS_EXTENT_INDEX) {
        more = trim_index(fs, node, &trim, &len);
    } else if (node->layout == EFS_EXTENTS) {
        more = efs_list_load(fs, node, 0, &list);
        if (more)
            return more;
        more = trim_list(fs, &trim, &list, &last);
        len = list.n * EFS_EXTENT_SIZE;
        efs_list_unload(&list);
    }
    if (more < 0)
        return more;
    if (len == 0 && node->layout != EFS_INLINE)
        node->layout = node->size > 0 ? EFS_EXTENTS : EFS_INLINE;
    int err = efs_node_write(fs, node, len, &value);
    if (err)
        return err;
    if (node->layout == EFS_EXTENTS && len > 0)
        efs_extent_put((struct efsx_extent *)(void *)(value + len) - 1, last);
    return more;
}
