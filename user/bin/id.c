/* id: prints who the user is. */
#include <grp.h>
#include <prog.h>
#include <pwd.h>
#include <unistd.h>

static const char usage[] =
    "usage: id [-gnu]\n"
    "Print the user and the group; only the user's number (-u) or the\n"
    "group's (-g), or its name (-n).\n";

int
main(int argc, char **argv)
{
    bool user_only = false, group_only = false, name = false;
    struct passwd *user = getpwuid(geteuid());
    struct group *group = getgrgid(getegid());
    int c;

    while ((c = prog_option(argc, argv, "gnu", usage)) != -1) {
        user_only |= c == 'u';
        group_only |= c == 'g';
        name |= c == 'n';
    }
    if (user_only && name && user)
        puts(user->pw_name);
    else if (group_only && name && group)
        puts(group->gr_name);
    else if (user_only || group_only)
        printf("%u\n", user_only ? geteuid() : getegid());
    else
        printf("uid=%u(%s) gid=%u(%s)\n", geteuid(), user ? user->pw_name : "?",
               getegid(), group ? group->gr_name : "?");
    prog_exit(0);
}
