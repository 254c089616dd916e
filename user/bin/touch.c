/* touch: makes files, and sets their times. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <prog.h>
#include <string.h>
#include <sys/stat.h>
#include <timeparse.h>
#include <unistd.h>

static const char usage[] =
    "usage: touch [-achm] [-d DATE | -r FILE | -t TIME] FILE...\n"
    "Set the times of access and change of FILEs to now; make those that are\n"
    "not there.\n"
    "  -a  only that of access      -d  to DATE: @SECONDS since 1970, or\n"
    "  -m  only that of change          2024-12-31 23:59:59 (UTC)\n"
    "  -c  make no files            -r  to those of FILE\n"
    "  -h  of links themselves      -t  to TIME: [[CC]YY]MMDDhhmm[.ss]\n";

static bool no_create, no_follow, access_only, change_only;
static struct timespec times[2] = {{.tv_nsec = UTIME_NOW},
                                   {.tv_nsec = UTIME_NOW}};

static void
use_date(bool good, const struct timespec *date, const char *text)
{
    if (!good)
        errx(2, "%s: not a date", text);
    times[0] = times[1] = *date;
}

static void
use_file(const char *path)
{
    struct stat st;

    if ((no_follow ? lstat(path, &st) : stat(path, &st)) != 0)
        err(1, "%s", path);
    times[0] = st.st_atim;
    times[1] = st.st_mtim;
}

static bool
touch(const char *path)
{
    int flags = no_follow ? AT_SYMLINK_NOFOLLOW : 0, fd;

    if (utimensat(AT_FDCWD, path, times, flags) == 0)
        return true;
    if (errno == ENOENT && (no_create || no_follow))
        return no_create;
    if (errno != ENOENT)
        return false;
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, (mode_t)0666);
    if (fd < 0)
        return false;
    /* A new file has the time of now already. */
    if (times[0].tv_nsec == UTIME_NOW || times[1].tv_nsec == UTIME_NOW)
        return close(fd) == 0;
    flags = futimens(fd, times);
    return close(fd) == 0 && flags == 0;
}

static void
set_option(int letter)
{
    struct timespec date;

    no_create |= letter == 'c';
    no_follow |= letter == 'h';
    access_only |= letter == 'a';
    change_only |= letter == 'm';
    if (letter == 'd')
        use_date(time_parse(optarg, &date), &date, optarg);
    if (letter == 't')
        use_date(time_parse_digits(optarg, &date), &date, optarg);
}

int
main(int argc, char **argv)
{
    const char *model = NULL;
    int status = 0, c;

    while ((c = prog_option(argc, argv, "acd:hmr:t:", usage)) != -1)
        if (c == 'r')
            model = optarg;
        else
            set_option(c);
    if (optind == argc)
        prog_usage(usage);
    if (model)
        use_file(model);
    if (access_only && !change_only)
        times[1].tv_nsec = UTIME_OMIT;
    if (change_only && !access_only)
        times[0].tv_nsec = UTIME_OMIT;
    for (; optind < argc; optind++)
        if (!touch(argv[optind])) {
            warn("%s", argv[optind]);
            status = 1;
        }
    prog_exit(status);
}
