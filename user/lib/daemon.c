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

void
daemon_wait(struct daemon *d, int timeout)
{
    int64_t now = ipc_now_ms(), end = now + timeout;

    do {
        int64_t until = end;
        if (d->beat_every >= 0) {
            if (now >= d->next_beat) {
                notify_beat();
                d->next_beat = now + d->beat_every;
            }
            if (timeout < 0 || d->next_beat < end)
                until = d->next_beat;
        }
        ipc_serve(&d->server, timeout < 0 && d->beat_every < 0
                                  ? -1
                                  : (int)(until > now ? until - now : 0));
        now = ipc_now_ms();
    } while (timeout < 0 || now < end);
}
