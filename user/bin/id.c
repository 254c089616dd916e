/* id: prints who the user is. */
#include <err.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <names.h>
#include <prog.h>
#include <pwd.h>
#include <unistd.h>

static const char usage[] =
    "usage: id [-gGnru] [USER]\n"
    "Print the user, the group and all groups of this process, or those that\n"
    "USER has from a login.\n"
    "  -u, -g, -G  only the user, the group, all groups\n"
    "  -n, -r      with these: names; the real ids\n";

static struct identity {
    uid_t uid, euid;
    gid_t gid, egid;
    gid_t groups[NGROUPS_MAX + 1]; /* the effective one first */
    int count;
} who;

static void
look_up(const char *name)
{
    struct passwd *user = getpwnam(name);

    if (!user)
        errx(1, "%s: no such user", name);
    who.uid = who.euid = user->pw_uid;
    who.gid = who.egid = user->pw_gid;
    who.count = NGROUPS_MAX;
    getgrouplist(name, user->pw_gid, who.groups, &who.count);
    if (who.count > NGROUPS_MAX)
        who.count = NGROUPS_MAX;
}

static void
look_at_myself(void)
{
    who.uid = getuid();
    who.euid = geteuid();
    who.gid = getgid();
    who.groups[0] = who.egid = getegid();
    who.count = 1 + getgroups(NGROUPS_MAX, who.groups + 1);
}

static void
show(const char *label, uint32_t id, const char *name)
{
    printf("%s%u", label, id);
    if (*name < '0' || *name > '9')
        printf("(%s)", name);
}

static void
show_all(void)
{
    show("uid=", who.uid, user_name(who.uid));
    show(" gid=", who.gid, group_name(who.gid));
    if (who.euid != who.uid)
        show(" euid=", who.euid, user_name(who.euid));
    if (who.egid != who.gid)
        show(" egid=", who.egid, group_name(who.egid));
    for (int i = 0; i < who.count; i++)
        show(i > 0 ? "," : " groups=", who.groups[i],
             group_name(who.groups[i]));
    putchar('\n');
}

/* The effective group may be among the others. */
static void
drop_repeated(void)
{
    int kept = 1;

    for (int i = 1; i < who.count; i++)
        if (who.groups[i] != who.egid)
            who.groups[kept++] = who.groups[i];
    who.count = kept;
}

int
main(int argc, char **argv)
{
    bool names = false, real = false;
    int only = 0, c;

    while ((c = prog_option(argc, argv, "gGnru", usage)) != -1) {
        names |= c == 'n';
        real |= c == 'r';
        if (c == 'u' || c == 'g' || c == 'G')
            only = c;
    }
    if (argv[optind])
        look_up(argv[optind]);
    else
        look_at_myself();
    drop_repeated();
    uid_t uid = real ? who.uid : who.euid;
    gid_t gid = real ? who.gid : who.egid;
    if (only == 'u' && names)
        puts(user_name(uid));
    else if (only == 'g' && names)
        puts(group_name(gid));
    else if (only == 'u' || only == 'g')
        printf("%u\n", only == 'u' ? uid : gid);
    else if (!only)
        show_all();
    for (int i = 0; only == 'G' && i < who.count; i++) {
        const char *end = i + 1 < who.count ? " " : "\n";
        if (names)
            printf("%s%s", group_name(who.groups[i]), end);
        else
            printf("%u%s", who.groups[i], end);
    }
    prog_exit(0);
}
