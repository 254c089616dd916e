/* kill: sends a signal to processes. */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <prog.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: kill [-SIGNAL] PID...   kill -s SIGNAL PID...   kill -l\n"
    "Send SIGNAL, a name or a number, else TERM, to processes. A negative PID\n"
    "means a process group; -l lists the signals.\n";

static void
list(void)
{
    for (int i = 1; signal_name(i); i++)
        printf("%2d %-7s %s\n", i, signal_name(i), strsignal(i));
    prog_exit(0);
}

static int
read_signal(const char *name)
{
    int number = signal_number(name);

    if (number < 0)
        errx(2, "%s: no such signal", name);
    return number;
}

int
main(int argc, char **argv)
{
    int number = SIGTERM, first = 1, status = 0;

    if (argc < 2)
        prog_usage(usage);
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        prog_exit(0);
    }
    if (strcmp(argv[1], "-l") == 0)
        list();
    if (strcmp(argv[1], "-s") == 0 && argc > 2) {
        number = read_signal(argv[2]);
        first = 3;
    } else if (argv[1][0] == '-' && strcmp(argv[1], "--") != 0) {
        number = read_signal(argv[1] + 1);
        first = 2;
    }
    if (first < argc && strcmp(argv[first], "--") == 0)
        first++;
    if (first >= argc)
        prog_usage(usage);
    for (int i = first; i < argc; i++) {
        char *end;
        long pid = strtol(argv[i], &end, 10);
        if (!*argv[i] || *end)
            errx(2, "%s: not a process", argv[i]);
        if (kill((pid_t)pid, number) != 0) {
            warn("%s", argv[i]);
            status = 1;
        }
    }
    return status;
}
