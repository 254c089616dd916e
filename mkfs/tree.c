#include "tree.h"

#include "complain.h"
#include "abi/mode.h"

#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of the host with several names, and the inode it became. */
struct link {
    dev_t dev;
    ino_t ino;
    uint32_t inode;
};

struct scan {
    struct tree *tree;
    const struct tree_options *options;
    void *links; /* a tree of struct link, for tsearch */
    struct stat skip;
};

static void *
must(void *memory)
{
    if (!memory) {
        complain("memory", strerror(ENOMEM));
        exit(EXIT_FAILURE);
    }
    return memory;
}

/* ---- Nodes ---- */

/* Returns the new node's inode number. */
static uint32_t
add_node(struct tree *tree)
{
    uint32_t count = tree->count;

    if ((count & (count - 1)) == 0)
        tree->nodes =
            must(realloc(tree->nodes, (count ? 2 * (size_t)count : 1) *
                                          sizeof tree->nodes[0]));
    tree->nodes[count] = (struct tree_node){0};
    return ++tree->count;
}

static struct tree_node *
node_of(struct tree *tree, uint32_t ino)
{
    return &tree->nodes[ino - 1];
}

/* Takes over what the host says about the file. */
static void
set_attributes(struct tree_node *node, const struct stat *st,
               const struct tree_options *options)
{
    node->mode = st->st_mode;
    node->nlink = 1;
    if (options->reproducible) {
        node->atime = node->mtime = node->ctime = options->epoch;
        return;
    }
    node->uid = st->st_uid;
    node->gid = st->st_gid;
    node->atime = (uint64_t)MAX(st->st_atime, 0);
    node->mtime = (uint64_t)MAX(st->st_mtime, 0);
    node->ctime = (uint64_t)MAX(st->st_ctime, 0);
}

static bool
set_target(struct tree_node *node, const char *path)
{
    char target[4096];
    ssize_t n = readlink(path, target, sizeof target);

    if (n < 0)
        return complain(path, strerror(errno));
    if ((size_t)n == sizeof target)
        return complain(path, "the symlink's target is too long");
    node->target = must(strndup(target, (size_t)n));
    node->size = (uint64_t)n;
    return true;
}

static int
compare_links(const void *a, const void *b)
{
    const struct link *x = a, *y = b;
    if (x->dev != y->dev)
        return x->dev < y->dev ? -1 : 1;
    return x->ino < y->ino ? -1 : x->ino > y->ino;
}

/* Returns the inode that another name of this file has got, or 0 after
 * noting that inode is the one from now on. */
static uint32_t
find_link(struct scan *scan, const struct stat *st, uint32_t inode)
{
    struct link *link = must(malloc(sizeof *link));
    *link = (struct link){st->st_dev, st->st_ino, inode};

    struct link **found = must(tsearch(link, &scan->links, compare_links));
    if (*found == link)
        return 0;
    free(link);
    return (*found)->inode;
}

/* ---- Directories ---- */

static int
compare_names(const void *a, const void *b)
{
    const struct tree_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static void
add_to(struct tree_node *dir, const char *name, uint32_t ino)
{
    size_t count = dir->entry_count;

    if ((count & (count - 1)) == 0)
        dir->entries = must(realloc(dir->entries, (count ? 2 * count : 1) *
                                                      sizeof dir->entries[0]));
    dir->entries[count] =
        (struct tree_entry){.name = must(strdup(name)), .ino = ino};
    dir->entry_count++;
}

/* Reads the names of dir, sorted so that the host's order does not show. */
static bool
read_names(struct tree_node *dir)
{
    DIR *d = opendir(dir->path);
    struct dirent *entry;

    if (!d)
        return complain(dir->path, strerror(errno));
    errno = 0;
    while ((entry = readdir(d)))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            add_to(dir, entry->d_name, 0);
    int err = errno;
    closedir(d);
    if (dir->entry_count)
        qsort(dir->entries, dir->entry_count, sizeof dir->entries[0],
              compare_names);
    return err == 0 || complain(dir->path, strerror(err));
}

/* Makes a node of the file at path, which it takes over. Returns whether it
 * could; *ino is 0 if the file is to be left out. */
static bool
add_file(struct scan *scan, char *path, uint32_t *ino)
{
    struct stat st;

    *ino = 0;
    if (lstat(path, &st))
        return complain(path, strerror(errno));
    if (scan->options->skip && st.st_dev == scan->skip.st_dev &&
        st.st_ino == scan->skip.st_ino) {
        complain(path, "is the image itself, left out");
        return true;
    }
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode) &&
        !scan->options->devices) {
        complain(path, "is no file, directory or symlink, left out");
        return true;
    }
    if (!S_ISDIR(st.st_mode) && st.st_nlink > 1) {
        *ino = find_link(scan, &st, scan->tree->count + 1);
        if (*ino) {
            node_of(scan->tree, *ino)->nlink++;
            return true;
        }
    }
    *ino = add_node(scan->tree);
    struct tree_node *node = node_of(scan->tree, *ino);
    set_attributes(node, &st, scan->options);
    node->path = must(strdup(path));
    node->type = S_ISDIR(st.st_mode)   ? ECLIPSEFS_DIRECTORY
                 : S_ISLNK(st.st_mode) ? ECLIPSEFS_SYMLINK
                                       : ECLIPSEFS_FILE;
    if (S_ISLNK(st.st_mode))
        return set_target(node, path);
    if (S_ISREG(st.st_mode))
        node->size = (uint64_t)st.st_size;
    node->rdev = st.st_rdev; /* encoded as Linux does */
    return true;
}

/* Gives inodes to the files of directory ino. */
static bool
add_files(struct scan *scan, uint32_t ino)
{
    struct tree_node dir = *node_of(scan->tree, ino);
    size_t kept = 0;
    bool ok = read_names(&dir);

    for (size_t i = 0; i < dir.entry_count; i++) {
        struct tree_entry entry = dir.entries[i];
        char *path;
        if (asprintf(&path, "%s/%s", dir.path, entry.name) < 0)
            must(NULL);
        if (strlen(entry.name) > ECLIPSEFS_NAME_MAX)
            ok = complain(path, "the name is longer than 255 bytes");
        else if (!add_file(scan, path, &entry.ino))
            ok = false;
        free(path);
        if (entry.ino == 0) {
            free(entry.name);
            continue;
        }
        if (node_of(scan->tree, entry.ino)->type == ECLIPSEFS_DIRECTORY)
            dir.nlink++; /* the child's ".." */
        dir.entries[kept++] = entry;
    }
    dir.entry_count = kept;
    *node_of(scan->tree, ino) = dir;
    return ok;
}

static void
add_empty_root(struct scan *scan)
{
    struct tree_node *root = node_of(scan->tree, add_node(scan->tree));
    *root = (struct tree_node){.type = ECLIPSEFS_DIRECTORY,
                               .mode = S_IFDIR | 0755,
                               .nlink = 2,
                               .atime = scan->options->epoch,
                               .mtime = scan->options->epoch,
                               .ctime = scan->options->epoch};
}

bool
tree_scan(struct tree *tree, const char *dir,
          const struct tree_options *options)
{
    struct scan scan = {.tree = tree, .options = options};
    struct tree_options opts = *options;
    uint32_t root;

    *tree = (struct tree){0};
    if (!opts.skip || stat(opts.skip, &scan.skip))
        opts.skip = NULL;
    scan.options = &opts;
    if (!dir) {
        add_empty_root(&scan);
        return true;
    }
    char *path;
    if (asprintf(&path, "%s/.", dir) < 0) /* follows a symlink to dir */
        must(NULL);
    bool ok = add_file(&scan, path, &root);
    free(path);
    if (!ok)
        return false;
    free(node_of(tree, root)->path);
    node_of(tree, root)->path = must(strdup(dir));
    /* Nodes are added while this goes on: breadth first, level by level. */
    for (uint32_t ino = root; ino <= tree->count; ino++) {
        struct tree_node *node = node_of(tree, ino);
        if (node->type != ECLIPSEFS_DIRECTORY)
            continue;
        node->nlink++; /* its own "." */
        if (!add_files(&scan, ino))
            ok = false;
    }
    tdestroy(scan.links, free);
    return ok;
}

void
tree_free(struct tree *tree)
{
    for (uint32_t i = 0; i < tree->count; i++) {
        struct tree_node *node = &tree->nodes[i];
        for (size_t e = 0; e < node->entry_count; e++)
            free(node->entries[e].name);
        free(node->entries);
        free(node->path);
        free(node->target);
    }
    free(tree->nodes);
    *tree = (struct tree){0};
}
