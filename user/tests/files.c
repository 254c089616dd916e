/* Descriptors, pipes, directories and what files say of themselves. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <tap.h>
#include <unistd.h>

#define FILE_PATH "/etc/passwd"

static char *volatile bad_pointer = (char *)0x10;
static char *volatile kernel_pointer = (char *)0xffffffc080000000ul;

static void
open_errors(void)
{
    char longer[NAME_MAX + 10];

    memset(longer, 'x', sizeof(longer));
    longer[0] = '/';
    longer[sizeof(longer) - 1] = '\0';
    check_fails(ENOENT, open("/none", O_RDONLY));
    check_fails(ENOENT, open("", O_RDONLY));
    check_fails(ENOENT, open("/none/x", O_RDONLY));
    check_fails(ENOTDIR, open(FILE_PATH "/x", O_RDONLY));
    check_fails(ENOTDIR, open(FILE_PATH, O_RDONLY | O_DIRECTORY));
    check_fails(ENOTDIR, open(FILE_PATH "/", O_RDONLY));
    check_fails(EISDIR, open("/", O_WRONLY));
    check_fails(ENAMETOOLONG, open(longer, O_RDONLY));
    check_fails(EFAULT, open(bad_pointer, O_RDONLY));
    check_fails(EFAULT, open(kernel_pointer, O_RDONLY));
    check_fails(EBADF, openat(77, "x", O_RDONLY));
}

static void
read_errors(void)
{
    int fd = open(FILE_PATH, O_RDONLY), dir = open("/", O_RDONLY);
    char byte;

    check_fails(EBADF, read(77, &byte, 1));
    check_fails(EBADF, read(-1, &byte, 1));
    check_fails(EBADF, write(fd, "x", 1));
    check_fails(EISDIR, read(dir, &byte, 1));
    check_fails(EFAULT, read(fd, bad_pointer, 1));
    check_fails(EFAULT, read(fd, kernel_pointer, 1));
    check_eq(read(fd, NULL, 0), 0);
    check_eq(close(fd), 0);
    check_fails(EBADF, close(fd));
    close(dir);
}

static void
seeking(void)
{
    int fd = open(FILE_PATH, O_RDONLY), fds[2];
    char first, again;
    struct stat st;

    check_eq(fstat(fd, &st), 0);
    check_eq(read(fd, &first, 1), 1);
    check_eq(lseek(fd, 0, SEEK_CUR), 1);
    check_eq(lseek(fd, 0, SEEK_SET), 0);
    check_eq(read(fd, &again, 1), 1);
    check_eq(first, again);
    check_eq(lseek(fd, 0, SEEK_END), st.st_size);
    check_eq(read(fd, &again, 1), 0);
    check_eq(lseek(fd, 1000000, SEEK_SET), 1000000);
    check_eq(read(fd, &again, 1), 0);
    check_fails(EINVAL, lseek(fd, -1, SEEK_SET));
    check_fails(EINVAL, lseek(fd, 0, 77));
    check_eq(pread(fd, &again, 1, 0), 1);
    check_eq(first, again);
    check_eq(lseek(fd, 0, SEEK_CUR), 1000000);
    check_fails(EINVAL, pread(fd, &again, 1, -1));
    close(fd);
    check_eq(pipe(fds), 0);
    check_fails(ESPIPE, lseek(fds[0], 0, SEEK_SET));
    check_fails(ESPIPE, pread(fds[0], &again, 1, 0));
    close(fds[0]);
    close(fds[1]);
}

static void
duplicates_share_the_offset(void)
{
    int fd = open(FILE_PATH, O_RDONLY), copy = dup(fd);
    char a, b;

    check(copy > fd);
    check_eq(read(fd, &a, 1), 1);
    check_eq(lseek(copy, 0, SEEK_CUR), 1);
    check_eq(dup2(fd, 30), 30);
    check_eq(read(30, &b, 1), 1);
    check_eq(lseek(fd, 0, SEEK_CUR), 2);
    check_fails(EBADF, dup(77));
    check_fails(EINVAL, dup3(fd, fd, 0));
    check_fails(EBADF, dup3(fd, 1 << 20, 0));
    check_eq(fcntl(30, F_GETFD), 0);
    check_eq(dup3(fd, 30, O_CLOEXEC), 30);
    check_eq(fcntl(30, F_GETFD), FD_CLOEXEC);
    check_eq(fcntl(fd, F_DUPFD, 40), 40);
    close(40);
    close(30);
    close(copy);
    close(fd);
}

static void
lowest_descriptor_is_used(void)
{
    int a = open("/", O_RDONLY), b = open("/", O_RDONLY);

    close(a);
    check_eq(open("/", O_RDONLY), a);
    close(a);
    close(b);
}

static void
descriptors_run_out(void)
{
    int last = -1, fd;

    while ((fd = open("/", O_RDONLY)) >= 0)
        last = fd;
    check_eq(errno, EMFILE);
    for (fd = 3; fd <= last; fd++)
        close(fd);
}

static void
pipes_carry_bytes(void)
{
    char text[8] = "";
    int fds[2];

    check_eq(pipe(fds), 0);
    check_eq(write(fds[1], "hello", 5), 5);
    check_eq(read(fds[0], text, sizeof(text)), 5);
    check(memcmp(text, "hello", 5) == 0);
    check_fails(EBADF, write(fds[0], "x", 1));
    check_fails(EBADF, read(fds[1], text, 1));
    close(fds[1]);
    check_eq(read(fds[0], text, 1), 0);
    close(fds[0]);
    check_fails(EFAULT, pipe((int *)(void *)bad_pointer));
    check_fails(EINVAL, pipe2(fds, 0x12345));
}

static void
pipe_larger_than_its_buffer(void)
{
    static char block[300000];
    size_t got = 0;
    int fds[2], status;
    ssize_t n;

    memset(block, 'p', sizeof(block));
    check_eq(pipe(fds), 0);
    if (fork() == 0) {
        close(fds[0]);
        _exit(write(fds[1], block, sizeof(block)) != sizeof(block));
    }
    close(fds[1]);
    while ((n = read(fds[0], block, sizeof(block))) > 0)
        for (ssize_t i = 0; i < n; i++)
            got += block[i] == 'p';
    check_eq(got, sizeof(block));
    close(fds[0]);
    wait(&status);
    check_eq(status, 0);
}

static void
pipe_without_reader(void)
{
    int fds[2], status;

    check_eq(pipe(fds), 0);
    close(fds[0]);
    if (fork() == 0) {
        if (write(fds[1], "x", 1) < 0)
            _exit(1);
        _exit(2);
    }
    wait(&status);
    /* SIGPIPE is 13. */
    check_eq(status, 13);
    close(fds[1]);
}

static void
working_directory(void)
{
    char path[PATH_MAX];
    int fd;

    check_eq(chdir("/etc"), 0);
    check(getcwd(path, sizeof(path)) != NULL);
    check(strcmp(path, "/etc") == 0);
    fd = open("passwd", O_RDONLY);
    check(fd >= 0);
    close(fd);
    check_eq(chdir(".."), 0);
    check(getcwd(path, sizeof(path)) && strcmp(path, "/") == 0);
    check_eq(chdir(".."), 0);
    check(getcwd(path, sizeof(path)) && strcmp(path, "/") == 0);
    check_fails(ENOTDIR, chdir(FILE_PATH));
    check_fails(ENOENT, chdir("/none"));
    check_fails(EFAULT, chdir(bad_pointer));
    check_eq(chdir("/etc"), 0);
    check(!getcwd(path, 3) && errno == ERANGE);
    fd = open("/", O_RDONLY);
    check_eq(fchdir(fd), 0);
    close(fd);
}

static void
attributes(void)
{
    struct stat by_path, by_fd;
    int fd = open(FILE_PATH, O_RDONLY);

    check_eq(stat(FILE_PATH, &by_path), 0);
    check_eq(fstat(fd, &by_fd), 0);
    check(S_ISREG(by_path.st_mode));
    check_eq(by_path.st_ino, by_fd.st_ino);
    check_eq(by_path.st_dev, by_fd.st_dev);
    check_eq(by_path.st_size, by_fd.st_size);
    check(by_path.st_size > 0);
    close(fd);
    check_eq(stat("/", &by_path), 0);
    check(S_ISDIR(by_path.st_mode));
    check_eq(stat("/etc/../etc/./passwd", &by_path), 0);
    check_eq(by_path.st_ino, by_fd.st_ino);
    check_eq(stat("/dev/null", &by_path), 0);
    check(S_ISCHR(by_path.st_mode));
    check_fails(ENOENT, stat("/none", &by_path));
    check_fails(EFAULT, stat(FILE_PATH, (struct stat *)bad_pointer));
    check_fails(EBADF, fstat(77, &by_path));
    check_fails(EINVAL, readlink(FILE_PATH, (char *)&by_path, 10));
}

static void
directories(void)
{
    bool dot = false, dots = false, etc = false;
    DIR *d = opendir("/");
    struct dirent *e;
    size_t count = 0, again = 0;

    check(d != NULL);
    for (; d && (e = readdir(d)); count++) {
        dot |= strcmp(e->d_name, ".") == 0;
        dots |= strcmp(e->d_name, "..") == 0;
        etc |= strcmp(e->d_name, "etc") == 0 && e->d_type == DT_DIR;
    }
    check(dot && dots && etc);
    rewinddir(d);
    while (readdir(d))
        again++;
    check_eq(count, again);
    closedir(d);
    check(!opendir(FILE_PATH) && errno == ENOTDIR);
}

static void
devices(void)
{
    char bytes[16] = "xxxxxxxxxxxxxxx";
    int fd = open("/dev/null", O_RDWR);

    check_eq(read(fd, bytes, 4), 0);
    check_eq(write(fd, bytes, 4), 4);
    close(fd);
    fd = open("/dev/zero", O_RDWR);
    check_eq(read(fd, bytes, 4), 4);
    check(memcmp(bytes, "\0\0\0\0x", 5) == 0);
    close(fd);
}

static void
vectors(void)
{
    char a[3] = "", b[5] = "";
    struct iovec out[] = {{(char *)"abc", 3}, {NULL, 0}, {(char *)"defg", 4}};
    struct iovec in[] = {{a, 2}, {b, 5}};
    int fds[2];

    check_eq(pipe(fds), 0);
    check_eq(writev(fds[1], out, 3), 7);
    check_eq(readv(fds[0], in, 2), 7);
    check(memcmp(a, "ab", 2) == 0 && memcmp(b, "cdefg", 5) == 0);
    check_fails(EINVAL, writev(fds[1], out, -1));
    check_fails(EFAULT, writev(fds[1], (struct iovec *)bad_pointer, 1));
    close(fds[0]);
    close(fds[1]);
}

static void
access_checks(void)
{
    check_eq(access(FILE_PATH, R_OK), 0);
    check_eq(access("/", X_OK), 0);
    check_fails(ENOENT, access("/none", F_OK));
    check_fails(EACCES, access(FILE_PATH, X_OK));
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(open_errors),
        TAP_CASE(read_errors),
        TAP_CASE(seeking),
        TAP_CASE(duplicates_share_the_offset),
        TAP_CASE(lowest_descriptor_is_used),
        TAP_CASE(descriptors_run_out),
        TAP_CASE(pipes_carry_bytes),
        TAP_CASE(pipe_larger_than_its_buffer),
        TAP_CASE(pipe_without_reader),
        TAP_CASE(working_directory),
        TAP_CASE(attributes),
        TAP_CASE(directories),
        TAP_CASE(devices),
        TAP_CASE(vectors),
        TAP_CASE(access_checks),
    };

    return tap_run(cases, ARRAY_LEN(cases));
}
