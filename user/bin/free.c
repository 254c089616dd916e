/* free: how much memory there is. */
#include <err.h>
#include <prog.h>
#include <sys/sysinfo.h>

static const char usage[] =
    "usage: free [-bkm]\n"
    "Print memory in bytes (-b), KiB (-k, as without options) or MiB (-m).\n";

int
main(int argc, char **argv)
{
    unsigned long unit = 1024, total, left, buffers;
    struct sysinfo info;
    int c;

    while ((c = prog_option(argc, argv, "bkm", usage)) != -1)
        unit = c == 'b' ? 1 : c == 'k' ? 1024 : 1024 * 1024;
    if (sysinfo(&info) != 0)
        err(1, "sysinfo");
    total = info.totalram * info.mem_unit / unit;
    left = info.freeram * info.mem_unit / unit;
    buffers = info.bufferram * info.mem_unit / unit;
    printf("%17s %11s %11s %11s\n", "total", "used", "free", "buffers");
    printf("Mem: %12lu %11lu %11lu %11lu\n", total, total - left - buffers,
           left, buffers);
    prog_exit(0);
}
