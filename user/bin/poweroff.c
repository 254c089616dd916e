/* poweroff: switches the machine off. */
#include <down.h>
#include <sys/reboot.h>

static const char usage[] =
    "usage: poweroff [-f]\n"
    "Stop all services, unmount the disks and switch the machine off.\n"
    "  -f  switch it off at once, without init; disks are clean all the same\n";

int
main(int argc, char **argv)
{
    return down_main(argc, argv, usage, DOWN_POWER_OFF, RB_POWER_OFF);
}
