/* Who may do what: a table of users, operations on files and on the system,
 * and what comes of them, on a disk's file system and on tmpfs. The cases hold
 * on Linux, for user 0 (from 6.10 on, but for to_name_descriptor). */
#include "../lib/tap.h"
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef O_NOATIME
#define O_NOATIME 01000000
#endif
#ifndef O_PATH
#define O_PATH 010000000
#endif

/* ---- The files that each row finds ---- */

static const struct place {
    const char *path;
    unsigned mode; /* with S_IFDIR or S_IFSOCK: such */
    unsigned uid, gid;
} places[] = {
    {"root", 0600, 0, 0},
    {"read", 0644, 0, 0},
    {"world", 0666, 0, 0},
    {"group", 0660, 0, 50},
    {"mine", 0600, 5, 5},
    {"none", 0000, 5, 5},
    {"notowner", 0077, 5, 5},
    {"notgroup", 0607, 0, 50},
    {"su", 06777, 0, 50},
    {"lock", S_IFDIR | 0700, 0, 0},
    {"lock/f", 0666, 0, 0},
    {"look", S_IFDIR | 0744, 0, 0},
    {"look/f", 0666, 0, 0},
    {"walk", S_IFDIR | 0711, 0, 0},
    {"walk/f", 0644, 0, 0},
    {"all", S_IFDIR | 0777, 0, 0},
    {"all/root", 0600, 0, 0},
    {"all/d", S_IFDIR | 0755, 0, 0},
    {"sticky", S_IFDIR | 01777, 0, 0},
    {"sticky/mine", 0600, 5, 5},
    {"sticky/theirs", 0666, 6, 6},
    {"sg", S_IFDIR | 02777, 0, 50},
    {"own", S_IFDIR | 0755, 5, 5},
    {"own/root", 0600, 0, 0},
    {"own/stick", S_IFDIR | 01755, 5, 5},
    {"own/stick/root", 0600, 0, 0},
    {"socket", S_IFSOCK | 0755, 0, 0},
    {"socket50", S_IFSOCK | 0720, 0, 50},
    {"lock/socket", S_IFSOCK | 0777, 0, 0},
    {"walk/socket", S_IFSOCK | 0722, 0, 0},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
make_places(void)
{
    for (size_t i = 0; i < COUNT(places); i++) {
        const struct place *p = &places[i];
        if (S_ISDIR(p->mode))
            check_eq(mkdir(p->path, 0700), 0);
        else if (S_ISSOCK(p->mode))
            check_eq(mknod(p->path, S_IFSOCK | 0600, 0), 0);
        else
            check_eq(close(open(p->path, O_RDWR | O_CREAT, 0600)), 0);
        check_eq(chown(p->path, p->uid, p->gid), 0);
        check_eq(chmod(p->path, p->mode & 07777), 0);
    }
    check_eq(symlink("lock/f", "link"), 0);
}

/* All that is below the working directory. */
static void
clear(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    char path[300];
    while (d && (e = readdir(d))) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        if (unlink(path) == 0)
            continue;
        clear(path);
        check_eq(rmdir(path), 0);
    }
    closedir(d);
}

/* ---- Operations: 0, or -1 with errno ---- */

typedef int operation(const char *a, const char *b);

static int
opened(int fd)
{
    return fd < 0 ? -1 : close(fd);
}

#define OPERATION(name, expression)               \
    static int name(const char *a, const char *b) \
    {                                             \
        (void)a;                                  \
        (void)b;                                  \
        return (int)(expression);                 \
    }

OPERATION(to_read, opened(open(a, O_RDONLY)))
OPERATION(to_write, opened(open(a, O_WRONLY)))
OPERATION(to_change, opened(open(a, O_RDWR)))
OPERATION(to_cut, opened(open(a, O_RDONLY | O_TRUNC)))
OPERATION(to_read_unseen, opened(open(a, O_RDONLY | O_NOATIME)))
OPERATION(to_name, opened(open(a, O_PATH)))
OPERATION(to_list, opened(open(a, O_RDONLY | O_DIRECTORY)))
OPERATION(to_create, opened(open(a, O_RDWR | O_CREAT | O_EXCL, 0600)))
OPERATION(to_make_or_open, opened(open(a, O_RDWR | O_CREAT, 0600)))
OPERATION(to_stat, stat(a, &(struct stat){.st_mode = 0}))
OPERATION(to_read_link, readlink(a, (char[9]){0}, 9) > 0 ? 0 : -1)
OPERATION(to_enter, chdir(a))
OPERATION(to_mkdir, mkdir(a, 0700))
OPERATION(to_rmdir, rmdir(a))
OPERATION(to_unlink, unlink(a))
OPERATION(to_rename, rename(a, b))
OPERATION(to_exchange, syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2))
OPERATION(to_link, link(a, b))
OPERATION(to_symlink, symlink(a, b))
OPERATION(to_chmod, chmod(a, 0755))
OPERATION(to_give_away, chown(a, 6, (gid_t)-1))
OPERATION(to_take, chown(a, 5, (gid_t)-1))
OPERATION(to_group_50, chown(a, (uid_t)-1, 50))
OPERATION(to_group_60, chown(a, (uid_t)-1, 60))
OPERATION(to_truncate, truncate(a, 0))
OPERATION(to_touch, utimensat(AT_FDCWD, a, NULL, 0))
OPERATION(to_date, utimensat(AT_FDCWD, a, (struct timespec[2]){{1, 0}}, 0))
OPERATION(may_read, access(a, R_OK))
OPERATION(may_write, access(a, W_OK))
OPERATION(may_run, access(a, X_OK))
OPERATION(to_run, execve(a, (char *[]){(char *)a, NULL}, NULL))
OPERATION(to_make_disk, mknod(a, S_IFBLK | 0600, 254 << 8))
OPERATION(to_make_fifo, mknod(a, S_IFIFO | 0600, 0))
OPERATION(to_mount, mount("none", a, "tmpfs", 0, NULL))
OPERATION(to_unmount, umount2(a, 0))
OPERATION(to_reboot, syscall(SYS_reboot, 1, 2, 3, NULL))
OPERATION(to_see_log, syscall(SYS_syslog, 3, (char[9]){0}, 9))
OPERATION(to_join_group, setgroups(1, &(gid_t){50}))
OPERATION(to_kill_init, kill(1, SIGTERM))
OPERATION(to_check_init, kill(1, 0))

/* Does something to a fresh socket with the address a. */
static int
use_socket(int type, int (*use)(int fd, const struct sockaddr *, socklen_t),
           const char *a)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type, 0);
    strcpy(un.sun_path, a);
    return use(fd, (const struct sockaddr *)&un, sizeof(un));
}

static int
send_nothing(int fd, const struct sockaddr *to, socklen_t len)
{
    return (int)sendto(fd, "", 0, 0, to, len);
}

/* Nobody is there: so ECONNREFUSED says that it is allowed. */
OPERATION(to_connect, use_socket(SOCK_STREAM, connect, a))
OPERATION(to_send, use_socket(SOCK_DGRAM, send_nothing, a))
OPERATION(to_bind, use_socket(SOCK_STREAM, bind, a))
OPERATION(to_change_root, chroot(a))

/* A file that a descriptor leads to gets a name. */
static int
to_name_descriptor(const char *a, const char *b)
{
    int fd = open(a, O_RDONLY);
    return linkat(fd, "", AT_FDCWD, b, AT_EMPTY_PATH);
}

/* What may only be read is not to be written through memory. */
static int
to_map(const char *a, const char *b)
{
    int fd = open(a, O_RDONLY);
    (void)b;
    if (mmap(NULL, 1, PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED ||
        errno != EACCES)
        return -1;
    void *map = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
    return map == MAP_FAILED ? -1 : mprotect(map, 1, PROT_READ | PROT_WRITE);
}

/* A copy of one's own is no concern of the file's. */
static int
to_map_privately(const char *a, const char *b)
{
    int fd = open(a, O_RDONLY);
    (void)b;
    void *map = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    return map == MAP_FAILED ? -1 : 0;
}

/* The bits that a mode still has. */
static int
mode_is(const char *path, unsigned mode)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return -1;
    errno = (int)(st.st_mode & 07777);
    return (st.st_mode & 07777) == mode ? 0 : -1;
}

static int
writing_takes_set_id(const char *a, const char *b)
{
    int fd = open(a, O_WRONLY);
    (void)b;
    if (write(fd, "x", 1) != 1 || close(fd) != 0)
        return -1;
    return mode_is(a, 0777);
}

static int
cutting_takes_set_id(const char *a, const char *b)
{
    (void)b;
    return truncate(a, 3) ? -1 : mode_is(a, 0777);
}

/* The group's program bit goes if the owner is not of the group. */
static int
no_foreign_set_gid(const char *a, const char *b)
{
    (void)b;
    if (close(open("sg/x", O_RDWR | O_CREAT, 0600)) || chmod("sg/x", 02755))
        return -1;
    return mode_is(a, 0755);
}

static int
own_set_gid(const char *a, const char *b)
{
    (void)b;
    if (close(open("sg/x", O_RDWR | O_CREAT, 0600)) || chmod("sg/x", 02755))
        return -1;
    return mode_is(a, 02755);
}

static int
directories_pass_the_group_on(const char *a, const char *b)
{
    struct stat st;
    (void)b;
    if (mkdir(a, 0700) != 0 || stat(a, &st) != 0)
        return -1;
    return st.st_gid == 50 && st.st_uid == 5 ? mode_is(a, 02700) : -1;
}

/* ---- The table ---- */

/* User 5, whose group is 5, or user 0; perhaps also in group 50. */
static const struct row {
    const char *what;
    unsigned uid;
    bool in_group;
    operation *run;
    const char *a, *b;
    int error;
} rows[] = {
#define AS_USER(error, run, ...)                \
    {                                           \
#run, 5, false, run, __VA_ARGS__, error \
    }
#define IN_GROUP(error, run, ...)              \
    {                                          \
#run, 5, true, run, __VA_ARGS__, error \
    }
#define AS_ROOT(error, run, ...)                \
    {                                           \
#run, 0, false, run, __VA_ARGS__, error \
    }
    AS_USER(EACCES, to_read, "root", ""),
    AS_USER(EACCES, to_write, "root", ""),
    AS_USER(0, to_read, "read", ""),
    AS_USER(EACCES, to_write, "read", ""),
    AS_USER(EACCES, to_change, "read", ""),
    AS_USER(EACCES, to_cut, "read", ""),
    AS_USER(0, to_change, "world", ""),
    AS_USER(EACCES, to_read, "group", ""),
    IN_GROUP(0, to_change, "group", ""),
    IN_GROUP(EACCES, to_read, "notgroup", ""),
    AS_USER(0, to_read, "notgroup", ""),
    AS_USER(EACCES, to_read, "notowner", ""),
    AS_USER(EACCES, to_read, "none", ""),
    AS_USER(0, to_change, "mine", ""),
    AS_ROOT(0, to_change, "none", ""),
    AS_USER(0, to_name, "root", ""),
    AS_USER(EPERM, to_read_unseen, "read", ""),
    AS_USER(0, to_read_unseen, "mine", ""),
    AS_ROOT(0, to_read_unseen, "mine", ""),
    AS_USER(EACCES, to_read, "lock/f", ""),
    AS_USER(EACCES, to_stat, "lock/f", ""),
    AS_USER(EACCES, to_stat, "lock/none", ""),
    AS_USER(EACCES, to_name, "lock/f", ""),
    AS_USER(EACCES, to_read, "link", ""),
    AS_USER(0, to_read_link, "link", ""),
    AS_USER(EACCES, to_enter, "lock", ""),
    AS_USER(EACCES, to_list, "lock", ""),
    AS_USER(EACCES, to_list, "lock/.", ""),
    AS_USER(EACCES, to_stat, "lock/..", ""),
    AS_USER(0, to_list, "look", ""),
    AS_USER(EACCES, to_enter, "look", ""),
    AS_USER(EACCES, to_read, "look/f", ""),
    AS_USER(EACCES, to_list, "walk", ""),
    AS_USER(0, to_enter, "walk", ""),
    AS_USER(0, to_read, "walk/f", ""),
    AS_ROOT(0, to_enter, "lock", ""),
    AS_USER(EACCES, to_connect, "socket", ""),
    AS_USER(EACCES, to_send, "socket", ""),
    AS_ROOT(ECONNREFUSED, to_connect, "socket", ""),
    AS_USER(EACCES, to_connect, "socket50", ""),
    IN_GROUP(ECONNREFUSED, to_connect, "socket50", ""),
    IN_GROUP(ECONNREFUSED, to_send, "socket50", ""),
    AS_USER(EACCES, to_connect, "lock/socket", ""),
    AS_USER(ECONNREFUSED, to_connect, "walk/socket", ""),
    AS_USER(ECONNREFUSED, to_send, "walk/socket", ""),
    AS_USER(EACCES, to_bind, "walk/x", ""),
    AS_USER(0, to_bind, "all/x", ""),
    AS_USER(EADDRINUSE, to_bind, "mine", ""),
    AS_USER(EPERM, to_change_root, "all", ""),
    AS_ROOT(0, to_change_root, "all", ""),
    AS_USER(EACCES, to_create, "walk/x", ""),
    AS_USER(0, to_make_or_open, "all/x", ""),
    AS_USER(EACCES, to_make_or_open, "walk/f", ""),
    AS_USER(0, to_create, "all/x", ""),
    AS_USER(EACCES, to_mkdir, "walk/x", ""),
    AS_USER(0, to_mkdir, "all/x", ""),
    AS_USER(EACCES, to_symlink, "x", "walk/x"),
    AS_USER(0, to_symlink, "x", "all/x"),
    AS_USER(EACCES, to_unlink, "walk/f", ""),
    AS_USER(EACCES, to_unlink, "lock/f", ""),
    AS_USER(0, to_unlink, "all/root", ""),
    AS_USER(0, to_unlink, "own/root", ""),
    AS_USER(0, to_rmdir, "all/d", ""),
    AS_USER(ENOTEMPTY, to_rmdir, "lock", ""),
    AS_USER(0, to_unlink, "sticky/mine", ""),
    AS_USER(EPERM, to_unlink, "sticky/theirs", ""),
    AS_USER(0, to_unlink, "own/stick/root", ""),
    AS_ROOT(0, to_unlink, "sticky/theirs", ""),
    AS_USER(EPERM, to_rename, "sticky/theirs", "all/x"),
    AS_USER(EPERM, to_rename, "sticky/mine", "sticky/theirs"),
    AS_USER(EPERM, to_exchange, "sticky/mine", "sticky/theirs"),
    AS_USER(0, to_rename, "sticky/mine", "sticky/x"),
    AS_USER(0, to_rename, "all/root", "all/x"),
    AS_USER(EACCES, to_rename, "all/root", "walk/x"),
    AS_USER(EACCES, to_rename, "walk/f", "all/x"),
    AS_USER(EACCES, to_rename, "all/d", "own/x"),
    AS_USER(0, to_link, "mine", "all/x"),
    AS_USER(EACCES, to_link, "mine", "walk/x"),
    AS_USER(ENOENT, to_name_descriptor, "mine", "all/x"),
    AS_ROOT(0, to_name_descriptor, "mine", "all/x"),
    AS_USER(EPERM, to_chmod, "world", ""),
    AS_USER(0, to_chmod, "mine", ""),
    AS_ROOT(0, to_chmod, "mine", ""),
    AS_USER(EPERM, to_give_away, "mine", ""),
    AS_USER(EPERM, to_take, "root", ""),
    AS_USER(0, to_take, "mine", ""),
    AS_USER(EPERM, to_group_50, "mine", ""),
    IN_GROUP(0, to_group_50, "mine", ""),
    IN_GROUP(EPERM, to_group_60, "mine", ""),
    IN_GROUP(EPERM, to_group_50, "root", ""),
    AS_ROOT(0, to_give_away, "mine", ""),
    AS_USER(EACCES, to_truncate, "read", ""),
    AS_USER(0, to_truncate, "mine", ""),
    AS_USER(EACCES, to_touch, "read", ""),
    AS_USER(0, to_touch, "world", ""),
    AS_USER(0, to_touch, "none", ""),
    AS_USER(EPERM, to_date, "world", ""),
    AS_USER(0, to_date, "mine", ""),
    AS_USER(EACCES, to_map, "read", ""),
    AS_ROOT(EACCES, to_map, "read", ""),
    AS_USER(0, to_map_privately, "read", ""),
    AS_USER(EACCES, may_read, "root", ""),
    AS_USER(0, may_read, "read", ""),
    AS_USER(EACCES, may_write, "read", ""),
    AS_USER(EACCES, may_run, "world", ""),
    AS_ROOT(EACCES, may_run, "world", ""),
    AS_ROOT(0, may_write, "none", ""),
    AS_USER(EACCES, to_run, "world", ""),
    AS_ROOT(EACCES, to_run, "world", ""),
    AS_USER(EACCES, to_run, "lock/f", ""),
    AS_USER(EACCES, to_run, "all", ""),
    AS_USER(EPERM, to_make_disk, "all/x", ""),
    AS_USER(0, to_make_fifo, "all/x", ""),
    AS_USER(EACCES, to_make_fifo, "walk/x", ""),
    AS_ROOT(0, to_make_disk, "all/x", ""),
    AS_USER(0, writing_takes_set_id, "su", ""),
    AS_USER(0, cutting_takes_set_id, "su", ""),
    AS_USER(0, no_foreign_set_gid, "sg/x", ""),
    IN_GROUP(0, own_set_gid, "sg/x", ""),
    AS_USER(0, directories_pass_the_group_on, "sg/x", ""),
    AS_USER(EPERM, to_mount, "own", ""),
    AS_USER(EPERM, to_unmount, "own", ""),
    AS_USER(EPERM, to_reboot, "", ""),
    AS_USER(EPERM, to_see_log, "", ""),
    AS_USER(EPERM, to_join_group, "", ""),
    AS_USER(EPERM, to_kill_init, "", ""),
    AS_USER(EPERM, to_check_init, "", ""),
};

/* Runs the row in a child that becomes its user. Returns its errno, 0 for
 * success. */
static int
result_of(const struct row *row)
{
    int status = -1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        gid_t groups[] = {50};
        if (row->uid && (setgroups(row->in_group, groups) != 0 ||
                         setgid(row->uid) != 0 || setuid(row->uid) != 0))
            _exit(255);
        _exit(row->run(row->a, row->b) < 0 ? errno : 0);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
check_row(size_t i, const struct row *row)
{
    int error = result_of(row);
    if (error != row->error)
        tap_fail(__FILE__, __LINE__, "%zu: %s(%s, %s) by %u%s gave %d, not %d",
                 i, row->what, row->a, row->b, row->uid,
                 row->in_group ? " of group 50" : "", error, row->error);
}

static void
all_rows(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        make_places();
        check_row(i, &rows[i]);
        clear(".");
    }
}

static void
on_disk(void)
{
    check_eq(mkdir("rights.d", 0777), 0);
    check_eq(chmod("rights.d", 0777), 0);
    check_eq(chdir("rights.d"), 0);
    all_rows();
    check_eq(chdir(".."), 0);
    check_eq(rmdir("rights.d"), 0);
}

static void
in_memory(void)
{
    check_eq(mkdir("rights.t", 0700), 0);
    check_eq(mount("none", "rights.t", "tmpfs", 0, NULL), 0);
    check_eq(chmod("rights.t", 0777), 0);
    check_eq(chdir("rights.t"), 0);
    all_rows();
    check_eq(chdir(".."), 0);
    check_eq(umount2("rights.t", 0), 0);
    check_eq(rmdir("rights.t"), 0);
}

/* ---- This system: its disks, its files, its processes ---- */

OPERATION(to_make_memory, mknod(a, S_IFCHR | 0666, 1 << 8 | 1))
OPERATION(to_restart, syscall(SYS_reboot, 0xfee1dead, 0x28121969, 0x1234567, 0))
OPERATION(to_rename_machine, syscall(SYS_sethostname, a, strlen(a)))
OPERATION(to_become_root, setuid(0))
OPERATION(to_see_directory, readlink(a, (char[99]){0}, 99) > 0 ? 0 : -1)

OPERATION(to_slow_init, syscall(SYS_setpriority, 0, 1, 5))
OPERATION(to_slow_down, syscall(SYS_setpriority, 0, 0, 5))
OPERATION(to_hurry, syscall(SYS_setpriority, 0, 0, -5))
OPERATION(to_move_init, syscall(SYS_sched_setaffinity, 1, 8, &(long){1}))

/* A descriptor that is only a name gives no rights to what it names. */
static int
to_use_name(const char *a, const char *b)
{
    int fd = open(a, O_PATH);
    if (fd < 0 || fchmod(fd, 0777) == 0 || errno != EBADF ||
        fchown(fd, 5, 5) == 0 || errno != EBADF)
        return -1;
    return opened(openat(fd, b, O_RDONLY));
}

static void
the_system_is_roots(void)
{
    static const struct row system[] = {
        AS_USER(EACCES, to_read, "/dev/vda", ""),
        AS_USER(EACCES, to_write, "/dev/vda", ""),
        AS_USER(EACCES, to_read, "/dev/console", ""),
        AS_USER(0, to_change, "/dev/null", ""),
        AS_USER(EPERM, to_chmod, "/dev/null", ""),
        AS_USER(EPERM, to_take, "/dev/console", ""),
        AS_USER(EACCES, to_unlink, "/dev/null", ""),
        AS_USER(EACCES, to_create, "/proc/x", ""),
        AS_USER(EACCES, to_write, "/proc/1/stat", ""),
        AS_USER(EACCES, to_see_directory, "/proc/1/cwd", ""),
        AS_ROOT(0, to_see_directory, "/proc/1/cwd", ""),
        AS_USER(0, to_see_directory, "/proc/self/cwd", ""),
        AS_USER(EACCES, to_create, "/x", ""),
        AS_USER(EACCES, to_create, "/bin/x", ""),
        AS_USER(EACCES, to_write, "/etc/passwd", ""),
        AS_USER(EACCES, to_truncate, "/etc/passwd", ""),
        AS_USER(EACCES, to_read, "/etc/shadow", ""),
        AS_USER(EPERM, to_chmod, "/etc/shadow", ""),
        AS_USER(EPERM, to_take, "/etc/shadow", ""),
        AS_USER(EACCES, to_rename, "/etc/shadow", "/tmp/x"),
        AS_USER(EACCES, to_rename, "/etc/passwd", "/etc/x"),
        AS_USER(EACCES, to_unlink, "/bin/su", ""),
        AS_USER(EACCES, to_write, "/bin/su", ""),
        AS_USER(EACCES, to_list, "/root", ""),
        AS_USER(EACCES, to_use_name, "/root", "."),
        AS_USER(EPERM, to_make_memory, "/tmp/x", ""),
        AS_USER(EPERM, to_restart, "", ""),
        AS_USER(EPERM, to_rename_machine, "mine", ""),
        AS_USER(EPERM, to_become_root, "", ""),
        AS_USER(EPERM, to_slow_init, "", ""),
        AS_USER(0, to_slow_down, "", ""),
        AS_USER(EACCES, to_hurry, "", ""),
        AS_ROOT(0, to_hurry, "", ""),
        AS_USER(EPERM, to_move_init, "", ""),
        AS_USER(EPERM, to_mount, "/etc", ""),
        AS_USER(EPERM, to_unmount, "/proc", ""),
    };
    if (access("/dev/vda", F_OK) != 0)
        return;
    for (size_t i = 0; i < COUNT(system); i++)
        check_row(i, &system[i]);
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(on_disk),
        TAP_CASE(in_memory),
        TAP_CASE(the_system_is_roots),
    };
    umask(0);
    if (chdir(argc > 1 ? argv[1] : "/tmp") != 0)
        return 1;
    return tap_run(cases, COUNT(cases));
}
