/* mknod: makes device files and pipes. */
#include <err.h>
#include <getopt.h>
#include <mode.h>
#include <prog.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: mknod [-m MODE] NAME b|c MAJOR MINOR\n"
    "       mknod [-m MODE] NAME p\n"
    "Make a block or character device with these numbers, or a named pipe.\n"
    "  -m  with these permissions\n";

int
main(int argc, char **argv)
{
    const char *mode_text = NULL;
    mode_t mode = 0666, type;
    dev_t device = 0;

    while (prog_option(argc, argv, "m:", usage) != -1)
        mode_text = optarg;
    if (mode_text)
        mode = mode_of(mode_text, 0666, false);
    argv += optind;
    argc -= optind;
    if (argc == 4 && (strcmp(argv[1], "b") == 0 || strcmp(argv[1], "c") == 0)) {
        type = *argv[1] == 'b' ? S_IFBLK : S_IFCHR;
        device =
            MAKEDEV(prog_number(argv[2], 0xfff), prog_number(argv[3], 0xfffff));
    } else if (argc == 2 && strcmp(argv[1], "p") == 0) {
        type = S_IFIFO;
    } else {
        prog_usage(usage);
    }
    if (mknod(argv[0], type | mode, device) != 0 ||
        (mode_text && chmod(argv[0], mode) != 0))
        err(1, "%s", argv[0]);
    prog_exit(0);
}
