#include "daemon.h"
#include <err.h>
#include <fcntl.h>
#include <notify.h>
#include <string.h>

#define DAEMON_IDLE_MS 10000

static void
daemon_handle(struct ipc_server *server, struct ipc_request *r)
{
    struct daemon *d = server->context;
    char text[HEALTH_TEXT_MAX] = "";
    int status;

    if (r->type == HEALTH_REQUEST) {
        status = d->health(d, text);
        ipc_reply(server, r, status, text, strlen(text));
    } else if (d->handle) {
        d->handle(d, r);
    }
}

void
daemon_begin(struct daemon *d)
{
    char path[108];

    d->server.handle = daemon_handle;
    d->server.context = d;
    d->server.idle_ms = DAEMON_IDLE_MS;
    d->beat_every = notify_beat_every();
    if (notify_sockets() > 0) {
        fcntl(NOTIFY_FIRST_SOCKET, F_SETFL, O_NONBLOCK);
        fcntl(NOTIFY_FIRST_SOCKET, F_SETFD, FD_CLOEXEC);
        ipc_adopt(&d->server, NOTIFY_FIRST_SOCKET);
        return;
    }
    health_socket(d->name, path, sizeof(path));
    if (ipc_listen(&d->server, path, 0666) != 0)
        err(1, "%s", path);
}

void
daemon_report(struct daemon *d)
{
    char text[HEALTH_TEXT_MAX] = "";

    d->health(d, text);
    notify_status(text);
}

void
daemon_ready(struct daemon *d)
{
    daemon_report(d);
    notify_ready();
}

/* Says that it lives, if that is due. Returns the ms until it is again, or
 * most if that is sooner; negative: for ever. */
static int
daemon_beat(struct daemon *d, int most)
{
    int64_t now = ipc_now_ms();

    if (d->beat_every < 0)
        return most;
    if (now >= d->next_beat) {
        notify_beat();
        d->next_beat = now + d->beat_every;
    }
    if (most >= 0 && now + most < d->next_beat)
        return most;
    return (int)(d->next_beat - now);
}

void
daemon_wait(struct daemon *d, int timeout)
{
    int64_t end = ipc_now_ms() + timeout;
    int left = timeout;

    do {
        if (ipc_serve(&d->server, daemon_beat(d, left)) > 0)
            return;
        if (timeout >= 0)
            left = (int)(end - ipc_now_ms());
    } while (timeout < 0 || left > 0);
}
