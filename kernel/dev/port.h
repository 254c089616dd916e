/* Ports that bytes leave the machine by, other than its console: /dev/hvcN.
 *
 * Owns the list of them, which only grows, while booting; any context. */
#pragma once

#include "mm/uio.h"

struct port {
    /* Sends all of uio, waiting for room. Returns the bytes sent, -EINTR, -EIO
     * (the device is gone), or -EFAULT, if none were. Thread context. */
    int64_t (*send)(struct port *port, struct uio *uio);
    struct port *next;
};

/* Makes a port known, for ever. */
void port_register(struct port *port);

/* Port number n, or NULL. */
struct port *port_get(unsigned n);
