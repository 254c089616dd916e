/* chown: gives files to other users. */
#include <owner.h>
#include <prog.h>

static const char usage[] =
    "usage: chown [-fhRv] USER[:[GROUP]]|:GROUP FILE...\n"
    "Give FILEs to a user, a group or both; USER: means with USER's group.\n"
    "  -h  links themselves                -v  say what is changed\n"
    "  -R  all below directories too       -f  no complaints\n";

int
main(int argc, char **argv)
{
    prog_exit(owner_main(argc, argv, usage, owner_parse));
}
