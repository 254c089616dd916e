/* uptime: how long the system has run, and how busy it is. */
#include <err.h>
#include <prog.h>
#include <sys/sysinfo.h>
#include <time.h>

static const char usage[] = "usage: uptime\n"
                            "Print the time, how long the system is up, and "
                            "its load.\n";

static void
show_load(uint64_t load)
{
    printf(" %lu.%02lu", (unsigned long)(load >> 16),
           (unsigned long)((load & 0xffff) * 100 >> 16));
}

int
main(int argc, char **argv)
{
    struct sysinfo info;
    time_t now = time(NULL);
    char clock[16];

    prog_option(argc, argv, "", usage);
    if (sysinfo(&info) != 0)
        err(1, "sysinfo");
    strftime(clock, sizeof(clock), "%H:%M:%S", gmtime(&now));
    printf(" %s up ", clock);
    if (info.uptime >= 86400)
        printf("%ld days ", (long)(info.uptime / 86400));
    printf("%ld:%02ld:%02ld, %u processes, load", info.uptime / 3600 % 24,
           info.uptime / 60 % 60, info.uptime % 60, info.procs);
    for (int i = 0; i < 3; i++)
        show_load(info.loads[i]);
    putchar('\n');
    prog_exit(0);
}
