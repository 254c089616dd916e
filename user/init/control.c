#include "control.h"
#include "control_describe.h"
#include "output.h"
#include "phase.h"
#include "shutdown.h"
#include <errno.h>
#include <ipc.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define CONTROL_IDLE_MS 10000

static struct ipc_server control_server;

/* One for each place of a connection, and the one that listens. */
static struct watch control_watches[IPC_POLLS];

/* Whom an answer is owed, in the place of its connection. */
static struct control_waiter {
    struct ipc_ticket ticket;
    uint16_t request;             /* 0: nobody */
    struct control_target target; /* its name is that of a log, or: */
    struct service *service;
} control_waiters[IPC_CLIENTS_MAX];

/* ---- Answers that come later ---- */

/* Whether a service has come to what was last asked of it, or cannot. */
static bool
control_is_settled(const struct service *s)
{
    switch (s->state) {
    case SERVICE_STOPPED:
        return !s->wanted && !s->again;
    case SERVICE_RUNNING:
        return s->wanted && !s->again;
    default:
        return s->state == SERVICE_FAILED || s->state == SERVICE_NO_DEVICE;
    }
}

static void
control_put_off(struct ipc_request *r, const struct control_target *target,
                struct service *s)
{
    control_waiters[r->client] = (struct control_waiter){
        .request = r->type,
        .target = *target,
        .service = s,
        .ticket = ipc_put_off(&control_server, r),
    };
}

/* Answers if there is something to say. */
static void
control_try_answer(struct control_waiter *w)
{
    struct control_service record;
    uint64_t written = output_written(w->target.name);

    if (!ipc_is_waiting(&control_server, &w->ticket)) {
        w->request = 0;
    } else if (w->request == CONTROL_AWAIT_LOG) {
        if (written <= w->target.seen)
            return;
        w->request = 0;
        ipc_answer(&control_server, &w->ticket, 0, &written, sizeof(written));
    } else if (control_is_settled(w->service)) {
        w->request = 0;
        control_describe(w->service, &record);
        ipc_answer(&control_server, &w->ticket, 0, &record, sizeof(record));
    }
}

/* ---- Requests that change nothing ---- */

static void
control_list(struct ipc_request *r, const struct control_target *after)
{
    static struct control_service
        page[IPC_DATA_MAX / sizeof(struct control_service)];
    size_t count = 0;

    for (struct service *s = service_next(NULL); s && count < ARRAY_LEN(page);
         s = service_next(s))
        if (strcmp(s->config->name, after->name) > 0)
            control_describe(s, &page[count++]);
    ipc_reply(&control_server, r, 0, page, count * sizeof(*page));
}

static void
control_details(struct ipc_request *r, const struct service *s)
{
    static char text[IPC_DATA_MAX];
    size_t n = control_describe_file(s->config, text, sizeof(text));

    ipc_reply(&control_server, r, 0, text, n);
}

static void
control_phases(struct ipc_request *r)
{
    struct control_phase phases[PHASES];

    control_describe_phases(phases);
    ipc_reply(&control_server, r, 0, phases, sizeof(phases));
}

/* ---- Requests that do ---- */

/* Does what is asked of a service. Returns 0 or a negative errno; *later if
 * there will be more to say. */
static int
control_change(uint16_t request, struct service *s, const char *why,
               bool *later)
{
    *later = true;
    switch (request) {
    case CONTROL_START:
        return service_start(s, why);
    case CONTROL_STOP:
        service_stop(s, why);
        return 0;
    case CONTROL_RESTART:
        return service_restart(s, why);
    }
    *later = false;
    return request == CONTROL_RELOAD
               ? service_reload(s)
               : service_set_enabled(s, request == CONTROL_ENABLE);
}

static void
control_change_service(struct ipc_request *r,
                       const struct control_target *target, struct service *s)
{
    struct control_service record;
    char why[64];
    bool later;
    int error;

    snprintf(why, sizeof(why), "asked by process %d", r->peer.pid);
    error = control_change(r->type, s, why, &later);
    if (error == 0 && later) {
        control_put_off(r, target, s);
        return;
    }
    control_describe(s, &record);
    ipc_reply(&control_server, r, error, &record, sizeof(record));
}

static void
control_shut_down(struct ipc_request *r)
{
    char why[64];

    snprintf(why, sizeof(why), "asked by process %d", r->peer.pid);
    ipc_reply(&control_server, r, 0, NULL, 0);
    shutdown_begin(
        r->type == CONTROL_REBOOT ? SHUTDOWN_REBOOT : SHUTDOWN_POWER_OFF, why);
}

/* Reads a request that is about a service; finds the service, if it is to be
 * one. Returns 0 or a negative errno. */
static int
control_read(const struct ipc_request *r, struct control_target *target,
             struct service **s)
{
    bool any = r->type == CONTROL_LIST || r->type == CONTROL_AWAIT_LOG;

    if (r->length != sizeof(*target))
        return -EINVAL;
    memcpy(target, r->data, sizeof(*target));
    if (!memchr(target->name, '\0', sizeof(target->name)))
        return -EINVAL;
    *s = service_find(target->name);
    return *s || any ? 0 : -ENOENT;
}

static void
control_handle(struct ipc_server *server, struct ipc_request *r)
{
    struct control_target target;
    struct service *s = NULL;
    int error = 0;

    if (r->type > CONTROL_REBOOT)
        return; /* the library says so */
    if (r->type >= CONTROL_START && r->peer.uid != 0)
        error = -EPERM;
    else if (r->type < CONTROL_POWER_OFF && r->type != CONTROL_PHASES)
        error = control_read(r, &target, &s);
    else if (r->length != 0)
        error = -EINVAL;
    if (error)
        ipc_reply(server, r, error, NULL, 0);
    else if (r->type == CONTROL_LIST)
        control_list(r, &target);
    else if (r->type == CONTROL_DETAILS)
        control_details(r, s);
    else if (r->type == CONTROL_PHASES)
        control_phases(r);
    else if (r->type == CONTROL_AWAIT_LOG)
        control_put_off(r, &target, NULL);
    else if (r->type >= CONTROL_POWER_OFF)
        control_shut_down(r);
    else if (r->type >= CONTROL_START)
        control_change_service(r, &target, s);
}

/* ---- The socket ---- */

/* Connections come and go; each keeps the watch of its place. */
static void
control_set_watches(void)
{
    struct pollfd fds[IPC_POLLS];

    ipc_polls(&control_server, fds);
    for (size_t i = 0; i < IPC_POLLS; i++)
        control_watches[i].fd = fds[i].fd;
}

static void
control_ready(struct watch *w, short events)
{
    struct pollfd fds[IPC_POLLS] = {0};
    size_t place = (size_t)(w - control_watches);

    fds[place] = (struct pollfd){.fd = w->fd, .revents = events};
    ipc_handle(&control_server, fds);
}

void
control_turn(void)
{
    for (size_t i = 0; i < IPC_CLIENTS_MAX; i++)
        if (control_waiters[i].request)
            control_try_answer(&control_waiters[i]);
    control_set_watches();
}

int
control_open(void)
{
    control_server.handle = control_handle;
    control_server.idle_ms = CONTROL_IDLE_MS;
    if (ipc_listen(&control_server, CONTROL_PATH, 0666) != 0)
        return -errno;
    for (size_t i = 0; i < IPC_POLLS; i++) {
        control_watches[i].events = POLLIN;
        control_watches[i].ready = control_ready;
        loop_watch(&control_watches[i]);
    }
    control_set_watches();
    return 0;
}
