/* sync: sees to it that what was written is on the disk. */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <prog.h>
#include <unistd.h>

static const char usage[] =
    "usage: sync [-d | -f] [FILE...]\n"
    "Wait until FILEs are on the disk as they are now; everything if there\n"
    "are none.\n"
    "  -d  only what is in FILEs   -f  all of the file systems they are on\n";

static int
sync_file(const char *path, int (*call)(int fd))
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int result = fd < 0 ? -1 : call(fd);

    if (result != 0)
        warn("%s", path);
    if (fd >= 0)
        close(fd);
    return result;
}

int
main(int argc, char **argv)
{
    int (*call)(int fd) = fsync;
    int status = 0, c;

    while ((c = prog_option(argc, argv, "df", usage)) != -1)
        call = c == 'd' ? fdatasync : syncfs;
    if (optind == argc) {
        if (call != fsync)
            prog_usage(usage);
        sync();
    }
    for (; optind < argc; optind++)
        if (sync_file(argv[optind], call) != 0)
            status = 1;
    prog_exit(status);
}
