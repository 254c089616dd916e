#include "notify.h"
#include "supervise.h"
#include "supervision.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A pipe holds no more: what was said before now is among them, and who goes on
 * talking is not listened to for ever. */
#define MOST_BYTES 65536

static void
take_line(struct service *s, const char *line)
{
    if (strcmp(line, "READY=1") == 0)
        supervise_ready(s);
    else if (strcmp(line, "WATCHDOG=1") == 0)
        supervise_beat(s);
    else if (strncmp(line, "STATUS=", 7) == 0)
        snprintf(s->status_text, sizeof(s->status_text), "%s", line + 7);
}

/* A line that is too long for the text is cut into several, of which the later
 * ones mean nothing. */
static void
take_text(struct notify *n, struct service *s)
{
    char *line = n->text, *end = n->text + n->used, *newline;

    while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
        *newline = '\0';
        take_line(s, line);
        line = newline + 1;
    }
    n->used = (size_t)(end - line);
    memmove(n->text, line, n->used);
    if (n->used == sizeof(n->text))
        n->used = 0;
}

/* Reads once: the bytes that came, 0 if none have, negative at the end. */
static int
take_some(struct notify *n)
{
    struct supervision *v = CONTAINER(n, struct supervision, notify);
    ssize_t got =
        read(n->watch.fd, n->text + n->used, sizeof(n->text) - n->used);

    if (got <= 0)
        return got < 0 && errno == EAGAIN ? 0 : -1;
    n->used += (size_t)got;
    take_text(n, v->service);
    return (int)got;
}

static void
come(struct watch *w, short events)
{
    struct notify *n = CONTAINER(w, struct notify, watch);

    (void)events;
    if (take_some(n) < 0)
        notify_close(n);
}

void
notify_open(struct notify *n, int fd)
{
    n->used = 0;
    n->watch = (struct watch){.fd = fd, .events = POLLIN, .ready = come};
    loop_watch(&n->watch);
}

void
notify_drain(struct notify *n)
{
    int got = 1;

    for (int left = MOST_BYTES; left > 0 && got > 0; left -= got)
        got = n->watch.fd >= 0 ? take_some(n) : 0;
}

void
notify_close(struct notify *n)
{
    if (n->watch.fd < 0)
        return;
    loop_unwatch(&n->watch);
    close(n->watch.fd);
    n->watch.fd = -1;
}
