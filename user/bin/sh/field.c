#include "field.h"
#include "shell.h"
#include "vars.h"
#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

void
field_quoted(struct expansion *x, char c)
{
    if (strchr("*?[]\\-!^", c))
        text_char(&x->field, '\\');
    text_char(&x->field, c);
    x->started = true;
}

void
field_plain(struct expansion *x, char c)
{
    if (c == '\\') {
        field_quoted(x, c);
        return;
    }
    x->globbing |= c == '*' || c == '?' || c == '[';
    text_char(&x->field, c);
    x->started = true;
}

char *
field_text(char *s)
{
    char *from = s, *to = s;

    for (; *from; from++) {
        if (*from == '\\' && from[1])
            from++;
        *to++ = *from;
    }
    *to = '\0';
    return s;
}

void
field_end(struct expansion *x)
{
    glob_t g;
    char *field;

    if (!x->started || !x->fields)
        return;
    field = text_take(&x->field);
    if (x->globbing && !shell.option_f && glob(field, 0, NULL, &g) == 0) {
        for (size_t i = 0; i < g.gl_pathc; i++)
            strings_add(x->fields, xstrdup(g.gl_pathv[i]));
        globfree(&g);
        free(field);
    } else {
        strings_add(x->fields, field_text(field));
    }
    x->started = x->globbing = false;
}

void
field_value(struct expansion *x, const char *value, bool quoted)
{
    const char *ifs = vars_get("IFS");

    if (!ifs)
        ifs = " \t\n";
    if (quoted)
        x->started = true;
    for (; *value; value++)
        if (quoted)
            field_quoted(x, *value);
        else if (!x->fields || !strchr(ifs, *value))
            field_plain(x, *value);
        else if (x->started || !isspace(*value)) {
            x->started = true;
            field_end(x);
        }
}
