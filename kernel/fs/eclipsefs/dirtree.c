#include "fs/eclipsefs/dirtree.h"

#include "abi/errno.h"
#include "lib/bits.h"
#include "lib/string.h"

#define NAME_SIZE(len) ((uint32_t)(sizeof(struct eclipsefs_dirent) + (len)))

uint64_t
efs_name_hash(const struct efs *fs, const char *name, size_t len)
{
    uint64_t hash = EFSX_HASH_BASIS ^ le32_load(fs->ext.uuid);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)name[i]) * EFSX_HASH_PRIME;
    return (hash ^ hash >> 32) * EFSX_HASH_MIX;
}

/* ---- Finding names ---- */

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
        return efs_index_broken(fs, dir, step, "name has a wrong length");
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
        return efs_index_broken(fs, dir, &path->step[path->depth],
                                "name is not where its hash belongs");
    return 1;
}

int
efs_dirtree_lookup(struct efs *fs, const struct efs_node *dir, const char *name,
                   size_t len, struct efs_path *path, struct efs_name *found)
{
    uint64_t hash = efs_name_hash(fs, name, len);
    int more;

    int err = efs_index_find(fs, dir, (uint32_t)(hash >> 32), path);
    if (err)
        return err;
    *found = (struct efs_name){.hash = hash};
    do
        more = read_name(fs, dir, path, found);
    while (more > 0 &&
           (found->len != len || memcmp(found->text, name, len) != 0));
    if (more > 0)
        return 0;
    efs_index_put(path);
    return more < 0 ? more : -ENOENT;
}

/* ---- Adding names ---- */

/* Cuts a full leaf in two, between different upper halves of hashes, as near
 * to the middle as can be. Returns as efs_index_make_room. */
static int
make_dir_room(struct efs *fs, struct efs_node *dir, const struct efs_path *path)
{
    uint32_t middle = path->step[path->depth].used / 2, best = middle;
    uint32_t cut = 0, first = 0;
    struct efs_name name = {0};
    uint64_t last = 0;
    int found;

    while ((found = efs_dirtree_next(fs, dir, path, &name)) > 0) {
        uint32_t off = MAX(name.at, middle) - MIN(name.at, middle);
        uint64_t upper = name.hash >> 32;
        if (name.at > 0 && upper != last && off < best) {
            best = off;
            cut = name.at;
            first = (uint32_t)upper;
        }
        last = upper;
    }
    return found ? found : efs_index_make_room(fs, dir, path, cut, first);
}

/* Puts a name into a run. Returns as efs_index_splice. */
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
    int err = efs_index_splice(fs, dir, &path->step[path->depth],
                               found ? each.at : each.next, 0,
                               NAME_SIZE(name->len), &gap);
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
    do {
        err = efs_index_find(fs, dir, (uint32_t)(what.hash >> 32), &path);
        if (err)
            return err;
        err = put_name(fs, dir, &path, &what);
        if (err > 0)
            err = make_dir_room(fs, dir, &path);
        err = efs_index_finish(fs, dir, &path, err);
    } while (err > 0);
    return err;
}

/* ---- Taking names away ---- */

int
efs_dir_remove(struct efs *fs, struct efs_node *dir, const char *name,
               size_t len)
{
    struct efs_path path;
    struct efs_name found;
    uint8_t *rest;

    int err = efs_dirtree_lookup(fs, dir, name, len, &path, &found);
    if (err)
        return err;
    const struct efs_step *step = &path.step[path.depth];
    if (path.depth > 0 && step->used == NAME_SIZE(len))
        err = efs_index_drop(fs, dir, &path);
    else
        err =
            efs_index_splice(fs, dir, step, found.at, NAME_SIZE(len), 0, &rest);
    return efs_index_finish(fs, dir, &path, err);
}

int
efs_dir_set(struct efs *fs, struct efs_node *dir, const char *name, size_t len,
            uint32_t ino)
{
    struct efs_path path;
    struct efs_name found;
    uint8_t *place;

    int err = efs_dirtree_lookup(fs, dir, name, len, &path, &found);
    if (err)
        return err;
    const struct efs_step *step = &path.step[path.depth];
    err = efs_index_splice(fs, dir, step, found.at, 0, 0, &place);
    if (!err)
        le32_store(((struct eclipsefs_dirent *)(void *)place)->inode, ino);
    return efs_index_finish(fs, dir, &path, err);
}
