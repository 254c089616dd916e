/* mkfifo: makes named pipes. */
#include <err.h>
#include <getopt.h>
#include <mode.h>
#include <prog.h>
#include <sys/stat.h>

static const char usage[] = "usage: mkfifo [-m MODE] NAME...\n"
                            "Make named pipes; -m with these permissions.\n";

int
main(int argc, char **argv)
{
    const char *mode_text = NULL;
    mode_t mode = 0666;
    int status = 0;

    while (prog_option(argc, argv, "m:", usage) != -1)
        mode_text = optarg;
    if (mode_text)
        mode = mode_of(mode_text, 0666, false);
    if (optind == argc)
        prog_usage(usage);
    for (; optind < argc; optind++)
        if (mkfifo(argv[optind], mode) != 0 ||
            (mode_text && chmod(argv[optind], mode) != 0)) {
            warn("%s", argv[optind]);
            status = 1;
        }
    prog_exit(status);
}
