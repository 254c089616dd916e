#include <stdlib.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The array that environ points to once it is ours, and its room. */
static char **owned;
static size_t owned_slots;

/* The slot of name in environ, or the terminating one. */
static char **
find_slot(const char *name, size_t len)
{
    char **slot = environ;

    while (*slot && (strncmp(*slot, name, len) != 0 || (*slot)[len] != '='))
        slot++;
    return slot;
}

static int
name_is_bad(const char *name)
{
    return !name || !*name || strchr(name, '=') != NULL;
}

char *
getenv(const char *name)
{
    size_t len = strlen(name);
    char **slot = find_slot(name, len);

    return *slot ? *slot + len + 1 : NULL;
}

/* Makes room for one more string; 0 or -1. */
static int
make_slot(size_t used)
{
    char **bigger;

    if (environ == owned && used + 2 <= owned_slots)
        return 0;
    bigger = malloc((used + 16) * sizeof(*bigger));
    if (!bigger)
        return errno_fail(ENOMEM);
    memcpy(bigger, environ, (used + 1) * sizeof(*bigger));
    free(owned);
    owned = environ = bigger;
    owned_slots = used + 16;
    return 0;
}

int
setenv(const char *name, const char *value, int overwrite)
{
    size_t len, used;
    char **slot, *text;

    if (name_is_bad(name))
        return errno_fail(EINVAL);
    len = strlen(name);
    slot = find_slot(name, len);
    if (*slot && !overwrite)
        return 0;
    text = malloc(len + strlen(value) + 2);
    if (!text)
        return errno_fail(ENOMEM);
    memcpy(text, name, len);
    text[len] = '=';
    strcpy(text + len + 1, value);
    /* The old string may lie on the initial stack, so it is not freed. */
    if (!*slot) {
        used = (size_t)(slot - environ);
        if (make_slot(used) != 0) {
            free(text);
            return errno_fail(ENOMEM);
        }
        slot = environ + used;
        slot[1] = NULL;
    }
    *slot = text;
    return 0;
}

int
unsetenv(const char *name)
{
    size_t len;
    char **slot;

    if (name_is_bad(name))
        return errno_fail(EINVAL);
    len = strlen(name);
    while (*(slot = find_slot(name, len)))
        do
            slot[0] = slot[1];
        while (*slot++);
    return 0;
}
