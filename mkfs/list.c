#include "list.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "../user/lib/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define READ_SIZE (128u * 1024)

/* ---- Entries in memory ---- */

static int
append(struct list_entries *entries, const struct efs_entry *entry)
{
    if ((entries->count & (entries->count - 1)) == 0) {
        size_t room = entries->count ? 2 * entries->count : 1;
        void *bigger = realloc(entries->entry, room * sizeof entries->entry[0]);
        if (!bigger)
            return -ENOMEM;
        entries->entry = bigger;
    }
    char *name = strndup(entry->name, entry->len);
    if (!name)
        return -ENOMEM;
    entries->entry[entries->count++] =
        (struct list_entry){.name = name, .link = entry->link};
    return 0;
}

/* By name; of equal names the first in the directory comes first. */
static int
compare(const void *a, const void *b)
{
    const struct list_entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    if (order)
        return order;
    return x->link.pos < y->link.pos ? -1 : x->link.pos > y->link.pos;
}

/* Keeps the first of equal names. Returns -EUCLEAN if there were any. */
static int
drop_duplicates(struct list_entries *entries, const char *path)
{
    size_t kept = 0;
    int err = 0;

    for (size_t i = 0; i < entries->count; i++) {
        struct list_entry *e = &entries->entry[i];
        if (kept && strcmp(entries->entry[kept - 1].name, e->name) == 0) {
            fprintf(stderr, "%s/%s: duplicate name, inode %u is hidden\n", path,
                    e->name, e->link.ino);
            free(e->name);
            err = -EUCLEAN;
        } else {
            entries->entry[kept++] = *e;
        }
    }
    entries->count = kept;
    return err;
}

int
list_read(struct walk *w, const struct efs_node *dir, const char *path,
          struct list_entries *entries)
{
    struct efs_entry entry;
    struct efs_dir d;
    unsigned hidden = 0;
    int found;

    *entries = (struct list_entries){0};
    efs_dir_open(&d, &w->fs, dir, 0);
    while ((found = efs_dir_next(&d, &entry)) > 0) {
        int err = 0;
        if (entry.hidden)
            hidden++;
        else
            err = append(entries, &entry);
        if (err) {
            found = err;
            break;
        }
    }
    efs_dir_close(&d);
    if (hidden)
        fprintf(stderr, "%s/: %u entries with names no path can hold\n", path,
                hidden);
    if (entries->count)
        qsort(entries->entry, entries->count, sizeof entries->entry[0],
              compare);
    int err = drop_duplicates(entries, path);
    return found < 0 ? found : err;
}

void
list_free(struct list_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        free(entries->entry[i].name);
    free(entries->entry);
    *entries = (struct list_entries){0};
}

/* ---- Printing ---- */

static void
print_name(const char *name)
{
    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;
        if (c < ' ' || c == 0x7f || c == '\\')
            printf("\\x%02x", c);
        else
            putchar(c);
    }
}

static void
report_entry(const char *path, const char *name, int err)
{
    fprintf(stderr, "%s/%s: %s\n", path, name, walk_strerror(err));
}

static uint64_t
length_of(const struct efs_node *node)
{
    return node->type == ECLIPSEFS_DIRECTORY ? 0 : efs_node_length(node);
}

static char
type_letter(const struct efs_node *node)
{
    switch (node->mode & S_IFMT) {
    case S_IFDIR:
        return 'd';
    case S_IFLNK:
        return 'l';
    case S_IFCHR:
        return 'c';
    case S_IFBLK:
        return 'b';
    case S_IFIFO:
        return 'p';
    case S_IFSOCK:
        return 's';
    default:
        return 'f';
    }
}

static void
print_mode(const struct efs_node *node)
{
    static const char letters[] = "rwxrwxrwx";
    char text[] = "?---------";
    uint32_t mode = node->mode;

    text[0] = S_ISREG(mode) ? '-' : type_letter(node);
    for (int i = 0; i < 9; i++)
        if (mode & 0400u >> i)
            text[1 + i] = letters[i];
    if (mode & 04000)
        text[3] = mode & 0100 ? 's' : 'S';
    if (mode & 02000)
        text[6] = mode & 0010 ? 's' : 'S';
    if (mode & 01000)
        text[9] = mode & 0001 ? 't' : 'T';
    fputs(text, stdout);
}

static int
print_target(struct walk *w, const struct efs_node *node)
{
    char target[WALK_PATH_MAX + 1];
    int64_t n = efs_file_read(&w->fs, node, 0, target, WALK_PATH_MAX);

    if (n < 0)
        return (int)n;
    target[n] = '\0';
    fputs(" -> ", stdout);
    print_name(target);
    return 0;
}

static int
print_details(struct walk *w, const struct efs_node *node, const char *name)
{
    time_t mtime = (time_t)node->mtime;
    struct tm tm;
    char when[32];
    int err = 0;

    if (!gmtime_r(&mtime, &tm) ||
        !strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm))
        snprintf(when, sizeof when, "@%llu", (unsigned long long)node->mtime);
    print_mode(node);
    printf(" %3u %5u %5u %10llu %s ", node->nlink, node->uid, node->gid,
           (unsigned long long)length_of(node), when);
    print_name(name);
    if (node->type == ECLIPSEFS_SYMLINK)
        err = print_target(w, node);
    putchar('\n');
    return err;
}

static int
print_entry(struct walk *w, const struct efs_node *dir,
            const struct list_entry *entry, bool details)
{
    struct efs_node node;

    if (!details) {
        print_name(entry->name);
        putchar('\n');
        return 0;
    }
    int err = walk_link(w, dir, &entry->link, &node);
    return err ? err : print_details(w, &node, entry->name);
}

int
list_directory(struct walk *w, const struct efs_node *dir, const char *name,
               bool details)
{
    struct list_entries entries;

    if (dir->type != ECLIPSEFS_DIRECTORY) {
        if (details)
            return print_details(w, dir, name);
        print_name(name);
        putchar('\n');
        return 0;
    }
    int result = list_read(w, dir, name, &entries);
    for (size_t i = 0; i < entries.count; i++) {
        int err = print_entry(w, dir, &entries.entry[i], details);
        if (err) {
            report_entry(name, entries.entry[i].name, err);
            result = err;
        }
    }
    list_free(&entries);
    return result;
}

/* ---- The manifest ---- */

static int
hash_content(struct walk *w, const struct efs_node *node, char hex[65])
{
    static uint8_t piece[READ_SIZE];
    struct sha256 sha;
    uint64_t offset = 0;

    sha256_begin(&sha);
    while (offset < efs_node_length(node)) {
        int64_t n = efs_file_read(&w->fs, node, offset, piece, sizeof piece);
        if (n < 0)
            return (int)n;
        sha256_add(&sha, piece, (size_t)n);
        offset += (uint64_t)n;
    }
    sha256_end(&sha, hex);
    return 0;
}

static int
print_line(struct walk *w, const struct efs_node *node, const char *path)
{
    bool is_dir = node->type == ECLIPSEFS_DIRECTORY;
    char hex[65] = "-";

    if (!is_dir) {
        int err = hash_content(w, node, hex);
        if (err)
            return err;
    }
    print_name(*path ? path : "/");
    printf("\t%c\t%o\t%llu\t%s\t%u\t%u\t%u\t%llu\t%llu\t%llu\t%llu\t%u\n",
           type_letter(node), node->mode, (unsigned long long)node->size, hex,
           node->uid, node->gid, node->nlink, (unsigned long long)node->atime,
           (unsigned long long)node->mtime, (unsigned long long)node->ctime,
           (unsigned long long)length_of(node), node->ino);
    return 0;
}

/* A directory whose entries are being listed; a tree can be deeper than the
 * stack of a recursive function. */
struct level {
    struct level *up;
    struct efs_node dir;
    char *path;
    struct list_entries entries;
    size_t next;
};

/* Prints dir and, if it is a directory, goes into it. */
static int
enter(struct walk *w, const struct efs_node *node, const char *path,
      struct level **top)
{
    int err = print_line(w, node, path);
    if (err || node->type != ECLIPSEFS_DIRECTORY)
        return err;
    struct level *level = calloc(1, sizeof *level);
    if (!level)
        return -ENOMEM;
    level->dir = *node;
    level->path = strdup(path);
    if (!level->path) {
        free(level);
        return -ENOMEM;
    }
    level->up = *top;
    *top = level;
    return list_read(w, node, path, &level->entries);
}

static int
visit_next(struct walk *w, struct level **top)
{
    struct level *level = *top;
    const struct list_entry *entry = &level->entries.entry[level->next++];
    struct efs_node node;
    char *path;

    int err = walk_link(w, &level->dir, &entry->link, &node);
    if (!err && asprintf(&path, "%s/%s", level->path, entry->name) < 0)
        err = -ENOMEM;
    if (err) {
        report_entry(level->path, entry->name, err);
        return err;
    }
    err = enter(w, &node, path, top);
    if (err)
        fprintf(stderr, "%s: %s\n", path, walk_strerror(err));
    free(path);
    return err;
}

int
list_manifest(struct walk *w, const struct efs_node *dir, const char *path)
{
    struct level *top = NULL;
    int result = enter(w, dir, path, &top);

    while (top) {
        if (top->next < top->entries.count) {
            int err = visit_next(w, &top);
            result = err ? err : result;
            continue;
        }
        struct level *done = top;
        top = done->up;
        list_free(&done->entries);
        free(done->path);
        free(done);
    }
    return result;
}
