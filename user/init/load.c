#include "load.h"
#include "log.h"
#include "output_log.h"
#include "service.h"
#include "state.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Notes the first error of a file and prints all. */
struct load {
    struct config_listener listener;
    const char *name;
    unsigned errors;
    char first[SERVICE_REASON_MAX];
};

static void
print_error(struct config_listener *listener, unsigned line, const char *text)
{
    struct load *l = (struct load *)listener;
    char where[32] = "";

    if (line)
        snprintf(where, sizeof(where), "line %u: ", line);
    log_error("/etc/services.d/%s: %s%s", l->name, where, text);
    if (l->errors++ == 0)
        snprintf(l->first, sizeof(l->first), "its file, %s%s", where, text);
}

/* Whether the machine was booted as the file's `when` wants it. */
static bool
is_time(const struct config *c, char *const *words)
{
    const char *word = c->when;
    bool without = word && *word == '!';

    if (!word)
        return true;
    for (word += without; *words; words++)
        if (strcmp(*words, word) == 0)
            return !without;
    return without;
}

static struct service *
load(struct load *l, const char *text, char *const *words)
{
    struct config *config;
    struct service *s;

    l->listener.complain = print_error;
    config = config_parse(l->name, text, &l->listener);
    s = config ? service_add(config) : NULL;
    if (!s) {
        log_error("%s: no memory for it", l->name);
        config_free(config);
        return NULL;
    }
    if (!is_time(config, words))
        s->enabled = false;
    if (l->errors) {
        s->broken = true;
        state_event(s, SERVICE_GAVE_UP, "%s", l->first);
    }
    return s;
}

struct service *
load_text(const char *name, const char *text, char *const *words)
{
    struct load l = {.name = name};

    return load(&l, text, words);
}

/* "init", and what begins so and goes on with a dash: init's own log, and its
 * own services, have such names. */
static bool
is_reserved(const char *name)
{
    return strncmp(name, "init", 4) == 0 && (name[4] == '\0' || name[4] == '-');
}

/* "NAME.1", ...: what the log of NAME is called when it has become old. */
static bool
is_older_log(const char *name)
{
    size_t n = strlen(name);

    return n > 2 && name[n - 2] == '.' && name[n - 1] >= '1' &&
           name[n - 1] <= '0' + (int)OUTPUT_LOG_KEPT;
}

/* Reads a whole file into text, which has room for CONFIG_FILE_MAX + 1 bytes.
 * NULL, or why not. */
static const char *
read_file(int dir, const char *name, char *text)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n;

    if (fd < 0)
        return strerror(errno);
    n = read(fd, text, CONFIG_FILE_MAX + 1);
    int error = errno;
    close(fd);
    if (n < 0)
        return strerror(error);
    if (n > CONFIG_FILE_MAX)
        return "larger than a service file may be";
    text[n] = '\0';
    return strlen(text) == (size_t)n ? NULL : "has a byte 0";
}

static void
load_file(int dir, const char *name, char *const *words)
{
    static char text[CONFIG_FILE_MAX + 2];
    struct load l = {.name = name};
    const char *error = is_reserved(name)    ? "a name of init's own"
                        : is_older_log(name) ? "the name of another's older log"
                                             : read_file(dir, name, text);

    if (error) {
        print_error(&l.listener, 0, error);
        text[0] = '\0';
    }
    load(&l, text, words);
}

int
load_directory(const char *path, char *const *words)
{
    DIR *dir = opendir(path);
    struct dirent *e;
    int count = 0;

    if (!dir)
        return -errno;
    while ((e = readdir(dir))) {
        /* Hidden files, and what editors leave behind. */
        if (e->d_name[0] == '.' || strchr(e->d_name, '~'))
            continue;
        load_file(dirfd(dir), e->d_name, words);
    }
    closedir(dir);
    for (struct service *s = service_next(NULL); s; s = service_next(s))
        count += !s->broken;
    return count;
}
