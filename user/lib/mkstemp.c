#include <stdlib.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 100

/* Finds the Xs at the end of template. NULL if there are fewer than six. */
static char *
find_end(char *template)
{
    size_t len = strlen(template), n = 0;

    while (n < len && template[len - 1 - n] == 'X')
        n++;
    return n >= 6 ? template + len - n : NULL;
}

static void
fill(char *at)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789__";
    unsigned char byte;

    for (; *at; at++) {
        if (getrandom(&byte, 1, 0) != 1)
            byte = (unsigned char)rand();
        *at = letters[byte % 64];
    }
}

/* Tries make with one name after the other until one is new. */
static int
try_names(char *template, int (*make)(const char *path))
{
    char *end = find_end(template);
    int result = -1;

    if (!end)
        return errno_fail(EINVAL);
    for (int i = 0; i < TRIES && result < 0; i++) {
        fill(end);
        result = make(template);
        if (result < 0 && errno != EEXIST)
            break;
    }
    return result;
}

static int
make_file(const char *path)
{
    return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)0600);
}

static int
make_private(const char *path)
{
    return mkdir(path, 0700);
}

/* Succeeds if nothing is there. */
static int
make_nothing(const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0)
        return errno_fail(EEXIST);
    return errno == ENOENT ? 0 : -1;
}

int
mkstemp(char *template)
{
    return try_names(template, make_file);
}

char *
mkdtemp(char *template)
{
    return try_names(template, make_private) < 0 ? NULL : template;
}

char *
mktemp(char *template)
{
    return try_names(template, make_nothing) < 0 ? NULL : template;
}
