/* groups: prints the names of the groups that one is in. */
#include <err.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <names.h>
#include <prog.h>
#include <pwd.h>
#include <unistd.h>

static const char usage[] =
    "usage: groups [USER]\n"
    "Print the groups of this process, or those that USER has from a login.\n";

int
main(int argc, char **argv)
{
    gid_t ids[NGROUPS_MAX + 1];
    int count = NGROUPS_MAX;

    prog_option(argc, argv, "", usage);
    if (argv[optind]) {
        struct passwd *user = getpwnam(argv[optind]);
        if (!user)
            errx(1, "%s: no such user", argv[optind]);
        getgrouplist(user->pw_name, user->pw_gid, ids, &count);
        count = count < NGROUPS_MAX ? count : NGROUPS_MAX;
    } else {
        ids[0] = getegid();
        count = 1 + getgroups(NGROUPS_MAX, ids + 1);
    }
    for (int i = 0; i < count; i++)
        if (i == 0 || ids[i] != ids[0])
            printf("%s%s", i > 0 ? " " : "", group_name(ids[i]));
    putchar('\n');
    prog_exit(0);
}
