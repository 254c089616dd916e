#include "fs/eclipsefs/dir.h"

#include "abi/errno.h"
#include "lib/bits.h"
#include "lib/string.h"

void
efs_dir_open(struct efs_dir *dir, struct efs *fs, const struct efs_node *node,
             uint32_t pos)
{
    uint64_t end = node->data + node->data_len;

    *dir = (struct efs_dir){.fs = fs, .node = node};
    efs_cursor_init(&dir->cursor, fs->dev, MIN(node->data + pos, end), end);
}

void
efs_dir_close(struct efs_dir *dir)
{
    efs_cursor_close(&dir->cursor);
}

static bool
name_is_hidden(const char *name, size_t len)
{
    if (len == 0 || len > ECLIPSEFS_NAME_MAX || (len == 1 && name[0] == '.') ||
        (len == 2 && name[0] == '.' && name[1] == '.'))
        return true;
    return memchr(name, '/', len) || memchr(name, '\0', len);
}

int
efs_dir_next(struct efs_dir *dir, struct efs_entry *entry)
{
    struct efs_cursor *cursor = &dir->cursor;
    struct eclipsefs_dirent head;
    uint64_t start = cursor->pos;

    if (efs_cursor_left(cursor) == 0)
        return 0;
    int err = efs_cursor_read(cursor, &head, sizeof head);
    if (err == -EUCLEAN)
        return efs_damaged(dir->fs, dir->node->ino, start,
                           "directory ends within an entry");
    if (err)
        return err;
    entry->len = le32_load(head.name_len);
    entry->link.ino = le32_load(head.inode);
    entry->link.pos = (uint32_t)(start - dir->node->data);
    if (entry->len > efs_cursor_left(cursor))
        return efs_damaged(dir->fs, dir->node->ino, start,
                           "name reaches past its directory");
    if (entry->len > ECLIPSEFS_NAME_MAX)
        efs_cursor_skip(cursor, entry->len);
    else
        err = efs_cursor_read(cursor, entry->name, entry->len);
    if (err)
        return err;
    entry->hidden = name_is_hidden(entry->name, entry->len);
    entry->next = (uint32_t)(cursor->pos - dir->node->data);
    return 1;
}

int
efs_dir_check_link(struct efs *fs, const struct efs_node *node,
                   const struct efs_link *link)
{
    if (link->ino > 0 && link->ino <= fs->inode_count)
        return 0;
    return efs_damaged(fs, node->ino, node->data + link->pos,
                       "entry leads to no inode");
}

int
efs_dir_lookup(struct efs *fs, const struct efs_node *node, const char *name,
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
    return efs_dir_check_link(fs, node, link);
}
