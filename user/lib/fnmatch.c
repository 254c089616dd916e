#include <fnmatch.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Matches c with the set behind '['. Returns what follows its ']', or NULL
 * if there is none: then '[' stands for itself. */
static const char *
match_set(const char *p, unsigned char c, bool *matched)
{
    bool negated = *p == '!' || *p == '^';
    bool found = false;
    const char *first;

    p += negated;
    for (first = p; *p && (*p != ']' || p == first); p++) {
        unsigned char low, high;
        if (*p == '\\' && p[1])
            p++;
        low = high = (unsigned char)*p;
        if (p[1] == '-' && p[2] && p[2] != ']') {
            p += 2;
            high = (unsigned char)*p;
        }
        found |= c >= low && c <= high;
    }
    if (!*p)
        return NULL;
    *matched = found != negated;
    return p + 1;
}

/* Matches one byte of name. Returns the rest of the pattern, or NULL. */
static const char *
match_one(const char *p, unsigned char c)
{
    bool matched;
    const char *rest;

    if (c == '\0')
        return NULL;
    if (*p == '?')
        return p + 1;
    if (*p == '[' && (rest = match_set(p + 1, c, &matched)))
        return matched ? rest : NULL;
    if (*p == '\\' && p[1])
        p++;
    return (unsigned char)*p == c ? p + 1 : NULL;
}

int
fnmatch(const char *p, const char *name, int flags)
{
    /* Where to try again: behind the last star, one byte further on. An
     * earlier star need not be tried again, so this is never exponential. */
    const char *star = NULL, *from = NULL;

    if ((flags & FNM_PERIOD) && *name == '.' && *p != '.' &&
        strncmp(p, "\\.", 2) != 0)
        return FNM_NOMATCH;
    for (;;) {
        const char *rest;
        if (*p == '*') {
            star = ++p;
            from = name;
        } else if (*p && (rest = match_one(p, (unsigned char)*name))) {
            p = rest;
            name++;
        } else if (!*p && !*name) {
            return 0;
        } else if (star && *from) {
            p = star;
            name = ++from;
        } else {
            return FNM_NOMATCH;
        }
    }
}
