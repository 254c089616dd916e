/* chgrp: gives files to other groups. */
#include <owner.h>
#include <prog.h>

static const char usage[] =
    "usage: chgrp [-fhRv] GROUP FILE...\n"
    "Give FILEs to a group.\n"
    "  -h  links themselves                -v  say what is changed\n"
    "  -R  all below directories too       -f  no complaints\n";

static bool
parse(const char *text, uid_t *user, gid_t *group)
{
    *user = (uid_t)-1;
    return owner_parse_group(text, group);
}

int
main(int argc, char **argv)
{
    prog_exit(owner_main(argc, argv, usage, parse));
}
