#include "dev/port.h"

static struct port *ports;

void
port_register(struct port *port)
{
    struct port **last = &ports;
    while (*last)
        last = &(*last)->next;
    *last = port;
}

struct port *
port_get(unsigned n)
{
    struct port *port = ports;
    while (port && n-- > 0)
        port = port->next;
    return port;
}
