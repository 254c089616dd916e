/* What every service of the system does the same way: it listens where its
 * manager says, tells it that it is ready and alive, and answers those who ask
 * how it is. */
#pragma once

#include <health.h>
#include <ipc.h>

struct daemon {
    const char *name;
    /* How it is: 0 or a negative error number, with a text for people. */
    int (*health)(struct daemon *d, char text[HEALTH_TEXT_MAX]);
    /* All other requests; NULL if there are none. */
    void (*handle)(struct daemon *d, struct ipc_request *r);
    /* private */
    struct ipc_server server;
    int beat_every; /* ms, -1: nobody wants to know */
    int64_t next_beat;
};

/* Listens: on what the manager has opened, else at /run/NAME.sock. Ends the
 * program if it cannot. */
void daemon_begin(struct daemon *d);

/* It does its work from here on; the manager is told what it says of itself.
 */
void daemon_ready(struct daemon *d);

/* Waits for so many ms, for ever if negative, or until a request was answered,
 * and tells the manager in time that it lives. To be called often: a service
 * that works for long without is taken for dead. */
void daemon_wait(struct daemon *d, int timeout);

/* Tells the manager what it says of itself. */
void daemon_report(struct daemon *d);
