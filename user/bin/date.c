/* date: prints the date and time, in UTC. */
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <sys/stat.h>
#include <time.h>
#include <timeparse.h>

static const char usage[] =
    "usage: date [-Iu] [-d DATE | -r FILE] [+FORMAT]\n"
    "Print the date and time in UTC, as strftime's FORMAT says.\n"
    "  -d  of DATE: @SECONDS since 1970, or 2024-12-31 23:59:59\n"
    "  -r  of FILE's last change   -I  only the date, as 1999-12-31\n";

int
main(int argc, char **argv)
{
    const char *format = "%a %b %e %H:%M:%S %Z %Y";
    struct timespec when = {.tv_sec = time(NULL)};
    struct stat st;
    char text[512];
    int c;

    while ((c = prog_option(argc, argv, "d:Ir:u", usage)) != -1) {
        if (c == 'I')
            format = "%F";
        if (c == 'd' && !time_parse(optarg, &when))
            errx(2, "%s: not a date", optarg);
        if (c == 'r' && stat(optarg, &st) != 0)
            err(1, "%s", optarg);
        if (c == 'r')
            when = st.st_mtim;
    }
    if (optind < argc && argv[optind][0] == '+')
        format = argv[optind++] + 1;
    if (optind < argc)
        prog_usage(usage);
    if (*format &&
        strftime(text, sizeof(text), format, gmtime(&when.tv_sec)) == 0)
        errx(1, "the date would be too long");
    puts(*format ? text : "");
    prog_exit(0);
}
