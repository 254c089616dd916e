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

/* Takes the head of the next entry; its name is still to come and lies
 * within the list. Returns as efs_dir_next. */
static int
next_head(struct efs_dir *dir, uint32_t *len, struct efs_link *link)
{
    struct efs_cursor *cursor = &dir->cursor;
    struct eclipsefs_dirent copy;
    uint64_t start = cursor->pos;
    const uint8_t *data;

    link->pos = (uint32_t)(start - dir->node->data);
    if (efs_cursor_left(cursor) == 0)
        return 0;
    int err = efs_cursor_take(cursor, sizeof copy, &copy, &data);
    if (err == -EUCLEAN)
        return efs_damaged(dir->fs, dir->node->ino, start,
                           "directory ends within an entry");
    if (err)
        return err;
    const struct eclipsefs_dirent *head = (const struct eclipsefs_dirent *)data;
    *len = le32_load(head->name_len);
    link->ino = le32_load(head->inode);
    if (*len > efs_cursor_left(cursor))
        return efs_damaged(dir->fs, dir->node->ino, start,
                           "name reaches past its directory");
    return 1;
}

static bool
name_is_hidden(const char *name, size_t len)
{
    if (len == 0 || (len == 1 && name[0] == '.') ||
        (len == 2 && name[0] == '.' && name[1] == '.'))
        return true;
    return memchr(name, '/', len) || memchr(name, '\0', len);
}

int
efs_dir_next(struct efs_dir *dir, struct efs_entry *entry)
{
    struct efs_cursor *cursor = &dir->cursor;
    const uint8_t *name = NULL;

    int found = next_head(dir, &entry->len, &entry->link);
    if (found <= 0)
        return found;
    if (entry->len > ECLIPSEFS_NAME_MAX) {
        efs_cursor_skip(cursor, entry->len);
        entry->hidden = true;
    } else {
        int err = efs_cursor_take(cursor, entry->len, entry->copy, &name);
        if (err)
            return err;
        entry->hidden = name_is_hidden((const char *)name, entry->len);
    }
    entry->name = (const char *)name;
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

/* Whether the name that the cursor stands before is name. */
static int
compare_name(struct efs_dir *dir, const char *name, size_t len, bool *same)
{
    char copy[ECLIPSEFS_NAME_MAX];
    const uint8_t *data;

    int err = efs_cursor_take(&dir->cursor, len, copy, &data);
    if (!err)
        *same = memcmp(data, name, len) == 0;
    return err;
}

/* Goes from head to head, and looks at a name only if its length is right:
 * a lookup costs as much as its misses. */
int
efs_dir_lookup(struct efs *fs, const struct efs_node *node, const char *name,
               size_t len, struct efs_link *link)
{
    struct efs_dir dir;
    uint32_t entry_len;
    bool same = false;
    int found = 1;

    if (len > ECLIPSEFS_NAME_MAX || name_is_hidden(name, len))
        return -ENOENT;
    efs_dir_open(&dir, fs, node, 0);
    while (!same && found > 0) {
        found = next_head(&dir, &entry_len, link);
        if (found <= 0)
            break;
        if (entry_len == len) {
            int err = compare_name(&dir, name, len, &same);
            found = err ? err : 1;
        } else {
            efs_cursor_skip(&dir.cursor, entry_len);
        }
    }
    efs_dir_close(&dir);
    if (found < 0)
        return found;
    return same ? efs_dir_check_link(fs, node, link) : -ENOENT;
}
