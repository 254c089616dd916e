#include "isolate.h"
#include "child.h"
#include "confine.h"
#include "abi/prctl.h"
#include "abi/rlimit.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_GROUPS 32

/* Who a service is. */
struct identity {
    uid_t uid;
    gid_t gid;
    gid_t groups[MOST_GROUPS];
    int count;
    char *home, *name; /* NULL: unknown */
};

static void
set_limits(const struct config *c)
{
    static const int numbers[CONFIG_LIMITS] = {
        [CONFIG_AS] = RLIMIT_AS,       [CONFIG_CORE] = RLIMIT_CORE,
        [CONFIG_DATA] = RLIMIT_DATA,   [CONFIG_NOFILE] = RLIMIT_NOFILE,
        [CONFIG_NPROC] = RLIMIT_NPROC, [CONFIG_STACK] = RLIMIT_STACK,
    };

    for (int i = 0; i < CONFIG_LIMITS; i++) {
        struct rlimit limit = {c->limits[i], c->limits[i]};
        if (c->limits[i] != CONFIG_NO_LIMIT &&
            syscall(SYS_prlimit64, 0, numbers[i], &limit, NULL) != 0)
            child_fail("limits");
    }
}

static bool
is_number(const char *text, unsigned *to)
{
    char *end;

    *to = (unsigned)strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

static gid_t
find_group(const char *name)
{
    struct group *group;
    unsigned number;

    if (is_number(name, &number))
        return number;
    group = getgrnam(name);
    if (!group) {
        errno = ENOENT;
        child_fail("group %s", name);
    }
    return group->gr_gid;
}

/* The user's own groups, unless the file says which. */
static void
find_groups(const struct config *c, const struct passwd *user,
            struct identity *to)
{
    if (c->groups.count > MOST_GROUPS) {
        errno = E2BIG;
        child_fail("groups");
    }
    for (size_t i = 0; i < c->groups.count; i++)
        to->groups[to->count++] = find_group(c->groups.items[i]);
    if (c->groups.count || !user)
        return;
    to->count = MOST_GROUPS;
    if (getgrouplist(user->pw_name, to->gid, to->groups, &to->count) < 0) {
        errno = E2BIG;
        child_fail("groups");
    }
}

/* NULL if the user has no line in /etc/passwd. */
static struct passwd *
find_user(const char *name)
{
    struct passwd *user = getpwnam(name);
    unsigned number;

    return user || !is_number(name, &number) ? user : getpwuid(number);
}

bool
isolate_user(const struct config *c, uid_t *to)
{
    struct passwd *user = c->user ? find_user(c->user) : NULL;

    *to = user ? user->pw_uid : 0;
    return user || !c->user || is_number(c->user, to);
}

static void
find_identity(const struct config *c, struct identity *to)
{
    struct passwd *user = find_user(c->user);
    unsigned number;

    if (user) {
        to->uid = user->pw_uid;
        to->gid = user->pw_gid;
        to->name = strdup(user->pw_name);
        to->home = strdup(user->pw_dir);
    } else if (is_number(c->user, &number)) {
        to->uid = to->gid = number;
    } else {
        errno = ENOENT;
        child_fail("user %s", c->user);
    }
    if (c->group)
        to->gid = find_group(c->group);
    find_groups(c, user, to);
}

static void
become(const struct identity *who)
{
    if (setgroups((size_t)who->count, who->groups) != 0 ||
        setgid(who->gid) != 0 || setuid(who->uid) != 0)
        child_fail("user %u", who->uid);
    setenv("HOME", who->home ? who->home : "/", 1);
    if (who->name) {
        setenv("USER", who->name, 1);
        setenv("LOGNAME", who->name, 1);
    }
}

static void
enter_root(const char *root)
{
    if (chroot(root) != 0 || chdir("/") != 0)
        child_fail("root %s", root);
}

void
isolate(const struct config *c, const char *program)
{
    struct identity who = {0};
    int rules;

    if (c->user)
        find_identity(c, &who);
    /* Who has few descriptors could not read /etc/passwd. */
    set_limits(c);
    if (c->root)
        enter_root(c->root);
    rules = confine_prepare(c, program);
    if (c->user)
        become(&who);
    /* A set-id program would give back what was taken away. */
    if ((c->user || c->root || c->syscalls.count || rules >= 0) &&
        syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        child_fail("no new rights");
    confine(rules);
}
