#include "find.h"
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <mode.h>
#include <owner.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <sys/cdefs.h>
#include <unistd.h>

static bool
compare(const struct number *n, uint64_t value)
{
    return n->sign == '+'   ? value > n->value
           : n->sign == '-' ? value < n->value
                            : value == n->value;
}

/* Reads a sign and digits; returns what follows them. */
static const char *
read_digits(struct number *n, const char *text)
{
    char *end;

    n->sign = *text == '+' || *text == '-' ? *text++ : '\0';
    n->value = strtoul(text, &end, 10);
    if (!isdigit(*text))
        errx(2, "%s: not a number", text);
    return end;
}

static void
read_number(struct node *n, const char *text)
{
    if (*read_digits(&n->count, text))
        errx(2, "%s: not a number", text);
}

static void
read_size(struct node *n, const char *text)
{
    static const struct {
        const char *text;
        uint64_t unit;
    } units[] = {{"", 512},   {"b", 512},     {"c", 1},      {"w", 2},
                 {"k", 1024}, {"M", 1 << 20}, {"G", 1 << 30}};
    const char *unit = read_digits(&n->count, text);

    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (strcmp(units[i].text, unit) == 0)
            n->count.unit = units[i].unit;
    if (!n->count.unit)
        errx(2, "%s: not a size", text);
}

static bool
holds_size(struct node *n, const struct walk_entry *e)
{
    uint64_t unit = n->count.unit;

    return compare(&n->count, ((uint64_t)e->st.st_size + unit - 1) / unit);
}

static void
read_days(struct node *n, const char *text)
{
    read_number(n, text);
    n->count.unit = 86400;
}

static void
read_minutes(struct node *n, const char *text)
{
    read_number(n, text);
    n->count.unit = 60;
}

static bool
holds_age(struct node *n, const struct walk_entry *e)
{
    int64_t age = find.now - e->st.st_mtime;

    /* What is to change in the future is less old than anything. */
    return age < 0 ? n->count.sign == '-'
                   : compare(&n->count, (uint64_t)age / n->count.unit);
}

static void
read_newer(struct node *n, const char *path)
{
    struct stat st;

    if ((find.follow ? stat(path, &st) : lstat(path, &st)) != 0)
        err(1, "%s", path);
    n->time = st.st_mtim;
}

static bool
holds_newer(struct node *n, const struct walk_entry *e)
{
    const struct timespec *t = &e->st.st_mtim;

    return t->tv_sec != n->time.tv_sec ? t->tv_sec > n->time.tv_sec
                                       : t->tv_nsec > n->time.tv_nsec;
}

static bool
holds_name(struct node *n, const struct walk_entry *e)
{
    char *last = e->depth == 0 ? prog_last_part(e->path) : NULL;
    bool result = fnmatch(n->text, last ? last : e->name, 0) == 0;

    free(last);
    return result;
}

/* A copy of text in small letters, from malloc. */
static char *
small(const char *text)
{
    char *copy = prog_format("%s", text);

    for (char *s = copy; *s; s++)
        *s = (char)tolower((unsigned char)*s);
    return copy;
}

static void
read_small(struct node *n, const char *text)
{
    n->text = small(text);
}

static bool
holds_iname(struct node *n, const struct walk_entry *e)
{
    char *last = prog_last_part(e->path), *name = small(last);
    bool result = fnmatch(n->text, name, 0) == 0;

    free(last);
    free(name);
    return result;
}

static bool
holds_path(struct node *n, const struct walk_entry *e)
{
    return fnmatch(n->text, e->path, 0) == 0;
}

static void
read_type(struct node *n, const char *text)
{
    (void)n;
    if (!*text || text[strspn(text, "fdlcbps,")])
        errx(2, "%s: not a type of file", text);
}

static bool
holds_type(struct node *n, const struct walk_entry *e)
{
    mode_t mode = e->st.st_mode;
    char letter = S_ISREG(mode)    ? 'f'
                  : S_ISDIR(mode)  ? 'd'
                  : S_ISLNK(mode)  ? 'l'
                  : S_ISCHR(mode)  ? 'c'
                  : S_ISBLK(mode)  ? 'b'
                  : S_ISFIFO(mode) ? 'p'
                                   : 's';

    return strchr(n->text, letter) != NULL;
}

static void
read_permissions(struct node *n, const char *text)
{
    mode_t mode;

    n->count.sign = *text == '-' || *text == '/' ? *text++ : '\0';
    if (!mode_parse(text, 0, false, 0, &mode))
        errx(2, "%s: not a mode", text);
    n->count.value = mode;
}

static bool
holds_permissions(struct node *n, const struct walk_entry *e)
{
    mode_t mode = e->st.st_mode & 07777, wanted = (mode_t)n->count.value;

    return n->count.sign == '-'   ? (mode & wanted) == wanted
           : n->count.sign == '/' ? !wanted || (mode & wanted)
                                  : mode == wanted;
}

static void
read_user(struct node *n, const char *text)
{
    uid_t user;
    gid_t group;

    if (strchr(text, ':') || !owner_parse(text, &user, &group))
        errx(2, "-user: needs a user");
    n->count.value = user;
}

static void
read_group(struct node *n, const char *text)
{
    gid_t group;

    if (!owner_parse_group(text, &group))
        errx(2, "-group: needs a group");
    n->count.value = group;
}

static bool
holds_user(struct node *n, const struct walk_entry *e)
{
    return e->st.st_uid == n->count.value;
}

static bool
holds_group(struct node *n, const struct walk_entry *e)
{
    return e->st.st_gid == n->count.value;
}

static bool
holds_links(struct node *n, const struct walk_entry *e)
{
    return compare(&n->count, e->st.st_nlink);
}

static bool
holds_inode(struct node *n, const struct walk_entry *e)
{
    return compare(&n->count, e->st.st_ino);
}

static bool
is_empty_directory(const struct walk_entry *e)
{
    int fd = openat(e->dir, e->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    bool empty = true;

    if (!d) {
        find_complain(e->path, errno);
        return false;
    }
    while (empty && (entry = readdir(d)))
        empty =
            strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(d);
    return empty;
}

static bool
holds_empty(struct node *n, const struct walk_entry *e)
{
    (void)n;
    return S_ISDIR(e->st.st_mode) ? is_empty_directory(e)
                                  : S_ISREG(e->st.st_mode) && !e->st.st_size;
}

static bool
holds_true(struct node *n, const struct walk_entry *e)
{
    (void)n;
    (void)e;
    return true;
}

static bool
holds_false(struct node *n, const struct walk_entry *e)
{
    (void)n;
    (void)e;
    return false;
}

const struct primary tests[] = {
    {"-name", true, false, NULL, holds_name},
    {"-iname", true, false, read_small, holds_iname},
    {"-path", true, false, NULL, holds_path},
    {"-type", true, false, read_type, holds_type},
    {"-size", true, false, read_size, holds_size},
    {"-newer", true, false, read_newer, holds_newer},
    {"-mtime", true, false, read_days, holds_age},
    {"-mmin", true, false, read_minutes, holds_age},
    {"-perm", true, false, read_permissions, holds_permissions},
    {"-user", true, false, read_user, holds_user},
    {"-group", true, false, read_group, holds_group},
    {"-links", true, false, read_number, holds_links},
    {"-inum", true, false, read_number, holds_inode},
    {"-empty", false, false, NULL, holds_empty},
    {"-true", false, false, NULL, holds_true},
    {"-false", false, false, NULL, holds_false},
    {NULL, false, false, NULL, NULL},
};
