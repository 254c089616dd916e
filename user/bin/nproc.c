/* nproc: prints how many harts are at work. */
#include <err.h>
#include <prog.h>
#include <string.h>

static const char usage[] = "usage: nproc\nPrint the number of harts.\n";

int
main(int argc, char **argv)
{
    unsigned int count = 0;
    char line[256];
    FILE *f;

    prog_option(argc, argv, "", usage);
    f = fopen("/proc/cpuinfo", "r");
    if (!f)
        err(1, "/proc/cpuinfo");
    while (fgets(line, sizeof(line), f))
        count += strncmp(line, "processor", 9) == 0;
    printf("%u\n", count);
    prog_exit(0);
}
