#include "fs/eclipsefs/dir.h"

#include "abi/errno.h"
#include "lib/bits.h"
#include "lib/string.h"

/* Except in lists, a position is the upper bits of a hash, but for that many,
 * and what is left of it after a further shift leads to a leaf. */
#define POS_SHIFT  2
#define LEAF_SHIFT (32 - POS_SHIFT)

void
efs_dir_open(struct efs_dir *dir, struct efs *fs, const struct efs_node *node,
             uint64_t pos)
{
    *dir = (struct efs_dir){.fs = fs, .node = node, .pos = pos};
}

void
efs_dir_close(struct efs_dir *dir)
{
    efs_index_put(&dir->path);
}

bool
efs_name_is_hidden(const char *name, size_t len)
{
    if (len == 0 || len > ECLIPSEFS_NAME_MAX || (len == 1 && name[0] == '.') ||
        (len == 2 && name[0] == '.' && name[1] == '.'))
        return true;
    return memchr(name, '/', len) || memchr(name, '\0', len);
}

static int
next_in_tree(struct efs_dir *dir, struct efs_entry *entry)
{
    struct efs_name *name = &dir->name;
    int found = 0;

    while (found == 0 && dir->pos >> LEAF_SHIFT <= UINT32_MAX) {
        if (!dir->path.step[0].buf) {
            int err =
                efs_index_find(dir->fs, dir->node,
                               (uint32_t)(dir->pos >> LEAF_SHIFT), &dir->path);
            if (err)
                return err;
            *name = (struct efs_name){0};
        }
        do
            found = efs_dirtree_next(dir->fs, dir->node, &dir->path, name);
        while (found > 0 && name->hash >> POS_SHIFT < dir->pos);
        if (found == 0) {
            dir->pos = dir->path.high << LEAF_SHIFT;
            efs_index_put(&dir->path);
        }
    }
    if (found <= 0)
        return found;
    memcpy(entry->name, name->text, name->len);
    entry->len = name->len;
    entry->link.ino = name->ino;
    entry->link.pos = (uint32_t)(name->hash >> 32);
    entry->next = (name->hash >> POS_SHIFT) + 1;
    return 1;
}

static int
next_in_list(struct efs_dir *dir, struct efs_entry *entry)
{
    const struct efs_node *node = dir->node;
    uint64_t start = node->data + dir->pos, left = node->data_len - dir->pos;
    struct eclipsefs_dirent head;

    if (dir->pos >= node->data_len)
        return 0;
    if (left < sizeof head)
        return efs_damaged(dir->fs, node->ino, start,
                           "directory ends within an entry");
    int err = efs_read(dir->fs, start, &head, sizeof head);
    if (err)
        return err;
    entry->len = le32_load(head.name_len);
    entry->link = (struct efs_link){le32_load(head.inode), (uint32_t)dir->pos};
    if (entry->len > left - sizeof head)
        return efs_damaged(dir->fs, node->ino, start,
                           "name reaches past its directory");
    if (entry->len <= ECLIPSEFS_NAME_MAX)
        err = efs_read(dir->fs, start + sizeof head, entry->name, entry->len);
    dir->pos += sizeof head + entry->len;
    entry->next = dir->pos;
    return err ? err : 1;
}

int
efs_dir_next(struct efs_dir *dir, struct efs_entry *entry)
{
    int found = efs_dir_is_list(dir->fs, dir->node) ? next_in_list(dir, entry)
                                                    : next_in_tree(dir, entry);
    if (found > 0)
        entry->hidden = efs_name_is_hidden(entry->name, entry->len);
    return found;
}

int
efs_dir_check_link(struct efs *fs, const struct efs_node *node,
                   const struct efs_link *link)
{
    if (link->ino > 0 && link->ino <= fs->inode_count)
        return 0;
    return efs_damaged(fs, node->ino,
                       node->data + (efs_dir_is_list(fs, node) ? link->pos : 0),
                       "entry leads to no inode");
}

static int
find_in_list(struct efs *fs, const struct efs_node *node, const char *name,
             size_t len, struct efs_link *link)
{
    struct efs_entry entry;
    struct efs_dir dir;
    bool same = false;
    int found = 1;

    efs_dir_open(&dir, fs, node, 0);
    while (!same && found > 0) {
        found = efs_dir_next(&dir, &entry);
        same = found > 0 && !entry.hidden && entry.len == len &&
               memcmp(entry.name, name, len) == 0;
    }
    efs_dir_close(&dir);
    if (!same)
        return found < 0 ? found : -ENOENT;
    *link = entry.link;
    return 0;
}

int
efs_dir_lookup(struct efs *fs, const struct efs_node *node, const char *name,
               size_t len, struct efs_link *link)
{
    struct efs_path path;
    struct efs_name found;
    int err;

    if (efs_dir_is_list(fs, node)) {
        err = find_in_list(fs, node, name, len, link);
    } else {
        err = efs_dirtree_lookup(fs, node, name, len, &path, &found);
        if (err)
            return err;
        *link = (struct efs_link){found.ino, (uint32_t)(found.hash >> 32)};
        efs_index_put(&path);
    }
    return err ? err : efs_dir_check_link(fs, node, link);
}
