/* sleep: waits. */
#include <ctype.h>
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <stdlib.h>
#include <time.h>

static const char usage[] = "usage: sleep SECONDS\n"
                            "Wait; SECONDS may have decimals.\n";

static struct timespec
read_time(const char *text)
{
    struct timespec t = {0};
    const char *s = text;
    long unit = 100000000;

    for (; isdigit(*s) && t.tv_sec < 1l << 40; s++)
        t.tv_sec = t.tv_sec * 10 + (*s - '0');
    if (*s == '.')
        for (s++; isdigit(*s); s++, unit /= 10)
            t.tv_nsec += (*s - '0') * unit;
    if (*s == 's')
        s++;
    if (!isdigit(*text) && *text != '.')
        errx(2, "%s: not a time in seconds", text);
    if (*s)
        errx(2, "%s: not a time in seconds", text);
    return t;
}

int
main(int argc, char **argv)
{
    struct timespec t;

    prog_option(argc, argv, "", usage);
    if (argc - optind != 1)
        prog_usage(usage);
    t = read_time(argv[optind]);
    if (nanosleep(&t, NULL) != 0)
        err(1, "%s", argv[optind]);
    return 0;
}
