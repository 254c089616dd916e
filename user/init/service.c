#include "service.h"
#include "state.h"
#include "supervise.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where it is kept which services start, if not as their files say. */
#define ENABLED_DIR "/var/lib/init"

static struct service *services;
static bool starts_forbidden;

/* ---- The table ---- */

struct service *
service_next(const struct service *s)
{
    return s ? s->next : services;
}

struct service *
service_find(const char *name)
{
    for (struct service *s = services; s; s = s->next)
        if (strcmp(s->config->name, name) == 0)
            return s;
    return NULL;
}

static void
enabled_path(const struct service *s, const char *suffix, char *to, size_t size)
{
    snprintf(to, size, ENABLED_DIR "/%s%s", s->config->name, suffix);
}

/* What the file in ENABLED_DIR says, or else the service's own. */
static bool
read_enabled(const struct service *s)
{
    char path[80], word[8];
    int fd;
    ssize_t n;

    enabled_path(s, "", path, sizeof(path));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return s->config->enable;
    n = read(fd, word, sizeof(word));
    close(fd);
    return n > 0 ? word[0] == 'y' : s->config->enable;
}

struct service *
service_add(struct config *config)
{
    struct service *s = calloc(1, sizeof(*s)), **at = &services;

    if (!s)
        return NULL;
    s->config = config;
    s->supervision = supervise_add(s);
    if (!s->supervision) {
        free(s);
        return NULL;
    }
    s->exit_status = -1;
    s->health = -1;
    s->enabled = read_enabled(s);
    while (*at && strcmp((*at)->config->name, config->name) < 0)
        at = &(*at)->next;
    s->next = *at;
    *at = s;
    return s;
}

/* ---- Starting ---- */

void
service_forbid_starts(void)
{
    starts_forbidden = true;
}

static void
start_all(const struct config_list *names, const char *why)
{
    for (size_t i = 0; i < names->count; i++) {
        struct service *s = service_find(names->items[i]);
        if (s && !s->wanted)
            (void)service_start(s, why);
    }
}

int
service_start(struct service *s, const char *why)
{
    char because[80];

    if (starts_forbidden)
        return -ECANCELED;
    if (s->broken)
        return -ENOEXEC;
    s->wanted = true;
    s->again = s->blocked = false;
    supervise_forget(s);
    if (s->state == SERVICE_FAILED || s->state == SERVICE_NO_DEVICE)
        state_event(s, SERVICE_RESET, "%s", why);
    else if (s->state == SERVICE_STOPPED)
        state_note(s, "%s", why);
    snprintf(because, sizeof(because), "for %s", s->config->name);
    start_all(&s->config->requires, because);
    start_all(&s->config->wants, because);
    return 0;
}

/* ---- Stopping ---- */

/* Stops s and all that require it; again: and starts again what is up. */
static void
stop(struct service *s, const char *why, bool again)
{
    char because[80];

    snprintf(because, sizeof(because), "%s is stopped", s->config->name);
    for (struct service *t = services; t; t = t->next)
        if (t != s && t->wanted &&
            config_lists(&t->config->requires, s->config->name))
            stop(t, because, again);
    s->again = again && s->wanted;
    s->wanted = false;
    supervise_forget(s);
    if (s->state != SERVICE_FAILED && s->state != SERVICE_NO_DEVICE)
        state_note(s, "%s", why);
}

void
service_stop(struct service *s, const char *why)
{
    stop(s, why, false);
}

void
service_stop_all(const char *why)
{
    for (struct service *s = services; s; s = s->next)
        stop(s, why, false);
}

int
service_restart(struct service *s, const char *why)
{
    bool up = s->wanted;

    if (starts_forbidden)
        return -ECANCELED;
    if (s->broken)
        return -ENOEXEC;
    stop(s, why, true);
    return up ? 0 : service_start(s, why);
}

int
service_reload(struct service *s)
{
    if (!s->config->reload_signal)
        return -EOPNOTSUPP;
    if (s->pid == 0)
        return -ESRCH;
    return kill(s->pid, s->config->reload_signal) == 0 ? 0 : -errno;
}

/* ---- Enabling ---- */

/* A file that is there is whole: it is written beside and then renamed. */
int
service_set_enabled(struct service *s, bool enabled)
{
    char path[80], beside[80];
    const char *word = enabled ? "yes\n" : "no\n";
    int fd;

    enabled_path(s, "", path, sizeof(path));
    enabled_path(s, "~", beside, sizeof(beside));
    mkdir("/var", 0755);
    mkdir("/var/lib", 0755);
    mkdir(ENABLED_DIR, 0755);
    fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    ssize_t n = write(fd, word, strlen(word));
    int error = n < 0 ? errno : 0;
    close(fd);
    if (!error && rename(beside, path) != 0)
        error = errno;
    if (!error)
        s->enabled = enabled;
    return -error;
}
