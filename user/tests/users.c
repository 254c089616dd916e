/* Whose a process is: ids, groups, capabilities, and whom it may signal. The
 * cases hold on Linux, for user 0. */
#include "users.h"
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef O_NOATIME
#define O_NOATIME 01000000
#endif

#define KEEP ((uid_t)-1)

static void *volatile bad = (void *)0x10;
static volatile int less_than_none = -1;
static bool
is_refused(int result, int error)
{
    return result == -1 && errno == error;
}

static bool
users_are(uid_t real, uid_t effective, uid_t saved)
{
    uid_t r = 99, e = 99, s = 99;
    return getresuid(&r, &e, &s) == 0 && r == real && e == effective &&
           s == saved && getuid() == real && geteuid() == effective;
}

static bool
groups_are(gid_t real, gid_t effective, gid_t saved)
{
    gid_t r = 99, e = 99, s = 99;
    return getresgid(&r, &e, &s) == 0 && r == real && e == effective &&
           s == saved && getgid() == real && getegid() == effective;
}

static void
try_setuid(void)
{
    expect(users_are(0, 0, 0) && groups_are(0, 0, 0));
    expect(is_refused(setuid(KEEP), EINVAL));
    expect(setgid(7) == 0 && groups_are(7, 7, 7));
    expect(setuid(5) == 0 && users_are(5, 5, 5));
    expect(setuid(5) == 0);
    expect(is_refused(setuid(0), EPERM));
    expect(is_refused(setuid(6), EPERM));
    expect(is_refused(setgid(0), EPERM));
    expect(setgid(7) == 0 && groups_are(7, 7, 7));
    expect(is_refused(setgroups(0, NULL), EPERM));
    expect(users_are(5, 5, 5));
}

static void
root_gives_all_up(void)
{
    in_child(try_setuid);
}

static void
try_saved(void)
{
    expect(setresuid(5, 6, 0) == 0 && users_are(5, 6, 0));
    expect(is_refused(setresuid(KEEP, 7, KEEP), EPERM));
    expect(is_refused(setresuid(KEEP, KEEP, 7), EPERM));
    expect(users_are(5, 6, 0));
    expect(setresuid(KEEP, 5, KEEP) == 0 && users_are(5, 5, 0));
    expect(setuid(5) == 0 && users_are(5, 5, 0));
    expect(setuid(0) == 0 && users_are(5, 0, 0));
    expect(setuid(5) == 0 && users_are(5, 5, 5));
    expect(is_refused(setuid(0), EPERM));
}

static void
the_saved_id_comes_back(void)
{
    in_child(try_saved);
}

static void
try_pairs(void)
{
    expect(setreuid(5, KEEP) == 0 && users_are(5, 0, 0));
    expect(setreuid(0, 5) == 0 && users_are(0, 5, 5));
    expect(is_refused(setreuid(6, KEEP), EPERM));
    expect(is_refused(setreuid(KEEP, 6), EPERM));
    expect(setreuid(5, 0) == 0 && users_are(5, 0, 0));
    expect(setreuid(KEEP, 5) == 0 && users_are(5, 5, 0));
    expect(is_refused(setreuid(0, KEEP), EPERM));
    expect(setreuid(KEEP, 0) == 0 && users_are(5, 0, 0));
    expect(setreuid(8, 9) == 0 && users_are(8, 9, 9));
    expect(setreuid(9, 8) == 0 && users_are(9, 8, 8));
}

static void
try_group_pairs(void)
{
    expect(setregid(5, 6) == 0 && groups_are(5, 6, 6));
    expect(setresgid(1, 2, 3) == 0 && groups_are(1, 2, 3));
    expect(setuid(9) == 0);
    expect(setresgid(3, 1, 2) == 0 && groups_are(3, 1, 2));
    expect(is_refused(setresgid(4, KEEP, KEEP), EPERM));
    expect(setregid(KEEP, 2) == 0 && groups_are(3, 2, 2));
    expect(is_refused(setregid(1, KEEP), EPERM));
    expect(setgid(3) == 0 && groups_are(3, 3, 2));
}

static void
real_and_effective_change_places(void)
{
    in_child(try_pairs);
    in_child(try_group_pairs);
}

static void
try_groups(void)
{
    gid_t groups[] = {30, 10, 20}, got[8] = {0};
    expect(getgroups(0, NULL) == 0);
    expect(setgroups(3, groups) == 0);
    expect(getgroups(0, NULL) == 3);
    expect(getgroups(8, got) == 3);
    expect(got[0] + got[1] + got[2] == 60);
    expect(got[0] != got[1] && got[1] != got[2] && got[3] == 0);
    expect(is_refused(getgroups(2, got), EINVAL));
    expect(is_refused(getgroups(less_than_none, got), EINVAL));
    expect(is_refused(getgroups(8, bad), EFAULT));
    expect(is_refused(setgroups(3, bad), EFAULT));
    expect(is_refused(setgroups(70000, groups), EINVAL));
    expect(is_refused(setgroups((size_t)-1, groups), EINVAL));
    groups[1] = KEEP;
    expect(is_refused(setgroups(3, groups), EINVAL));
    expect(getgroups(0, NULL) == 3);
    expect(setuid(5) == 0 && getgroups(0, NULL) == 3);
    expect(setgroups(0, NULL) == -1);
}

static void
groups(void)
{
    in_child(try_groups);
    check_fails(EFAULT, syscall(SYS_getresuid, bad, bad, bad));
    check_fails(EFAULT, syscall(SYS_getresgid, bad, bad, bad));
}

static void
try_fs_ids(void)
{
    int fd = open("users.f", O_RDWR | O_CREAT | O_TRUNC, 0600);
    expect(fd >= 0);
    close(fd);
    expect(setfsuid(5) == 0 && setfsuid(KEEP) == 5);
    expect(setfsgid(6) == 0 && setfsgid(KEEP) == 6);
    expect(users_are(0, 0, 0));
    expect(is_refused(open("users.f", O_RDONLY), EACCES));
    expect(is_refused(chmod("users.f", 0666), EPERM));
    fd = open("/dev/null", O_RDONLY);
    expect(is_refused(fcntl(fd, F_SETFL, O_NOATIME), EPERM));
    expect(fcntl(fd, F_SETFL, O_APPEND) == 0);
    close(fd);
    expect(setfsuid(0) == 5 && setfsuid(KEEP) == 0);
    fd = open("users.f", O_RDONLY);
    expect(fd >= 0);
    close(fd);
    expect(setresuid(1, 2, 3) == 0 && setfsuid(KEEP) == 2);
    expect(setfsuid(9) == 2 && setfsuid(KEEP) == 2);
    expect(setfsuid(3) == 2 && setfsuid(1) == 3 && setfsuid(KEEP) == 1);
}

static void
files_go_by_ids_of_their_own(void)
{
    in_child(try_fs_ids);
    check_eq(unlink("users.f"), 0);
}

/* ---- access: by the real ids, or not ---- */

static void
try_access(void)
{
    expect(setresuid(5, 0, 0) == 0);
    expect(is_refused(access("users.d/f", R_OK), EACCES));
    expect(faccessat(AT_FDCWD, "users.d/f", R_OK, AT_EACCESS) == 0);
    expect(access("users.d", X_OK) == -1 && access(".", F_OK) == 0);
    expect(setresuid(0, 5, 0) == 0);
    expect(access("users.d/f", R_OK) == 0);
    expect(
        is_refused(faccessat(AT_FDCWD, "users.d/f", R_OK, AT_EACCESS), EACCES));
    expect(is_refused(open("users.d/f", O_RDONLY), EACCES));
}

static void
access_goes_by_real_ids(void)
{
    check_eq(mkdir("users.d", 0700), 0);
    close(open("users.d/f", O_RDWR | O_CREAT, 0600));
    in_child(try_access);
    check_eq(unlink("users.d/f") | rmdir("users.d"), 0);
}

/* ---- Signals ---- */

/* A child of that user that sleeps until it is killed; *session: in one of
 * its own. */
static pid_t
sleeper(uid_t real, uid_t saved, bool session)
{
    int ready[2];
    char byte;
    check_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (session)
            setsid();
        if (setresuid(real, real, saved) != 0)
            _exit(1);
        close(ready[0]);
        close(ready[1]);
        for (;;)
            sleep(1000);
    }
    close(ready[1]);
    check_eq(read(ready[0], &byte, 1), 0);
    close(ready[0]);
    return pid;
}

static void
end(pid_t pid)
{
    int status;
    check_eq(kill(pid, SIGKILL), 0);
    check_eq(waitpid(pid, &status, 0), pid);
}

static pid_t target;

static void
try_to_kill(void)
{
    expect(setresuid(5, 6, 7) == 0);
    expect(is_refused(kill(1, 0), EPERM) || getppid() == 1);
    expect(is_refused(kill(target, 0), EPERM));
    expect(is_refused(kill(target, SIGKILL), EPERM));
    expect(is_refused(kill(-target, SIGKILL), EPERM));
    expect(is_refused(kill(target, SIGCONT), EPERM));
    expect(is_refused((int)syscall(SYS_tkill, target, SIGTERM), EPERM));
    expect(
        is_refused((int)syscall(SYS_tgkill, target, target, SIGTERM), EPERM));
    expect(is_refused(kill(30000, 0), ESRCH));
}

static void
try_to_continue(void)
{
    expect(setuid(5) == 0);
    expect(is_refused(kill(target, SIGTERM), EPERM));
    expect(kill(target, SIGCONT) == 0);
}

static void
try_with_real(void)
{
    expect(setresuid(5, 9, 9) == 0);
    expect(kill(target, 0) == 0);
}

static void
try_with_effective(void)
{
    expect(setresuid(9, 5, 9) == 0);
    expect(kill(target, 0) == 0);
}

static void
try_with_saved(void)
{
    expect(setresuid(9, 9, 5) == 0);
    expect(is_refused(kill(target, 0), EPERM));
}

static void
signals_go_to_own_processes(void)
{
    target = sleeper(8, 8, true);
    in_child(try_to_kill);
    end(target);
    target = sleeper(8, 8, false);
    in_child(try_to_continue);
    end(target);
    for (int saved = 0; saved < 2; saved++) {
        target = sleeper(saved ? 8 : 5, saved ? 5 : 8, true);
        in_child(try_with_real);
        in_child(try_with_effective);
        in_child(try_with_saved);
        end(target);
    }
}

static void
try_broadcast(void)
{
    expect(setuid(1234) == 0);
    /* Nobody else is this user; as on Linux that is no error. */
    expect(kill(-1, SIGKILL) == 0);
}

static void
try_broadcast_to_own(void)
{
    expect(setuid(4321) == 0);
    expect(kill(-1, SIGKILL) == 0);
}

static void
signals_to_all_reach_own_only(void)
{
    int status;
    pid_t other = sleeper(8, 8, true), own = sleeper(4321, 4321, true);
    in_child(try_broadcast);
    in_child(try_broadcast_to_own);
    check_eq(waitpid(own, &status, 0), own);
    check_eq(status, SIGKILL);
    check_eq(waitpid(other, &status, WNOHANG), 0);
    end(other);
}

/* ---- Limits ---- */

#define NPROC 6 /* RLIMIT_NPROC */

static int
limit(pid_t pid, uint64_t soft, uint64_t hard)
{
    uint64_t values[] = {soft, hard};
    return (int)syscall(SYS_prlimit64, pid, NPROC, values, NULL);
}

static void
try_limits(void)
{
    pid_t root = getppid(), pid;
    int status;
    expect(limit(0, 5, 9) == 0 && setuid(777) == 0);
    expect(limit(0, 9, 9) == 0 && limit(0, 2, 8) == 0);
    expect(is_refused(limit(0, 2, 9), EPERM));
    expect(is_refused(limit(0, 9, 8), EINVAL));
    expect(is_refused(limit(root, 2, 8), EPERM));
    expect(is_refused((int)syscall(SYS_prlimit64, root, NPROC, NULL, NULL),
                      EPERM));
    /* Two processes of this user: this one and one more. */
    pid = fork();
    if (pid == 0)
        _exit(is_refused(fork(), EAGAIN) ? 3 : 4);
    expect(waitpid(pid, &status, 0) == pid && status == 3 << 8);
}

static void
only_root_raises_limits(void)
{
    in_child(try_limits);
    check_eq(limit(0, 5, 9) | limit(0, 500, 900), 0);
}

/* ---- Capabilities ---- */

struct cap_user_header {
    uint32_t version;
    int pid;
};

struct cap_user_data {
    uint32_t effective, permitted, inheritable;
};

static void
try_capabilities(void)
{
    struct cap_user_header header = {0x20080522, 0};
    struct cap_user_data data[2] = {{0, 0, 0}}, none[2] = {{0, 0, 0}};
    expect(syscall(SYS_capget, &header, data) == 0);
    expect((data[0].effective & 1 << 7) && (data[0].permitted & 1 << 7));
    expect(data[0].inheritable == 0);
    expect(syscall(SYS_capset, &header, data) == 0);
    expect(setresuid(5, 5, 0) == 0);
    expect(syscall(SYS_capget, &header, data) == 0);
    expect(data[0].effective == 0 && (data[0].permitted & 1 << 7));
    expect(setuid(0) == 0 && setuid(5) == 0);
    expect(syscall(SYS_capget, &header, data) == 0);
    expect(memcmp(data, none, sizeof(data)) == 0);
    expect(syscall(SYS_capset, &header, none) == 0);
    data[0].permitted = data[0].effective = 1;
    expect(is_refused((int)syscall(SYS_capset, &header, data), EPERM));
}

static void
capabilities(void)
{
    struct cap_user_header header = {0x20080522, 0};
    struct cap_user_data data[2];
    in_child(try_capabilities);
    header.pid = 30000;
    check_fails(ESRCH, syscall(SYS_capget, &header, data));
    header.pid = -1;
    check_fails(EINVAL, syscall(SYS_capget, &header, data));
    header = (struct cap_user_header){1, 0};
    check_fails(EINVAL, syscall(SYS_capget, &header, data));
    check_eq(header.version, 0x20080522);
    header.version = 1;
    check_eq(syscall(SYS_capget, &header, NULL), 0);
    check_fails(EFAULT, syscall(SYS_capget, bad, data));
    check_fails(EFAULT, syscall(SYS_capget, &header, bad));
    check_fails(EFAULT, syscall(SYS_capset, &header, bad));
}

/* What a process may use is no secret, unlike what it is given. */
static void
limits_are_seen(void)
{
    char path[40], text[64];
    pid_t parent = getpid(), pid;
    int status = -1, fd;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        if (setgid(5) != 0 || setuid(5) != 0)
            _exit(1);
        snprintf(path, sizeof(path), "/proc/%d/limits", parent);
        fd = open(path, O_RDONLY);
        _exit(fd < 0 || read(fd, text, sizeof(text)) != sizeof(text));
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(root_gives_all_up),
        TAP_CASE(the_saved_id_comes_back),
        TAP_CASE(real_and_effective_change_places),
        TAP_CASE(groups),
        TAP_CASE(files_go_by_ids_of_their_own),
        TAP_CASE(access_goes_by_real_ids),
        TAP_CASE(signals_go_to_own_processes),
        TAP_CASE(signals_to_all_reach_own_only),
        TAP_CASE(only_root_raises_limits),
        TAP_CASE(capabilities),
        TAP_CASE(limits_are_seen),
    };
    if (chdir(argc > 1 ? argv[1] : "/tmp") != 0)
        return 1;
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
