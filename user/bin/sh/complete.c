#include "complete.h"
#include "builtin.h"
#include "vars.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPECIAL " \t|&;<>()$`\"'\\*?[#~"

/* The start of the word that ends at line[cursor]. */
static size_t
word_start(const char *line, size_t cursor)
{
    size_t start = 0;

    for (size_t i = 0; i < cursor; i++)
        if (line[i] == '\\')
            i++;
        else if (strchr(" \t|&;<>()=", line[i]))
            start = i + 1;
    return start < cursor ? start : cursor;
}

/* Whether a command's name is expected at line[from]. */
static bool
at_command(const char *line, size_t from)
{
    while (from > 0 && strchr(" \t", line[from - 1]))
        from--;
    return from == 0 || strchr("|&;(", line[from - 1]) != NULL;
}

static char *
unquoted(const char *s, size_t n)
{
    struct text t = {0};

    text_put(&t, "");
    for (size_t i = 0; i < n; i++)
        if (s[i] != '\\' || i + 1 == n)
            text_char(&t, s[i]);
        else
            text_char(&t, s[++i]);
    return t.bytes;
}

static void
add_unique(struct strings *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return;
    strings_add(names, xstrdup(name));
}

/* Adds entries of dir that begin with prefix; runnable files only if asked. */
static void
add_entries(struct strings *names, const char *dir, const char *prefix,
            bool runnable)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    struct stat st;

    if (!d)
        return;
    while ((e = readdir(d))) {
        struct text name = {0};
        if (strncmp(e->d_name, prefix, strlen(prefix)) != 0 ||
            (e->d_name[0] == '.' && prefix[0] != '.'))
            continue;
        if (fstatat(dirfd(d), e->d_name, &st, 0) != 0)
            st.st_mode = 0;
        if (runnable && (!S_ISREG(st.st_mode) || !(st.st_mode & 0111)))
            continue;
        text_put(&name, e->d_name);
        if (S_ISDIR(st.st_mode))
            text_char(&name, '/');
        add_unique(names, name.bytes);
        text_free(&name);
    }
    closedir(d);
}

static void
add_commands(struct strings *names, const char *prefix)
{
    const char *dirs = vars_get("PATH");

    for (size_t i = 0; builtin_name(i); i++)
        if (strncmp(builtin_name(i), prefix, strlen(prefix)) == 0)
            add_unique(names, builtin_name(i));
    while (dirs && *dirs) {
        size_t n = strcspn(dirs, ":");
        char *dir = strndup(dirs, n);
        if (dir)
            add_entries(names, dir, prefix, true);
        free(dir);
        dirs += n + (dirs[n] == ':');
    }
}

static void
add_files(struct strings *names, const char *word)
{
    const char *slash = strrchr(word, '/'), *home = vars_get("HOME");
    struct text dir = {0};

    if (slash) {
        if (word[0] == '~' && word[1] == '/' && home) {
            text_put(&dir, home);
            word++;
        }
        text_add(&dir, word, (size_t)(slash - word) + 1);
    } else {
        text_put(&dir, ".");
    }
    add_entries(names, dir.bytes, slash ? slash + 1 : word, false);
    text_free(&dir);
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What all names begin with, after head, quoted. */
static char *
common_part(const struct strings *names, const char *head, size_t head_len)
{
    struct text t = {0};
    size_t n = strlen(names->items[0]);

    for (size_t i = 1; i < names->count; i++) {
        size_t same = 0;
        while (same < n && names->items[i][same] == names->items[0][same])
            same++;
        n = same;
    }
    text_add(&t, head, head_len);
    for (size_t i = 0; i < n; i++) {
        if (strchr(SPECIAL, names->items[0][i]))
            text_char(&t, '\\');
        text_char(&t, names->items[0][i]);
    }
    return t.bytes;
}

void
complete(const char *line, size_t cursor, struct completion *to)
{
    size_t from = word_start(line, cursor), head = cursor;
    char *word = unquoted(line + from, cursor - from);

    *to = (struct completion){.from = from};
    to->is_path = strchr(word, '/') != NULL;
    if (!to->is_path && at_command(line, from))
        add_commands(&to->names, word);
    else
        add_files(&to->names, word);
    free(word);
    if (to->names.count == 0)
        return;
    qsort(to->names.items, to->names.count, sizeof(char *), compare);
    while (head > from && line[head - 1] != '/')
        head--;
    to->common = common_part(&to->names, line + from, head - from);
}

void
complete_free(struct completion *c)
{
    strings_free(&c->names);
    free(c->common);
}
