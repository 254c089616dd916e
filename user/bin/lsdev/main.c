/* lsdev: lists virtio devices. */
#include "names.h"
#include <getopt.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>

#define INDENT 4 /* of the lines below a device */

static const char usage[] =
    "usage: lsdev [-q]\n"
    "List virtio devices: name, kind, driver, status, interrupt and how often\n"
    "it came, number of queues; without -q also the queues and the features.\n";

#define DEVICES "/sys/bus/virtio/devices"

static bool quiet;

/* Reads an attribute of a device; "" if there is none. */
static void
attribute(const char *device, const char *name, char *to, size_t size)
{
    char path[512];

    snprintf(path, sizeof(path), DEVICES "/%s/%s", device, name);
    if (!prog_read_text(path, to, size))
        to[0] = '\0';
}

static void
show_features(unsigned long id, const char *bits)
{
    size_t column = INDENT;

    printf("%*s", INDENT, "");
    for (unsigned int i = 0; bits[i]; i++) {
        char unknown[16];
        const char *name = feature_name(id, i);
        if (bits[i] != '1')
            continue;
        snprintf(unknown, sizeof(unknown), "bit%u", i);
        if (!name)
            name = unknown;
        if (column > INDENT && column + strlen(name) > 78) {
            printf("\n%*s", INDENT, "");
            column = INDENT;
        }
        printf("%s ", name);
        column += strlen(name) + 1;
    }
    putchar('\n');
}

/* The lines of text below a device, one for each queue. */
static unsigned int
line_count(const char *text)
{
    unsigned int n = *text != '\0';

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void
show_queues(char *text)
{
    char *line;

    while ((line = strsep(&text, "\n")) && *line)
        printf("%*squeue %s\n", INDENT, "", line);
}

static void
show(const char *device)
{
    char id_text[16], driver[32], status[16], irq[32], bits[128];
    char queues[1024];
    unsigned long id;
    const char *kind, *count;

    attribute(device, "device", id_text, sizeof(id_text));
    attribute(device, "driver_name", driver, sizeof(driver));
    attribute(device, "status", status, sizeof(status));
    attribute(device, "irq", irq, sizeof(irq));
    attribute(device, "queues", queues, sizeof(queues));
    attribute(device, "features", bits, sizeof(bits));
    id = strtoul(id_text, NULL, 0);
    kind = device_name(id);
    count = irq + strcspn(irq, " ");
    printf("%-8s %-12s %-12s %-10s %3.*s %10lu %6u\n", device,
           kind ? kind : id_text, *driver ? driver : "-", status,
           (int)(count - irq), irq, strtoul(count, NULL, 10),
           line_count(queues));
    if (quiet)
        return;
    show_queues(queues);
    show_features(id, bits);
}

int
main(int argc, char **argv)
{
    char **names;
    size_t count;

    quiet = prog_option(argc, argv, "q", usage) == 'q';
    names = prog_list_devices(DEVICES, &count);
    printf("%-8s %-12s %-12s %-10s %3s %10s %6s\n", "NAME", "KIND", "DRIVER",
           "STATUS", "IRQ", "INTERRUPTS", "QUEUES");
    for (size_t i = 0; i < count; i++)
        show(names[i]);
    prog_exit(0);
}
