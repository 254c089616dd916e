/* Sockets that are opened before a service starts: clients can connect while it
 * does not run yet, or not at the moment, and wait. They stay open until init
 * ends, whatever becomes of the service. */
#pragma once

#include "config.h"
#include <stdbool.h>
#include <stddef.h>

struct listen {
    bool open;
    size_t count;
    int fds[CONFIG_SOCKETS];
    char *names; /* as in the file, with ':' for what is between them */
};

/* Opens the sockets of a file, unless that is done. Paths belong to root and
 * all may connect: the service decides whom it answers. A path that is there
 * already is replaced if it is a socket. 0 or a negative errno; then none is
 * open. */
int listen_open(struct listen *l, const struct config *c);
