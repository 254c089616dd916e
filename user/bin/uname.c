/* uname: prints what the system is called. */
#include <err.h>
#include <prog.h>
#include <string.h>
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
    struct utsname names;
    char wanted[8] = "";
    int c;

    while ((c = prog_option(argc, argv, "amnrsv", usage)) != -1)
        if (c == 'a')
            strcpy(wanted, "mnrsv");
        else if (!strchr(wanted, c))
            strncpy(wanted + strlen(wanted), (char[]){(char)c, '\0'}, 2);
    if (!*wanted)
        strcpy(wanted, "s");
    if (uname(&names) != 0)
        err(1, "uname");
    show(strchr(wanted, 's') != NULL, names.sysname);
    show(strchr(wanted, 'n') != NULL, names.nodename);
    show(strchr(wanted, 'r') != NULL, names.release);
    show(strchr(wanted, 'v') != NULL, names.version);
    show(strchr(wanted, 'm') != NULL, names.machine);
    putchar('\n');
    prog_exit(0);
}
