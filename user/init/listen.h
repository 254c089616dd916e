/* Sockets that are opened before a service starts, so that clients can connect
 * while it does not run yet, or again, and wait. */
#pragma once

#include "service.h"

#define LISTEN_MOST 8

/* What a process is handed: descriptors of init's, and their names in the
 * file, with ':' between. */
struct sockets {
    int fds[LISTEN_MOST];
    size_t count;
    const char *names;
};

/* Opens the sockets of s's file, unless they are open, and describes them. 0 or
 * a negative errno. */
int listen_open(struct service *s, struct sockets *to);
