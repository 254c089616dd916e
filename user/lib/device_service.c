#include "device_service.h"
#include <daemon.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <prog.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES "/sys/bus/virtio/devices"
/* The status by which a service says that its device is not there. */
#define EXIT_NO_DEVICE 69

/* Of a device's status [virtio §2.1]. */
#define STATUS_DRIVER_OK   4u
#define STATUS_NEEDS_RESET 64u
#define STATUS_FAILED      128u

static const char *device_what;
static char device_name[32]; /* in DEVICES */

/* Reads an attribute of a device. */
static bool
device_attribute(const char *device, const char *attribute, char *to,
                 size_t size)
{
    char path[96];

    snprintf(path, sizeof(path), DEVICES "/%s/%s", device, attribute);
    return prog_read_text(path, to, size);
}

/* Finds the first device with an id. */
static bool
device_find(unsigned int id)
{
    DIR *d = opendir(DEVICES);
    bool found = false;
    struct dirent *e;
    char text[32];

    if (!d)
        err(1, DEVICES);
    while (!found && (e = readdir(d))) {
        if (e->d_name[0] == '.' ||
            !device_attribute(e->d_name, "device", text, sizeof(text)))
            continue;
        found = strtoul(text, NULL, 0) == id;
        if (found)
            strlcpy(device_name, e->d_name, sizeof(device_name));
    }
    closedir(d);
    return found;
}

/* A device is well unless it, or who drives it, has given up. */
static int
device_health(struct daemon *d, char text[HEALTH_TEXT_MAX])
{
    char driver[32] = "", status_text[32];
    unsigned long status;

    (void)d;
    if (!device_attribute(device_name, "status", status_text,
                          sizeof(status_text))) {
        snprintf(text, HEALTH_TEXT_MAX, "%s: has gone", device_name);
        return -ENODEV;
    }
    status = strtoul(status_text, NULL, 0);
    device_attribute(device_name, "driver_name", driver, sizeof(driver));
    if (status & (STATUS_FAILED | STATUS_NEEDS_RESET)) {
        snprintf(text, HEALTH_TEXT_MAX, "%s: %s, broken (status %#lx)",
                 device_name, device_what, status);
        return -EIO;
    }
    snprintf(text, HEALTH_TEXT_MAX, "%s: %s, %s%s%s", device_name, device_what,
             *driver ? "driven by " : "no driver for it", driver,
             *driver && !(status & STATUS_DRIVER_OK) ? ", not in use" : "");
    return 0;
}

int
device_service_main(const char *name, unsigned int id, const char *what)
{
    static struct daemon d; /* large: in what costs no room in the file */

    device_what = what;
    if (!device_find(id)) {
        warnx("no %s here (virtio id %u)", what, id);
        return EXIT_NO_DEVICE;
    }
    d.name = name;
    d.health = device_health;
    daemon_begin(&d);
    daemon_ready(&d);
    for (;;)
        daemon_wait(&d, -1);
}
