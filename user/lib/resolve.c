#include <resolve.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_LINKS 40 /* as the kernel has it */

char *
resolve_link(int dir, const char *path)
{
    char *text = NULL;

    for (size_t room = 256;; room *= 2) {
        char *more = realloc(text, room);
        ssize_t n = more ? readlinkat(dir, path, more, room) : -1;
        text = more ? more : text;
        if (n >= 0 && (size_t)n < room) {
            text[n] = '\0';
            return text;
        }
        if (n < 0) {
            free(text);
            return NULL;
        }
    }
}

/* A resolution that is going on: done has no links in it and no slash at its
 * end ("" is the root); rest is what is to be added to it, and empty or behind
 * a slash while a part is added. From malloc. */
struct resolution {
    char *done, *rest;
    enum resolve_missing missing;
    int links;
};

/* Replaces *text, NULL being out of memory. 0 or -1. */
static int
replace(char **text, char *by)
{
    free(*text);
    *text = by;
    return by ? 0 : errno_fail(ENOMEM);
}

static char *
join(const char *a, const char *between, const char *b)
{
    char *text;

    return asprintf(&text, "%s%s%s", a, between, b) < 0 ? NULL : text;
}

/* Goes on with what the link at path holds. */
static int
follow(struct resolution *r, const char *path)
{
    char *target;
    int result;

    if (++r->links > MOST_LINKS)
        return errno_fail(ELOOP);
    target = resolve_link(AT_FDCWD, path);
    if (!target)
        return -1;
    if (target[0] == '/')
        r->done[0] = '\0';
    result = replace(&r->rest, join(target, "", r->rest));
    free(target);
    return result;
}

/* Adds the part called name to what is done; 0 or -1. */
static int
add(struct resolution *r, const char *name)
{
    const char *more = r->rest + strspn(r->rest, "/");
    char *path, *slash;
    struct stat st;
    int result = 0;

    if (strcmp(name, "..") == 0) {
        slash = strrchr(r->done, '/');
        if (slash)
            *slash = '\0';
        return 0;
    }
    path = join(r->done, "/", name);
    if (!path)
        return errno_fail(ENOMEM);
    if (lstat(path, &st) != 0) {
        if (r->missing == RESOLVE_NONE ||
            (r->missing == RESOLVE_LAST && (*more || errno != ENOENT)))
            result = -1;
    } else if (S_ISLNK(st.st_mode)) {
        result = follow(r, path);
        free(path);
        return result;
    } else if (*r->rest && !S_ISDIR(st.st_mode) && r->missing != RESOLVE_ANY) {
        result = errno_fail(ENOTDIR);
    }
    if (result == 0)
        return replace(&r->done, path);
    free(path);
    return result;
}

/* Cuts the first part off rest and adds it; 0 or -1. */
static int
step(struct resolution *r)
{
    size_t len = strcspn(r->rest, "/");
    char *name = strndup(r->rest, len);
    int result;

    if (!name)
        return -1;
    memmove(r->rest, r->rest + len, strlen(r->rest + len) + 1);
    result = strcmp(name, ".") == 0 ? 0 : add(r, name);
    free(name);
    return result;
}

char *
resolve_path(const char *path, enum resolve_missing missing)
{
    struct resolution r = {.missing = missing};
    int result = 0;
    size_t slashes;

    if (!*path) {
        errno = ENOENT;
        return NULL;
    }
    r.rest = strdup(path);
    r.done = *path == '/' ? strdup("") : getcwd(NULL, 0);
    if (!r.rest || !r.done)
        result = -1;
    else if (strcmp(r.done, "/") == 0)
        r.done[0] = '\0';
    while (result == 0 && *r.rest) {
        slashes = strspn(r.rest, "/");
        if (slashes)
            memmove(r.rest, r.rest + slashes, strlen(r.rest + slashes) + 1);
        if (*r.rest)
            result = step(&r);
    }
    if (result == 0 && !*r.done)
        result = replace(&r.done, strdup("/"));
    free(r.rest);
    if (result == 0)
        return r.done;
    free(r.done);
    return NULL;
}

char *
realpath(const char *path, char *to)
{
    char *resolved = resolve_path(path, RESOLVE_NONE);

    if (!to || !resolved)
        return resolved;
    if (strlcpy(to, resolved, PATH_MAX) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        to = NULL;
    }
    free(resolved);
    return to;
}
