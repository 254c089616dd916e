/* uname: prints what the system is called. */
#include <err.h>
#include <prog.h>
#include <sys/utsname.h>

static const char usage[] =
    "usage: uname [-amnrsv]\n"
    "Print the system's name (-s), the host's (-n), release (-r), version\n"
    "(-v), machine (-m), or all (-a).\n";

static void
show(bool wanted, const char *text)
{
    static bool again;

    if (!wanted)
        return;
    printf("%s%s", again ? " " : "", text);
    again = true;
}

int
main(int argc, char **argv)
{
    static char wanted[128]; /* by letter */
    struct utsname names;
    bool any = false;
    int c;

    while ((c = prog_option(argc, argv, "amnrsv", usage)) != -1) {
        wanted[c] = 1;
        any = true;
    }
    if (uname(&names) != 0)
        err(1, "uname");
    show(wanted['s'] || wanted['a'] || !any, names.sysname);
    show(wanted['n'] || wanted['a'], names.nodename);
    show(wanted['r'] || wanted['a'], names.release);
    show(wanted['v'] || wanted['a'], names.version);
    show(wanted['m'] || wanted['a'], names.machine);
    putchar('\n');
    prog_exit(0);
}
