/* mount: lists what is mounted. */
#include <err.h>
#include <prog.h>
#include <string.h>

static const char usage[] = "usage: mount\nList the mounted file systems.\n";

int
main(int argc, char **argv)
{
    char line[512];
    FILE *f;

    prog_option(argc, argv, "", usage);
    f = fopen("/proc/mounts", "r");
    if (!f)
        err(1, "/proc/mounts");
    while (fgets(line, sizeof(line), f)) {
        char *rest = line, *device = strsep(&rest, " ");
        char *where = strsep(&rest, " "), *type = strsep(&rest, " ");
        char *flags = strsep(&rest, " \n");
        if (flags)
            printf("%s on %s type %s (%s)\n", device, where, type, flags);
    }
    prog_exit(0);
}
