#include "fs/eclipsefs/extent_list.h"

#include "abi/errno.h"
#include "fs/eclipsefs/change.h"
#include "lib/bits.h"
#include "lib/string.h"

#define INDEX_SIZE sizeof(struct efsx_index)

uint32_t
efs_list_count_up_to(const void *entries, size_t size, uint32_t n,
                     uint64_t logical)
{
    uint32_t low = 0;

    while (low < n) {
        uint32_t middle = low + (n - low) / 2;
        if (le32_load((const uint8_t *)entries + middle * size) <= logical)
            low = middle + 1;
        else
            n = middle;
    }
    return low;
}

/* Whether extents are sorted, disjoint, and on the image. */
static bool
list_is_sound(const struct efs *fs, const struct efs_list *list)
{
    uint64_t from = list->first;

    for (uint32_t i = 0; i < list->n; i++) {
        struct efs_extent e = efs_extent_get(&list->at[i]);
        if (e.logical < from || e.logical + e.count > list->limit ||
            !efs_has_blocks(fs, e.physical, e.count))
            return false;
        from = e.logical + e.count;
    }
    return true;
}

void
efs_list_unload(struct efs_list *list)
{
    if (list->buf)
        bcache_put(list->buf);
    list->buf = NULL;
}

/* Gets the extents in a block; they are looked at once, when it has come from
 * the disk. */
static int
load_block(struct efs *fs, const struct efs_node *node, uint32_t block,
           struct efs_list *list)
{
    struct buf *buf;

    int err = bcache_get(fs->dev, block, &buf);
    if (err)
        return err;
    bool known = READ_ONCE(*bcache_checked(buf));
    bcache_put(buf);
    err = efs_block_get(fs, block, EFSX_EXTENT_MAGIC, node->ino, &list->buf);
    if (err)
        return err;
    struct efsx_block *head = (void *)bcache_data(list->buf);
    list->at = (void *)(head + 1);
    list->n = le32_load(head->used) / EFS_EXTENT_SIZE;
    if (known || list_is_sound(fs, list))
        return 0;
    efs_list_unload(list);
    return efs_broken(fs, node->ino, (uint64_t)block * BLOCK_SIZE,
                      "extents in disorder");
}

int
efs_list_load(struct efs *fs, const struct efs_node *node, uint64_t logical,
              struct efs_list *list)
{
    *list = (struct efs_list){.limit = EFS_BLOCKS_MAX};
    if (node->layout == EFS_INLINE)
        return 0;
    int err = efs_node_block(fs, node->ino, node->data, &list->buf);
    if (err)
        return err;
    void *value = bcache_data(list->buf) + node->data % BLOCK_SIZE;
    if (node->layout == EFS_EXTENTS) {
        list->at = value;
        list->n = node->data_len / EFS_EXTENT_SIZE;
        return 0;
    }
    const struct efsx_index *index = value;
    uint32_t n = node->data_len / INDEX_SIZE;
    list->entry =
        MAX(efs_list_count_up_to(index, INDEX_SIZE, n, logical), 1u) - 1;
    list->first = le32_load(index[list->entry].first);
    if (list->entry + 1 < n)
        list->limit = le32_load(index[list->entry + 1].first);
    uint32_t block = le32_load(index[list->entry].block);
    efs_list_unload(list);
    if (logical < list->first || logical >= list->limit ||
        !efs_has_blocks(fs, block, 1))
        return efs_broken(fs, node->ino, node->data, "wrong index of extents");
    return load_block(fs, node, block, list);
}

int
efs_extent_check(struct efs *fs, const struct efs_node *node)
{
    size_t size = node->layout == EFS_EXTENTS ? EFS_EXTENT_SIZE : INDEX_SIZE;
    bool sound =
        node->data_len % size == 0 && node->size <= EFS_BLOCKS_MAX * BLOCK_SIZE;

    if (node->layout == EFS_EXTENT_INDEX) {
        sound = sound && node->data_len > 0;
    } else if (sound) {
        struct efs_list list;
        int err = efs_list_load(fs, node, 0, &list);
        if (err)
            return err;
        sound = list_is_sound(fs, &list);
        efs_list_unload(&list);
    }
    return sound ? 0 : efs_broken(fs, node->ino, node->data, "wrong extents");
}

int
efs_extent_find(struct efs *fs, const struct efs_node *node, uint32_t logical,
                struct efs_map *map)
{
    struct efs_extent e = {0};
    struct efs_list list;

    int err = efs_list_load(fs, node, logical, &list);
    if (err)
        return err;
    uint32_t next =
        efs_list_count_up_to(list.at, EFS_EXTENT_SIZE, list.n, logical);
    uint64_t end =
        next < list.n ? efs_extent_get(&list.at[next]).logical : list.limit;
    if (next > 0)
        e = efs_extent_get(&list.at[next - 1]);
    uint64_t into = logical - e.logical;
    if (into < e.count)
        *map = (struct efs_map){(uint32_t)(e.physical + into),
                                (uint32_t)(e.count - into)};
    else
        *map = (struct efs_map){0, (uint32_t)MIN(end - logical, UINT32_MAX)};
    efs_list_unload(&list);
    return 0;
}

int
efs_extent_count(struct efs *fs, const struct efs_node *node, uint64_t *count)
{
    struct efs_list list;

    *count = 0;
    for (uint64_t logical = 0; logical < EFS_BLOCKS_MAX; logical = list.limit) {
        int err = efs_list_load(fs, node, logical, &list);
        if (err)
            return err;
        for (uint32_t i = 0; i < list.n; i++)
            *count += efs_extent_get(&list.at[i]).count;
        *count += node->layout == EFS_EXTENT_INDEX;
        efs_list_unload(&list);
    }
    return 0;
}
