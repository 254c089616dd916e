#include "edit.h"

#include "complain.h"
#include "abi/mode.h"
#include "fill.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/names.h"
#include "list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* A path's last component, and the directory it stands in. */
struct place {
    struct efs_node dir;
    const char *name;
    size_t len;
};

/* Splits path, whose last component need not be there. */
static int
find_place(struct walk *w, const char *path, struct place *place)
{
    char above[WALK_PATH_MAX];
    size_t len = strlen(path);

    while (len > 0 && path[len - 1] == '/')
        len--;
    size_t start = len;
    while (start > 0 && path[start - 1] != '/')
        start--;
    place->name = path + start;
    place->len = len - start;
    if (start >= sizeof above || place->len > ECLIPSEFS_NAME_MAX)
        return -ENAMETOOLONG;
    if (efs_name_is_hidden(place->name, place->len))
        return -EINVAL;
    memcpy(above, path, start);
    above[start] = '\0';
    int err = walk_path(w, start ? above : "/", true, &place->dir);
    if (!err && place->dir.type != ECLIPSEFS_DIRECTORY)
        err = -ENOTDIR;
    return err;
}

/* ---- Removing ---- */

static int
release(struct efs *fs, struct efs_node *node)
{
    int more = 1;

    while (more > 0) {
        int err = efs_begin(fs);
        if (err)
            return err;
        more = efs_release(fs, node);
        err = efs_end(fs, MIN(more, 0));
        if (err)
            return err;
    }
    return 0;
}

static int
remove_name(struct walk *w, struct efs_node *dir, const char *name, size_t len,
            struct efs_node *node)
{
    int err = efs_begin(&w->fs);
    if (err)
        return err;
    err = efs_unlink(&w->fs, dir, name, len, node, (uint64_t)time(NULL));
    err = efs_end(&w->fs, err);
    return err || node->nlink ? err : release(&w->fs, node);
}

/* Removes what is in dir. The depth of an image's tree is that of paths that
 * were made in it: recursion is enough. */
static int
remove_contents(struct walk *w, struct efs_node *dir, const char *path)
{
    struct list_entries entries;
    int err = list_read(w, dir, path, &entries);

    for (size_t i = 0; i < entries.count && !err; i++) {
        const char *name = entries.entry[i].name;
        struct efs_node node;
        err = efs_node_read(&w->fs, entries.entry[i].link.ino, &node);
        if (!err && node.type == ECLIPSEFS_DIRECTORY)
            err = remove_contents(w, &node, name);
        if (!err)
            err = remove_name(w, dir, name, strlen(name), &node);
    }
    list_free(&entries);
    return err;
}

static int
remove_tree(struct walk *w, struct efs_node *dir, const char *name, size_t len)
{
    struct efs_link link;
    struct efs_node node;

    int err = efs_dir_lookup(&w->fs, dir, name, len, &link);
    if (!err)
        err = efs_node_read(&w->fs, link.ino, &node);
    if (!err && node.type == ECLIPSEFS_DIRECTORY)
        err = remove_contents(w, &node, name);
    return err ? err : remove_name(w, dir, name, len, &node);
}

bool
edit_remove(struct walk *w, const char *path, bool recursive)
{
    struct efs_node node;
    struct place place;

    int err = find_place(w, path, &place);
    if (!err)
        err = walk_path(w, path, false, &node);
    if (!err && recursive)
        err = remove_tree(w, &place.dir, place.name, place.len);
    else if (!err)
        err = remove_name(w, &place.dir, place.name, place.len, &node);
    return !err || complain(path, walk_strerror(err));
}

/* ---- Putting ---- */

/* Makes a tree of one file, below a root that stands for the directory it
 * goes to. */
static bool
scan_file(struct tree *tree, const char *source, const struct stat *st,
          const struct place *place)
{
    *tree = (struct tree){.nodes = calloc(2, sizeof tree->nodes[0])};
    struct tree_entry *entry = calloc(1, sizeof *entry);
    char *name = strndup(place->name, place->len), *path = strdup(source);

    if (!tree->nodes || !entry || !name || !path) {
        fputs("efs: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    *entry = (struct tree_entry){.name = name, .ino = 2};
    tree->count = 2;
    tree->nodes[0] = (struct tree_node){
        .type = ECLIPSEFS_DIRECTORY,
        .mtime = (uint64_t)time(NULL),
        .atime = place->dir.atime,
        .ctime = (uint64_t)time(NULL),
        .entries = entry,
        .entry_count = 1,
    };
    tree->nodes[1] = (struct tree_node){
        .path = path,
        .type = ECLIPSEFS_FILE,
        .mode = st->st_mode,
        .uid = st->st_uid,
        .gid = st->st_gid,
        .nlink = 1,
        .atime = (uint64_t)st->st_atime,
        .mtime = (uint64_t)st->st_mtime,
        .ctime = (uint64_t)st->st_ctime,
        .size = (uint64_t)st->st_size,
    };
    return true;
}

static int
make_directory(struct walk *w, struct place *place, const struct stat *st,
               uint32_t *ino)
{
    struct efs_new new = {.mode = (st->st_mode & 07777) | S_IFDIR,
                          .uid = st->st_uid,
                          .gid = st->st_gid,
                          .now = (uint64_t)time(NULL)};
    struct efs_node node;

    int err = efs_begin(&w->fs);
    if (err)
        return err;
    err = efs_create(&w->fs, &place->dir, place->name, place->len, &new, &node);
    *ino = node.ino;
    return efs_end(&w->fs, err);
}

static int
put_at(struct walk *w, const char *source, const struct stat *st,
       struct place *place)
{
    struct tree_options options = {.epoch = (uint64_t)time(NULL),
                                   .devices = true};
    uint32_t root = place->dir.ino;
    struct tree tree = {0};
    int err = 0;

    if (S_ISDIR(st->st_mode))
        err = make_directory(w, place, st, &root);
    bool scanned =
        !err && (S_ISDIR(st->st_mode) ? tree_scan(&tree, source, &options)
                                      : scan_file(&tree, source, st, place));
    if (!err)
        err = scanned ? fill_tree(&w->fs, &tree, root) : -EIO;
    tree_free(&tree);
    return err;
}

/* Removes a file that stands where another is to be put. */
static int
clear_place(struct walk *w, struct place *place)
{
    struct efs_link link;
    struct efs_node node;

    int err =
        efs_dir_lookup(&w->fs, &place->dir, place->name, place->len, &link);
    if (err)
        return err == -ENOENT ? 0 : err;
    err = efs_node_read(&w->fs, link.ino, &node);
    if (!err && node.type == ECLIPSEFS_DIRECTORY)
        err = -EISDIR;
    return err ? err
               : remove_name(w, &place->dir, place->name, place->len, &node);
}

/* Removes what has been put of something that does not fit. */
static void
take_back(struct walk *w, struct place *place)
{
    int err = efs_node_read(&w->fs, place->dir.ino, &place->dir);

    if (!err)
        err = remove_tree(w, &place->dir, place->name, place->len);
    if (err && err != -ENOENT)
        complain(place->name, "a part of it is left");
}

bool
edit_put(struct walk *w, const char *source, const char *path)
{
    const char *slash = strrchr(source, '/');
    struct efs_node node;
    struct place place;
    struct stat st;

    if (stat(source, &st) < 0)
        return complain(source, strerror(errno));
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return complain(source, "neither a file nor a directory");
    int err = walk_path(w, path, true, &node);
    if (!err && node.type == ECLIPSEFS_DIRECTORY) {
        place.dir = node;
        place.name = slash ? slash + 1 : source;
        place.len = strlen(place.name);
        if (efs_name_is_hidden(place.name, place.len))
            return complain(source, "a name is needed for it");
    } else {
        err = find_place(w, path, &place);
        if (err)
            return complain(path, walk_strerror(err));
    }
    err = clear_place(w, &place);
    if (!err) {
        err = put_at(w, source, &st, &place);
        if (err)
            take_back(w, &place);
    }
    return !err || complain(path, walk_strerror(err));
}
