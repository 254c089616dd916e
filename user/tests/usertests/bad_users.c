/* Calls on users and groups. */
#include "usertests.h"

static uint32_t odd_version[2] = {77, 0};
static uint32_t odder_version[2] = {78, 0};
static uint32_t version_3[2] = {0x20080522, 0};

void
bad_users(void)
{
    bad(EINVAL, seccomp, 77, 0, NULL);
    bad(EINVAL, seccomp, 1, 0x7700, NULL);
    bad(EFAULT, seccomp, 1, 0, NO_PAGE);
    bad(EFAULT, seccomp, 2, 0, KERNEL_PAGE);
    bad(EINVAL, landlock_create_ruleset, buffer, 8, 2);
    bad(EINVAL, landlock_create_ruleset, buffer, 7, 0);
    bad(EFAULT, landlock_create_ruleset, NO_PAGE, 8, 0);
    bad(EBADF, landlock_add_rule, FD_NONE, 1, buffer, 0);
    bad(EBADFD, landlock_add_rule, FD_FILE, 1, buffer, 0);
    bad(EINVAL, landlock_restrict_self, FD_FILE, 1);
    bad(EBADF, landlock_restrict_self, FD_NONE, 0);
    bad(EINVAL, setuid, -1);
    bad(EINVAL, setgid, -1);
    bad(EFAULT, getresuid, NO_PAGE, buffer, buffer);
    bad(EFAULT, getresuid, buffer, buffer, KERNEL_PAGE);
    bad(EFAULT, getresgid, buffer, read_only, buffer);
    bad(EINVAL, getgroups, -1, buffer);
    bad(EINVAL, setgroups, 1 << 20, buffer);
    bad(EFAULT, setgroups, 4, NO_PAGE);
    bad(EFAULT, setgroups, 4, KERNEL_PAGE);
    bad(EFAULT, capget, NO_PAGE, NULL);
    bad(EINVAL, capget, odd_version, buffer);
    bad(EFAULT, capget, version_3, NO_PAGE);
    bad(EFAULT, capset, NO_PAGE, NULL);
    bad(EINVAL, capset, odder_version, buffer);
    bad(EFAULT, capset, version_3, NO_PAGE);
}

static void
become_5(void)
{
    static const uint32_t groups[2] = {30, 40};
    uint32_t id[3] = {0, 0, 0};

    check_eq(call(setgroups, 2, groups), 0);
    check_eq(call(setregid, -1, 6), 0);
    check_eq(call(getegid), 6);
    check_eq(call(setresgid, 5, 6, 7), 0);
    check_eq(call(getresgid, id, id + 1, id + 2), 0);
    check(id[0] == 5 && id[1] == 6 && id[2] == 7);
    check_eq(call(setgid, 5), 0);
    check_eq(call(setfsgid, 9), 5);
    check_eq(call(setfsuid, 0), 0);
    check_eq(call(setreuid, 0, 0), 0);
    check_eq(call(setresuid, 5, 5, 7), 0);
    check_eq(call(getresuid, id, id + 1, id + 2), 0);
    check(id[0] == 5 && id[1] == 5 && id[2] == 7);
    check_eq(call(setuid, 7), 0);
    check_eq(call(geteuid), 7);
    check_eq(call(getgroups, 100, buffer), 2);
    check_eq(*(uint32_t *)(void *)buffer, 30);
    check_fails(EPERM, call(setuid, 0));
    check_fails(EPERM, call(setgid, 0));
    check_fails(EPERM, call(setreuid, 0, 0));
    check_fails(EPERM, call(setregid, 0, 0));
    check_fails(EPERM, call(setresuid, 0, 0, 0));
    check_fails(EPERM, call(setresgid, 0, 0, 0));
    check_fails(EPERM, call(setgroups, 0, groups));
    check_fails(EPERM, call(sethostname, "x", 1));
    check_fails(EPERM, call(reboot, 0xfee1dead, 672274793, 0x77, NULL));
    check_fails(EPERM, call(mount, "none", DIR_NAME, "tmpfs", 0, NULL));
    check_fails(EPERM, call(umount2, "/", 0));
    check_fails(EPERM, call(kill, getppid(), 0));
    check_fails(EPERM, call(mknodat, AT_FDCWD, "/tmp/null", 020666, 0x103, 0));
    check_fails(EACCES, call(mkdirat, AT_FDCWD, "/root/x", 0755));
}

static void
users_change_down(void)
{
    check_eq(call(capget, version_3, buffer), 0);
    check_eq(call(capset, version_3, buffer), 0);
    in_child(become_5);
    check_eq(call(geteuid), 0);
}

void
good_users(void)
{
    good(users_change_down);
    never_fails(setfsuid);
    never_fails(setfsgid);
}
