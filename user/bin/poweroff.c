/* poweroff: switches the machine off. */
#include <err.h>
#include <prog.h>
#include <sys/reboot.h>

static const char usage[] = "usage: poweroff\nSwitch the machine off.\n";

int
main(int argc, char **argv)
{
    prog_option(argc, argv, "", usage);
    reboot(RB_POWER_OFF);
    err(1, "reboot");
}
