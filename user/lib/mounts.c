#include <mounts.h>
#include <stdlib.h>
#include <string.h>

/* Replaces \040 and the like, which stand for bytes that would end a field. */
static void
decode(char *s)
{
    char *to = s;

    for (; *s; s++) {
        if (s[0] == '\\' && strspn(s + 1, "01234567") >= 3) {
            *to++ =
                (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
            s += 3;
        } else {
            *to++ = *s;
        }
    }
    *to = '\0';
}

static char *
next_field(char **rest)
{
    char *field = *rest + strspn(*rest, " \t");

    *rest = field + strcspn(field, " \t\n");
    if (**rest)
        *(*rest)++ = '\0';
    decode(field);
    return field;
}

bool
mounts_next(FILE *f, struct mount_line *m)
{
    static char *line;
    static size_t size;

    while (getline(&line, &size, f) >= 0) {
        char *rest = line;
        m->device = next_field(&rest);
        m->directory = next_field(&rest);
        m->type = next_field(&rest);
        m->options = next_field(&rest);
        if (*m->options && *m->device != '#')
            return true;
    }
    return false;
}

bool
mounts_has_option(const char *options, const char *name)
{
    size_t len = strlen(name);

    while (strncmp(options, name, len) != 0 ||
           (options[len] && options[len] != ',')) {
        options = strchr(options, ',');
        if (!options++)
            return false;
    }
    return true;
}
