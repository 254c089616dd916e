/* What services say of themselves through the descriptor NOTIFY_FD: lines as
 * systemd's sd_notify knows them, READY=1, STATUS=text, WATCHDOG=1, STOPPING=1.
 * Others are skipped. The descriptor is a pipe that only the service has, so
 * who holds it is who may say it. */
#pragma once

#include "loop.h"
#include <stddef.h>

struct service;

struct notify {
    struct watch watch; /* fd -1: closed */
    size_t used;
    char text[256]; /* the beginning of a line */
};

/* Listens to what comes from fd, which it takes over, for service s. */
void notify_open(struct notify *n, int fd);

/* Takes what has come by now. Fine if it is closed. */
void notify_drain(struct notify *n);

/* Stops listening. Fine if it is closed. */
void notify_close(struct notify *n);
