/* ls: lists files. */
#include "ls.h"
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <prog.h>
#include <resolve.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: ls [-1AadFhilRrSt] [FILE...]\n"
    "List files, and what is in directories.\n"
    "  -1  one a line            -A  names with a leading dot too\n"
    "  -a  likewise, and . and ..   -d  directories themselves\n"
    "  -F  mark types            -i  inode numbers\n"
    "  -l  details               -R  directories below too\n"
    "  -h  with short sizes      -r  reverse the order\n"
    "  -S  by size               -t  by time of change\n";

struct options options;

static int status;

static void
complain(const char *path)
{
    warn("%s", path);
    status = 1;
}

/* Appends name of directory dir, which is called path, to *entries. */
static void
add(struct entry **entries, size_t *count, int dir, const char *path,
    const char *name)
{
    struct entry *e;

    if ((*count & (*count - 1)) == 0) {
        size_t room = *count ? *count * 2 : 1;
        struct entry *more = realloc(*entries, room * sizeof(*more));
        if (!more)
            err(2, "%s", path);
        *entries = more;
    }
    e = *entries + *count;
    *e = (struct entry){.name = strdup(name)};
    if (!e->name)
        err(2, "%s", path);
    if (fstatat(dir, name, &e->st, AT_SYMLINK_NOFOLLOW) != 0) {
        complain(name);
        free(e->name);
        return;
    }
    if (options.details && S_ISLNK(e->st.st_mode))
        e->target = resolve_link(dir, name);
    ++*count;
}

static int
compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = 0;

    if (options.by_size && x->st.st_size != y->st.st_size)
        order = x->st.st_size > y->st.st_size ? -1 : 1;
    else if (options.by_time && x->st.st_mtime != y->st.st_mtime)
        order = x->st.st_mtime > y->st.st_mtime ? -1 : 1;
    if (!order)
        order = strcmp(x->name, y->name);
    return options.reverse ? -order : order;
}

static void
free_entries(struct entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(entries[i].name);
        free(entries[i].target);
    }
    free(entries);
}

static bool
is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void list_directory(const char *path);

static void
list_below(const char *path, const struct entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *below;
        if (!S_ISDIR(entries[i].st.st_mode) || is_dots(entries[i].name))
            continue;
        if (asprintf(&below, "%s/%s", strcmp(path, "/") == 0 ? "" : path,
                     entries[i].name) < 0)
            err(2, "%s", path);
        printf("\n%s:\n", below);
        list_directory(below);
        free(below);
    }
}

static void
list_directory(const char *path)
{
    DIR *d = opendir(path);
    struct entry *entries = NULL;
    struct dirent *e;
    size_t count = 0;

    if (!d) {
        complain(path);
        return;
    }
    errno = 0;
    while ((e = readdir(d)))
        if (e->d_name[0] != '.' || options.all ||
            (options.almost_all && !is_dots(e->d_name)))
            add(&entries, &count, dirfd(d), path, e->d_name);
    if (errno)
        complain(path);
    closedir(d);
    qsort(entries, count, sizeof(*entries), compare);
    show_entries(entries, count);
    if (options.recursive)
        list_below(path, entries, count);
    free_entries(entries, count);
}

static bool
is_directory(const char *path)
{
    struct stat st;

    /* A link to a directory is shown as a link in the long form. */
    return !options.directories &&
           (options.details ? lstat(path, &st) : stat(path, &st)) == 0 &&
           S_ISDIR(st.st_mode);
}

/* Files first, together; then each directory under its name. */
static void
list_operands(char **paths, int count)
{
    struct entry *files = NULL;
    size_t file_count = 0;
    bool titles = count > 1 || options.recursive, first = true;

    for (int i = 0; i < count; i++)
        if (!is_directory(paths[i]))
            add(&files, &file_count, AT_FDCWD, paths[i], paths[i]);
    if (file_count > 0) {
        qsort(files, file_count, sizeof(*files), compare);
        show_entries(files, file_count);
        first = false;
    }
    free_entries(files, file_count);
    for (int i = 0; i < count; i++) {
        if (!is_directory(paths[i]))
            continue;
        if (titles)
            printf("%s%s:\n", first ? "" : "\n", paths[i]);
        first = false;
        list_directory(paths[i]);
    }
}

static void
set_option(int letter)
{
    options.one_column |= letter == '1';
    options.almost_all |= letter == 'A';
    options.all |= letter == 'a';
    options.directories |= letter == 'd';
    options.classify |= letter == 'F';
    options.human |= letter == 'h';
    options.inodes |= letter == 'i';
    options.details |= letter == 'l';
    options.recursive |= letter == 'R';
    options.reverse |= letter == 'r';
    options.by_size |= letter == 'S';
    options.by_time |= letter == 't';
}

int
main(int argc, char **argv)
{
    static char *here[] = {(char *)"."};
    int c;

    while ((c = prog_option(argc, argv, "1AadFhilRrSt", usage)) != -1)
        set_option(c);
    options.one_column |= !isatty(STDOUT_FILENO);
    if (optind == argc)
        list_operands(here, 1);
    else
        list_operands(argv + optind, argc - optind);
    prog_exit(status);
}
