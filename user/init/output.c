#include "output.h"
#include "output_log.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_FOLDER "/var/log/"
#define OUTPUT_READ   4096  /* bytes in a turn of the loop */
#define PIPE_SIZE     65536 /* bytes of a pipe */

/* The output of one service, or of init itself. */
struct output {
    char path[sizeof(OUTPUT_FOLDER) + CONFIG_NAME_MAX];
    struct output_log log;
    struct output *next;

    /* of a service */
    int writer;          /* the pipe's end for its processes; -1: no pipe */
    struct watch watch;  /* the other end */
    struct timer refill; /* goes on after too much was read */
    int64_t allowance;   /* bytes that may be written ... */
    uint64_t allowed_at; /* ... as of this time */
};

static struct output *outputs;
static bool output_closed;

static const char *
output_name(const struct output *o)
{
    return o->path + strlen(OUTPUT_FOLDER);
}

static struct output *
output_find(const char *name)
{
    struct output *o = outputs;

    while (o && strcmp(output_name(o), name) != 0)
        o = o->next;
    return o;
}

/* Finds it, or makes it; NULL if there is no memory. */
static struct output *
output_get(const char *name)
{
    struct output *o = output_find(name);

    if (o)
        return o;
    o = calloc(1, sizeof(*o));
    if (!o)
        return NULL;
    snprintf(o->path, sizeof(o->path), OUTPUT_FOLDER "%s", name);
    output_log_begin(&o->log, o->path);
    o->writer = -1;
    o->next = outputs;
    outputs = o;
    return o;
}

/* ---- Reading ---- */

/* What may be written now; negative: that much too much was. */
static int64_t
output_allowance(struct output *o)
{
    uint64_t now = loop_now(), span = now - o->allowed_at;

    if (span > CONFIG_SECOND)
        span = CONFIG_SECOND;
    if (span * OUTPUT_RATE >= CONFIG_SECOND) {
        o->allowance += (int64_t)(span * OUTPUT_RATE / CONFIG_SECOND);
        o->allowed_at = now;
    }
    if (o->allowance > OUTPUT_BURST)
        o->allowance = OUTPUT_BURST;
    return o->allowance;
}

/* Reads once. False if there is nothing more. */
static bool
output_read(struct output *o)
{
    static char bytes[OUTPUT_READ];
    uint64_t before = o->log.written + o->log.text_used, cost;
    ssize_t n = read(o->watch.fd, bytes, sizeof(bytes));

    if (n <= 0)
        return false;
    output_log_add(&o->log, bytes, (size_t)n);
    /* A line of one byte is many in the log. */
    cost = o->log.written + o->log.text_used - before;
    o->allowance -= cost > (uint64_t)n ? (int64_t)cost : (int64_t)n;
    return true;
}

static void
output_ready(struct watch *w, short events UNUSED)
{
    struct output *o =
        (struct output *)((char *)w - offsetof(struct output, watch));

    int64_t allowance;

    output_read(o);
    output_log_flush(&o->log);
    allowance = output_allowance(o);
    if (allowance <= 0) {
        w->events = 0;
        loop_set_timer(&o->refill, loop_now() + CONFIG_SECOND / OUTPUT_RATE *
                                                    (uint64_t)(1 - allowance));
    }
}

static void
output_refill(struct timer *t)
{
    struct output *o =
        (struct output *)((char *)t - offsetof(struct output, refill));

    o->watch.events = POLLIN;
}

/* Reads what its processes have left, and ends the last line. Others may still
 * be writing, faster than anybody reads. */
static void
output_drain(struct output *o)
{
    for (int i = 0; o->writer >= 0 && i < PIPE_SIZE / OUTPUT_READ; i++)
        if (!output_read(o))
            break;
    output_log_end_line(&o->log);
    output_log_flush(&o->log);
}

/* ---- Services ---- */

/* The last line of a process may have no end, and is of interest now. */
static void
output_state_changed(struct service_observer *observer UNUSED,
                     struct service *s, enum service_state before UNUSED)
{
    struct output *o;

    if (s->state == SERVICE_STARTING || s->pid != 0)
        return;
    o = output_find(s->config->name);
    if (o && !output_closed)
        output_drain(o);
}

static void
output_observe(void)
{
    static struct service_observer observer = {.changed = output_state_changed};
    static bool observing;

    if (!observing)
        service_observe(&observer);
    observing = true;
}

/* 0 or a negative errno. */
static int
output_make_pipe(struct output *o)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0)
        return -errno;
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    o->writer = fds[1];
    o->watch =
        (struct watch){.fd = fds[0], .events = POLLIN, .ready = output_ready};
    o->refill.fire = output_refill;
    loop_watch(&o->watch);
    output_observe();
    return 0;
}

int
output_open(struct service *s)
{
    struct output *o = output_get(s->config->name);
    int fd, error;

    if (!o)
        return -ENOMEM;
    error = o->writer < 0 ? output_make_pipe(o) : 0;
    if (error)
        return error;
    output_drain(o);
    fd = fcntl(o->writer, F_DUPFD_CLOEXEC, 3);
    return fd < 0 ? -errno : fd;
}

void
output_line(const char *name, const char *line)
{
    struct output *o = output_closed ? NULL : output_get(name);

    if (!o)
        return;
    output_log_end_line(&o->log);
    output_log_add(&o->log, line, strlen(line));
    output_log_end_line(&o->log);
    output_log_flush(&o->log);
}

uint64_t
output_written(const char *name)
{
    const struct output *o = output_find(name);

    return o ? o->log.written : 0;
}

void
output_close(void)
{
    for (struct output *o = outputs; o; o = o->next) {
        output_drain(o);
        output_log_close(&o->log);
        if (o->writer >= 0) {
            loop_clear_timer(&o->refill);
            o->watch.events = 0;
        }
    }
    output_closed = true;
}
