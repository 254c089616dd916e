/* lsblk: lists block devices. */
#include <getopt.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: lsblk [-b]\n"
    "List block devices: name, numbers, size (-b: in bytes), whether it is\n"
    "read-only, bytes of a block, serial number, and where it is mounted.\n";

static bool in_bytes;

/* Reads /sys/block/NAME/ATTRIBUTE; "" if there is none. */
static void
attribute(const char *device, const char *name, char *to, size_t size)
{
    char path[512];

    snprintf(path, sizeof(path), "/sys/block/%s/%s", device, name);
    if (!prog_read_text(path, to, size))
        to[0] = '\0';
}

static void
size_text(unsigned long bytes, char *to, size_t size)
{
    const char *unit = "BKMGTP";
    unsigned long tenths = bytes * 10;

    if (in_bytes) {
        snprintf(to, size, "%lu", bytes);
        return;
    }
    for (; tenths >= 10240 && unit[1]; unit++)
        tenths /= 1024;
    if (tenths % 10)
        snprintf(to, size, "%lu.%lu%c", tenths / 10, tenths % 10, *unit);
    else
        snprintf(to, size, "%lu%c", tenths / 10, *unit);
}

/* Where /dev/NAME is mounted, as /proc/mounts has it. */
static void
mount_point(const char *device, char *to, size_t size)
{
    char line[512];
    FILE *f = fopen("/proc/mounts", "r");

    *to = '\0';
    while (f && fgets(line, sizeof(line), f)) {
        char *rest = line, *source = strsep(&rest, " ");
        char *where = strsep(&rest, " ");
        if (strncmp(source, "/dev/", 5) == 0)
            source += 5;
        if (where && strcmp(source, device) == 0) {
            strlcpy(to, where, size);
            break;
        }
    }
    if (f)
        fclose(f);
}

static void
show(const char *device)
{
    char numbers[32], sectors[32], read_only[8], block[16], serial[64];
    char size[32], where[256];

    attribute(device, "dev", numbers, sizeof(numbers));
    attribute(device, "size", sectors, sizeof(sectors));
    attribute(device, "ro", read_only, sizeof(read_only));
    attribute(device, "queue/logical_block_size", block, sizeof(block));
    attribute(device, "serial", serial, sizeof(serial));
    /* Sectors of 512 bytes, whatever the device's own block is. */
    size_text(strtoul(sectors, NULL, 10) * 512, size, sizeof(size));
    mount_point(device, where, sizeof(where));
    printf("%-8s %7s %12s %2s %6s %-20s %s\n", device, numbers, size, read_only,
           block, *serial ? serial : "-", *where ? where : "-");
}

int
main(int argc, char **argv)
{
    char **names;
    size_t count;

    in_bytes = prog_option(argc, argv, "b", usage) == 'b';
    names = prog_list_devices("/sys/block", &count);
    printf("%-8s %7s %12s %2s %6s %-20s %s\n", "NAME", "MAJ:MIN", "SIZE", "RO",
           "BLOCK", "SERIAL", "MOUNTED");
    for (size_t i = 0; i < count; i++)
        show(names[i]);
    prog_exit(0);
}
