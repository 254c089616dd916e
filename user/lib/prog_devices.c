#include <dirent.h>
#include <err.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>

static int
compare_devices(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    size_t n = strlen(x), m = strlen(y);

    return n != m ? (n > m) - (n < m) : strcmp(x, y);
}

char **
prog_list_devices(const char *directory, size_t *count)
{
    DIR *d = opendir(directory);
    char **names = NULL;
    struct dirent *e;

    *count = 0;
    if (!d)
        err(1, "%s", directory);
    while ((e = readdir(d))) {
        if (e->d_name[0] == '.')
            continue;
        names = prog_realloc(names, (*count + 1) * sizeof(*names));
        names[(*count)++] = prog_format("%s", e->d_name);
    }
    closedir(d);
    qsort(names, *count, sizeof(*names), compare_devices);
    return names;
}
