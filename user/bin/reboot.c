/* reboot: starts the machine again. */
#include <down.h>
#include <sys/reboot.h>

static const char usage[] =
    "usage: reboot [-f]\n"
    "Stop all services, unmount the disks and start the machine again.\n"
    "  -f  start it again at once, without init; disks are clean all the "
    "same\n";

int
main(int argc, char **argv)
{
    return down_main(argc, argv, usage, DOWN_REBOOT, RB_AUTOBOOT);
}
