#include "vars.h"
#include "text.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct var {
    struct var *next;
    char *value; /* NULL: exported, not set yet */
    bool exported;
    char name[];
};

static struct var *vars; /* by name */

static struct var *
find(const char *name, bool create)
{
    struct var **link = &vars, *v;

    while (*link && strcmp((*link)->name, name) < 0)
        link = &(*link)->next;
    if ((*link && strcmp((*link)->name, name) == 0) || !create)
        return *link && strcmp((*link)->name, name) == 0 ? *link : NULL;
    v = xmalloc(sizeof(*v) + strlen(name) + 1);
    strcpy(v->name, name);
    v->value = NULL;
    v->exported = false;
    v->next = *link;
    *link = v;
    return v;
}

size_t
vars_assignment_length(const char *s)
{
    size_t n = 0;

    while (isalnum(s[n]) || s[n] == '_')
        n++;
    return n > 0 && !isdigit(s[0]) && s[n] == '=' ? n : 0;
}

bool
vars_is_name(const char *s)
{
    if (!*s || isdigit(*s))
        return false;
    while (isalnum(*s) || *s == '_')
        s++;
    return !*s;
}

void
vars_init(void)
{
    for (char **e = environ; *e; e++) {
        size_t n = vars_assignment_length(*e);
        char *name;
        if (n == 0)
            continue;
        name = strndup(*e, n);
        if (!name)
            return;
        find(name, true)->exported = true;
        vars_set(name, *e + n + 1);
        free(name);
    }
}

const char *
vars_get(const char *name)
{
    struct var *v = find(name, false);

    return v ? v->value : NULL;
}

void
vars_set(const char *name, const char *value)
{
    struct var *v = find(name, true);
    char *copy = xstrdup(value);

    free(v->value);
    v->value = copy;
    if (v->exported)
        setenv(name, copy, 1);
}

void
vars_unset(const char *name)
{
    struct var **link = &vars;

    while (*link && strcmp((*link)->name, name) != 0)
        link = &(*link)->next;
    if (!*link)
        return;
    struct var *v = *link;
    *link = v->next;
    if (v->exported)
        unsetenv(name);
    free(v->value);
    free(v);
}

void
vars_export(const char *name)
{
    struct var *v = find(name, true);

    v->exported = true;
    if (v->value)
        setenv(name, v->value, 1);
}

/* So that the shell reads it back as it is. */
static void
print_quoted(const char *value)
{
    putchar('\'');
    for (; *value; value++)
        if (*value == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*value);
    putchar('\'');
}

void
vars_print(bool exported_only)
{
    for (struct var *v = vars; v; v = v->next) {
        if (exported_only && !v->exported)
            continue;
        if (!v->value && !exported_only)
            continue;
        printf("%s%s", exported_only ? "export " : "", v->name);
        if (v->value) {
            putchar('=');
            print_quoted(v->value);
        }
        putchar('\n');
    }
}
