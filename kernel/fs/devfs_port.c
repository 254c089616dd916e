/* /dev/hvcN: written to, and not read from. */
#include "dev/port.h"
#include "abi/stat.h"
#include "fs/devfs.h"

/* Linux's, of hvc terminals. */
#define MAJOR_PORT 229

/* Port n has id n + 1. */
static uint64_t
next_port(uint64_t dir UNUSED, uint64_t after, char name[PSEUDO_NAME_MAX])
{
    if (!port_get((unsigned)after))
        return 0;
    snprintf(name, PSEUDO_NAME_MAX, "hvc%lu", after);
    return after + 1;
}

static uint64_t
port_rdev(uint64_t id)
{
    return MAKEDEV(MAJOR_PORT, id - 1);
}

const struct pseudo_kind devfs_ports = {.next = next_port,
                                        .get_rdev = port_rdev};

static int
port_open(struct file *file)
{
    unsigned n = 0;
    while (port_get(n) && port_rdev(n + 1) != file->inode->rdev)
        n++;
    file->private = port_get(n);
    if (!file->private)
        return -ENXIO;
    return file->can_read ? -EOPNOTSUPP : 0;
}

static int64_t
port_write(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    struct port *port = file->private;
    return port->send(port, uio);
}

const struct file_ops devfs_port_ops = {
    .open = port_open,
    .write = port_write,
    .is_stream = true,
};
