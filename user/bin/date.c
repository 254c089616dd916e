/* date: prints the date and time, in UTC. */
#include <err.h>
#include <getopt.h>
#include <limits.h>
#include <prog.h>
#include <time.h>

static const char usage[] =
    "usage: date [-u] [-I] [-d @SECONDS] [+FORMAT]\n"
    "Print the date and time in UTC, as strftime's FORMAT says.\n"
    "  -d  of SECONDS since 1970   -I  only the date, as 1999-12-31\n";

int
main(int argc, char **argv)
{
    const char *format = "%a %b %e %H:%M:%S %Z %Y";
    time_t when = time(NULL);
    char text[512];
    int c;

    while ((c = prog_option(argc, argv, "Iud:", usage)) != -1) {
        if (c == 'I')
            format = "%F";
        if (c == 'd')
            when = (time_t)prog_number(optarg + (*optarg == '@'), LONG_MAX);
    }
    if (optind < argc && argv[optind][0] == '+')
        format = argv[optind++] + 1;
    if (optind < argc)
        prog_usage(usage);
    if (*format && strftime(text, sizeof(text), format, gmtime(&when)) == 0)
        errx(1, "the date would be too long");
    puts(*format ? text : "");
    prog_exit(0);
}
