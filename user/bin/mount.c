/* mount: adds a file system to the tree, or lists what is mounted. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <prog.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static const char usage[] =
    "usage: mount [-r] [-t type] device directory\n"
    "       mount\n"
    "Mount the file system on a device; without names, list what is mounted.\n"
    "  -r       read-only\n"
    "  -t type  of the file system; eclipsefs if not given\n";

static void
list(void)
{
    char line[512];
    FILE *f = fopen("/proc/mounts", "r");

    if (!f)
        err(1, "/proc/mounts");
    while (fgets(line, sizeof(line), f)) {
        char *rest = line, *device = strsep(&rest, " ");
        char *where = strsep(&rest, " "), *type = strsep(&rest, " ");
        char *flags = strsep(&rest, " \n");
        if (flags)
            printf("%s on %s type %s (%s)\n", device, where, type, flags);
    }
    fclose(f);
}

int
main(int argc, char **argv)
{
    const char *type = "eclipsefs";
    unsigned long flags = 0;
    int c;

    while ((c = prog_option(argc, argv, "rt:", usage)) != -1) {
        if (c == 'r')
            flags = MS_RDONLY;
        else
            type = optarg;
    }
    if (optind == argc) {
        list();
        prog_exit(0);
    }
    if (argc - optind != 2)
        prog_usage(usage);

    const char *device = argv[optind], *at = argv[optind + 1];
    int failed = mount(device, at, type, flags, NULL);
    if (failed && errno == EROFS && flags == 0) {
        failed = mount(device, at, type, MS_RDONLY, NULL);
        if (!failed)
            fprintf(stderr, "mount: %s can only be read, and is mounted so\n",
                    device);
    }
    if (failed)
        err(1, "%s on %s", device, at);
    prog_exit(0);
}
