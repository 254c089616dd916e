/* Programs whose files have set-id bits: whose they are once they run. The
 * cases hold on Linux, for user 0. */
#include "users.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef CLONE_FS
#define CLONE_FS 0x200
#endif

/* The program is this one, which then reports what it is. */

struct report {
    uid_t uid[3];
    gid_t gid[3];
    unsigned long aux_uid[2], aux_gid[2], secure;
    long dumpable;
};

static const char *program; /* the path of this one */
static int report_to;

static int
report(void)
{
    struct report r = {
        .aux_uid = {getauxval(AT_UID), getauxval(AT_EUID)},
        .aux_gid = {getauxval(AT_GID), getauxval(AT_EGID)},
        .secure = getauxval(AT_SECURE),
        .dumpable = syscall(SYS_prctl, 3 /* PR_GET_DUMPABLE */, 0, 0, 0, 0),
    };
    getresuid(&r.uid[0], &r.uid[1], &r.uid[2]);
    getresgid(&r.gid[0], &r.gid[1], &r.gid[2]);
    return write(3, &r, sizeof(r)) == sizeof(r) ? 0 : 1;
}

static void
copy_program(const char *to)
{
    char buffer[4096];
    ssize_t n;
    int from = open(program, O_RDONLY);
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    while ((n = read(from, buffer, sizeof(buffer))) > 0)
        check_eq(write(fd, buffer, (size_t)n), n);
    check_eq(n, 0);
    close(fd);
    close(from);
}

/* A pipe: until it is closed, a child of who runs the program shares its
 * umask and working directory with it. */
static int share[2];

static void
start_sharing(void)
{
    char byte;
    if (share[1] == 0 || syscall(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0))
        return;
    close(share[1]);
    _exit((int)read(share[0], &byte, 1));
}

static bool no_new_privileges;

static void
try_running(void)
{
    char *argv[] = {(char *)"report", NULL};
    expect(setgid(6) == 0 && setuid(5) == 0);
    start_sharing();
    if (no_new_privileges)
        expect(syscall(SYS_prctl, 38, 1, 0, 0, 0) == 0);
    expect(dup2(report_to, 3) == 3);
    execv("setid.su", argv);
    expect(false);
}

/* What the program is if user 5, group 6, runs it with this owner and mode. */
static struct report
run_with(uid_t uid, gid_t gid, mode_t mode)
{
    struct report r = {.secure = 99};
    int ends[2];
    check_eq(chown("setid.su", uid, gid), 0);
    check_eq(chmod("setid.su", mode), 0);
    check_eq(pipe(ends), 0);
    report_to = ends[1];
    in_child(try_running);
    close(ends[1]);
    check_eq(read(ends[0], &r, sizeof(r)), sizeof(r));
    close(ends[0]);
    return r;
}

static void
check_report(struct report r, uid_t uid, gid_t gid)
{
    check_eq(r.uid[0], 5);
    check_eq(r.uid[1], uid);
    check_eq(r.uid[2], uid);
    check_eq(r.gid[0], 6);
    check_eq(r.gid[1], gid);
    check_eq(r.gid[2], gid);
    check_eq(r.aux_uid[0], 5);
    check_eq(r.aux_uid[1], uid);
    check_eq(r.aux_gid[0], 6);
    check_eq(r.aux_gid[1], gid);
    check_eq(r.secure, uid != 5 || gid != 6);
    check_eq(r.dumpable, !r.secure);
}

static void
write_to_program(void)
{
    expect(setuid(5) == 0);
    int fd = open("setid.su", O_WRONLY);
    expect(fd >= 0 && lseek(fd, 0, SEEK_END) > 0 && write(fd, "x", 1) == 1);
    close(fd);
}

static void
programs_run_for_their_owners(void)
{
    copy_program("setid.su");
    check_report(run_with(3, 4, 0755), 5, 6);
    check_report(run_with(3, 4, 04755), 3, 6);
    check_report(run_with(3, 4, 02755), 5, 4);
    check_report(run_with(3, 4, 02745), 5, 6);
    check_report(run_with(3, 4, 06755), 3, 4);
    check_report(run_with(0, 0, 06755), 0, 0);
    check_report(run_with(5, 6, 06755), 5, 6);
    check_report(run_with(0, 0, 04711), 0, 6);
    /* Who may write to it does not become who owns it. */
    check_report(run_with(3, 4, 04777), 3, 6);
    in_child(write_to_program);
    struct stat st;
    check_eq(stat("setid.su", &st), 0);
    check_eq(st.st_mode & 07777, 0777);
    check_eq(unlink("setid.su"), 0);
}

static void
not_where_they_are_not_wanted(void)
{
    check_eq(mkdir("setid.m", 0755), 0);
    check_eq(mount("none", "setid.m", "tmpfs", MS_NOSUID, NULL), 0);
    check_eq(chdir("setid.m"), 0);
    copy_program("setid.su");
    check_report(run_with(0, 0, 06755), 5, 6);
    check_eq(mount("none", ".", "tmpfs", MS_REMOUNT, NULL), 0);
    check_report(run_with(0, 0, 06755), 0, 0);
    check_eq(chdir(".."), 0);
    check_eq(umount2("setid.m", 0), 0);
    check_eq(rmdir("setid.m"), 0);
}

static void
not_while_others_share_the_directory(void)
{
    copy_program("setid.su");
    check_eq(pipe(share), 0);
    check_report(run_with(0, 0, 06755), 5, 6);
    close(share[0]);
    close(share[1]);
    share[1] = 0;
    check_report(run_with(0, 0, 06755), 0, 0);
    check_eq(unlink("setid.su"), 0);
}

static void
not_for_who_gave_them_up(void)
{
    copy_program("setid.su");
    no_new_privileges = true;
    check_report(run_with(0, 0, 06755), 5, 6);
    no_new_privileges = false;
    check_report(run_with(0, 0, 06755), 0, 0);
    check_eq(unlink("setid.su"), 0);
}

/* Who runs a program that has more rights does not see into it. */
static void
try_to_look_into(void)
{
    char path[40], target[99];
    int ready[2];
    char byte, *argv[] = {(char *)"wait", NULL};
    expect(pipe(ready) == 0 && setgid(6) == 0 && setuid(5) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ready[1], 3);
        execv("setid.su", argv);
        _exit(1);
    }
    close(ready[1]);
    expect(read(ready[0], &byte, 1) == 1);
    for (const char *const *f =
             (const char *const[]){"cwd", "exe", "fd/0", NULL};
         *f; f++) {
        snprintf(path, sizeof(path), "/proc/%d/%s", pid, *f);
        expect(readlink(path, target, sizeof(target)) == -1 && errno == EACCES);
    }
    snprintf(path, sizeof(path), "/proc/%d/environ", pid);
    expect(open(path, O_RDONLY) == -1 && errno == EACCES);
    struct stat st;
    snprintf(path, sizeof(path), "/proc/%d", pid);
    expect(stat(path, &st) == 0 && st.st_uid == 0);
    /* What it can do is to end it, for it was the one to start it. */
    expect(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
}

static void
nobody_looks_into_them(void)
{
    copy_program("setid.su");
    check_eq(chown("setid.su", 0, 0) | chmod("setid.su", 04755), 0);
    in_child(try_to_look_into);
    check_eq(unlink("setid.su"), 0);
}

/* A script's text could be another by the time its interpreter reads it. */
static void
try_script(void)
{
    char *argv[] = {(char *)"script", NULL};
    expect(setgid(6) == 0 && setuid(5) == 0);
    expect(dup2(report_to, 3) == 3);
    execv("setid.sh", argv);
    expect(errno == ENOEXEC);
    _exit(failed);
}

static void
scripts_have_no_more_rights(void)
{
    static const char text[] = "#!setid.su report\n";
    struct report r = {.secure = 99};
    int ends[2];
    copy_program("setid.su");
    int fd = open("setid.sh", O_WRONLY | O_CREAT | O_TRUNC, 0755);
    check_eq(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    check_eq(chown("setid.sh", 0, 0) | chmod("setid.sh", 06755), 0);
    check_eq(pipe(ends), 0);
    report_to = ends[1];
    in_child(try_script);
    close(ends[1]);
    if (read(ends[0], &r, sizeof(r)) == sizeof(r))
        check_report(r, 5, 6);
    close(ends[0]);
    check_eq(unlink("setid.sh") | unlink("setid.su"), 0);
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(programs_run_for_their_owners),
        TAP_CASE(not_where_they_are_not_wanted),
        TAP_CASE(not_while_others_share_the_directory),
        TAP_CASE(not_for_who_gave_them_up),
        TAP_CASE(nobody_looks_into_them),
        TAP_CASE(scripts_have_no_more_rights),
    };
    program = argv[0];
    if (strcmp(program, "report") == 0 ||
        (argc > 1 && strcmp(argv[1], "report") == 0))
        return report();
    if (strcmp(program, "wait") == 0)
        return write(3, "x", 1) == 1 && sleep(1000) == 0;
    if (chdir(argc > 1 ? argv[1] : "/tmp") != 0)
        return 1;
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
