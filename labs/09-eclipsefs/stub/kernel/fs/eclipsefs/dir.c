#include "fs/eclipsefs/dir.h"

#include "abi/errno.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "lib/todo.h"

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
    LAB_TODO(9);
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

/* Takes the entry that begins at dir->pos (docs/eclipsefs.md, section 4) and
 * moves dir->pos behind it. Head and name must fit into what is left of the
 * directory: efs_damaged at the entry's address if they do not. A name that is
 * longer than ECLIPSEFS_NAME_MAX is not read, but passed. Returns 1, 0 at the
 * end, or an error; of *entry, all but `hidden` is set. */
static int
next_in_list(struct efs_dir *dir, struct efs_entry *entry)
{
    LAB_TODO(9);
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

/* The address of the damage is the entry's, in a list; else node->data. */
int
efs_dir_check_link(struct efs *fs, const struct efs_node *node,
                   const struct efs_link *link)
{
    LAB_TODO(9);
}

/* Walks the list: of entries with one name the first counts, and hidden ones
 * are not there. A name is bytes; "a" is no beginning of "ab". Returns 0 and
 * *link, as the entry has it, or -ENOENT, or what the walk says. */
static int
find_in_list(struct efs *fs, const struct efs_node *node, const char *name,
             size_t len, struct efs_link *link)
{
    LAB_TODO(9);
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
