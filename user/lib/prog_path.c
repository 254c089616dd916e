#include <prog.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *
prog_join(const char *dir, const char *name)
{
    size_t len = strlen(dir);
    bool has_slash = len > 0 && dir[len - 1] == '/';

    return prog_format("%s%s%s", dir, has_slash ? "" : "/", name);
}

char *
prog_last_part(const char *path)
{
    size_t end = strlen(path), start;

    while (end > 1 && path[end - 1] == '/')
        end--;
    for (start = end; start > 0 && path[start - 1] != '/';)
        start--;
    if (start == end && end > 0)
        start--;
    return prog_format("%.*s", (int)(end - start), path + start);
}

bool
prog_is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool
prog_each_source(char **operands, int count, bool into,
                 bool (*each)(const char *from, const char *to))
{
    const char *last = operands[count - 1];
    bool good = true;

    if (count > 2 && !into)
        errx(1, "%s: not a directory", last);
    for (int i = 0; i < count - 1; i++) {
        char *base = prog_last_part(operands[i]);
        /* What is in a directory called .. goes into last, not above it. */
        char *to = into ? prog_join(last, base + (strcmp(base, "..") == 0))
                        : prog_format("%s", last);
        good &= each(operands[i], to);
        free(base);
        free(to);
    }
    return good;
}
