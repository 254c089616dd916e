#include <glob.h>
#include <dirent.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A search: what was found, and the path under construction. */
struct search {
    glob_t *found;
    bool no_space;
    char path[PATH_MAX];
};

static void
add_path(struct search *s)
{
    glob_t *g = s->found;
    size_t n = g->gl_pathc;
    char **bigger = realloc(g->gl_pathv, (n + 2) * sizeof(*bigger));

    if (bigger)
        g->gl_pathv = bigger;
    if (!bigger || !(bigger[n] = strdup(s->path))) {
        s->no_space = true;
        return;
    }
    bigger[n + 1] = NULL;
    g->gl_pathc++;
}

static void
unquote(char *s)
{
    char *to = s;

    for (; *s; s++) {
        if (*s == '\\' && s[1])
            s++;
        *to++ = *s;
    }
    *to = '\0';
}

static void expand_from(struct search *s, size_t used, const char *pattern);

/* Goes on with rest, which is empty or begins with slashes, below the name
 * that was put at path[used]. */
static void
descend(struct search *s, size_t used, const char *rest)
{
    struct stat st;
    size_t slashes = strspn(rest, "/");

    used += strlen(s->path + used);
    if (used + slashes >= sizeof(s->path))
        return;
    if (slashes > 0 && (stat(s->path, &st) != 0 || !S_ISDIR(st.st_mode)))
        return;
    memcpy(s->path + used, rest, slashes);
    s->path[used + slashes] = '\0';
    if (!rest[slashes]) {
        if (lstat(s->path, &st) == 0)
            add_path(s);
        return;
    }
    expand_from(s, used + slashes, rest + slashes);
}

/* Tries every name of the directory path[0..used) with one component. */
static void
scan(struct search *s, size_t used, const char *component, const char *rest)
{
    DIR *d = opendir(used ? s->path : ".");
    struct dirent *e;

    if (!d)
        return;
    while ((e = readdir(d))) {
        if (fnmatch(component, e->d_name, FNM_PERIOD) != 0 ||
            used + strlen(e->d_name) >= sizeof(s->path))
            continue;
        strcpy(s->path + used, e->d_name);
        descend(s, used, rest);
    }
    closedir(d);
    s->path[used] = '\0';
}

static void
expand_from(struct search *s, size_t used, const char *pattern)
{
    char component[NAME_MAX + 1];
    size_t len = strcspn(pattern, "/");

    if (len >= sizeof(component))
        return;
    memcpy(component, pattern, len);
    component[len] = '\0';
    if (strpbrk(component, "*?[")) {
        scan(s, used, component, pattern + len);
        return;
    }
    unquote(component);
    if (used + strlen(component) >= sizeof(s->path))
        return;
    strcpy(s->path + used, component);
    descend(s, used, pattern + len);
}

static int
compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int
glob(const char *pattern, int flags, int (*on_error)(const char *, int),
     glob_t *to)
{
    struct search *s = calloc(1, sizeof(*s));
    size_t root = strspn(pattern, "/");
    bool no_space = true;

    (void)flags;
    (void)on_error;
    memset(to, 0, sizeof(*to));
    if (s && root < sizeof(s->path)) {
        s->found = to;
        memcpy(s->path, pattern, root);
        if (pattern[root])
            expand_from(s, root, pattern + root);
        else
            descend(s, root, "");
        no_space = s->no_space;
    }
    free(s);
    if (no_space)
        return GLOB_NOSPACE;
    if (to->gl_pathc == 0)
        return GLOB_NOMATCH;
    qsort(to->gl_pathv, to->gl_pathc, sizeof(char *), compare_paths);
    return 0;
}

void
globfree(glob_t *g)
{
    for (size_t i = 0; i < g->gl_pathc; i++)
        free(g->gl_pathv[i]);
    free(g->gl_pathv);
    memset(g, 0, sizeof(*g));
}
