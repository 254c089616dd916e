/* reboot: starts the machine again. */
#include <err.h>
#include <prog.h>
#include <sys/reboot.h>

static const char usage[] = "usage: reboot\nStart the machine again.\n";

int
main(int argc, char **argv)
{
    prog_option(argc, argv, "", usage);
    reboot(RB_AUTOBOOT);
    err(1, "reboot");
}
