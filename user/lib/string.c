#include <string.h>
#include <strings.h>
#include <ctype.h>
#include <stdlib.h>

size_t
strlen(const char *s)
{
    const char *end = s;

    while (*end)
        end++;
    return (size_t)(end - s);
}

size_t
strnlen(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n])
        n++;
    return n;
}

int
strcmp(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

int
strncmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a++, b++)
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

int
strcasecmp(const char *a, const char *b)
{
    return strncasecmp(a, b, (size_t)-1);
}

int
strncasecmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a++, b++) {
        int d = tolower((unsigned char)*a) - tolower((unsigned char)*b);
        if (d || !*a)
            return d;
    }
    return 0;
}

char *
strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c)
            return (char *)s;
        if (!*s)
            return NULL;
    }
}

char *
strrchr(const char *s, int c)
{
    const char *last = NULL;

    for (;; s++) {
        if (*s == (char)c)
            last = s;
        if (!*s)
            return (char *)last;
    }
}

char *
strstr(const char *s, const char *part)
{
    size_t n = strlen(part);

    for (; (s = n ? strchr(s, part[0]) : s); s++)
        if (strncmp(s, part, n) == 0)
            return (char *)s;
    return NULL;
}

size_t
strspn(const char *s, const char *set)
{
    size_t n = 0;

    while (s[n] && strchr(set, s[n]))
        n++;
    return n;
}

size_t
strcspn(const char *s, const char *set)
{
    size_t n = 0;

    while (s[n] && !strchr(set, s[n]))
        n++;
    return n;
}

char *
strpbrk(const char *s, const char *set)
{
    s += strcspn(s, set);
    return *s ? (char *)s : NULL;
}

char *
strsep(char **s, const char *delimiters)
{
    char *start = *s, *end;

    if (!start)
        return NULL;
    end = start + strcspn(start, delimiters);
    *s = *end ? end + 1 : NULL;
    *end = '\0';
    return start;
}

char *
strtok_r(char *s, const char *delimiters, char **rest)
{
    if (!s)
        s = *rest;
    if (s)
        s += strspn(s, delimiters);
    if (!s || !*s) {
        *rest = NULL;
        return NULL;
    }
    *rest = s;
    return strsep(rest, delimiters);
}

char *
strcpy(char *to, const char *from)
{
    return memcpy(to, from, strlen(from) + 1);
}

char *
strcat(char *to, const char *from)
{
    strcpy(to + strlen(to), from);
    return to;
}

char *
strncpy(char *to, const char *from, size_t n)
{
    size_t len = strnlen(from, n);

    memcpy(to, from, len);
    memset(to + len, 0, n - len);
    return to;
}

size_t
strlcpy(char *to, const char *from, size_t size)
{
    size_t len = strlen(from);

    if (size > 0) {
        size_t n = len < size ? len : size - 1;
        memcpy(to, from, n);
        to[n] = '\0';
    }
    return len;
}

size_t
strlcat(char *to, const char *from, size_t size)
{
    size_t used = strnlen(to, size);

    return used + strlcpy(to + used, from, size - used);
}

char *
strndup(const char *s, size_t max)
{
    size_t n = strnlen(s, max);
    char *copy = malloc(n + 1);

    if (copy) {
        memcpy(copy, s, n);
        copy[n] = '\0';
    }
    return copy;
}

char *
strdup(const char *s)
{
    return strndup(s, (size_t)-1);
}
