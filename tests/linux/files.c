/* The file calls, as an unmodified Linux program sees them. It expects the
 * tree that tests/guest installs around it: /linux/files is this program;
 * /dev, /proc and /sys are mounted. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#define SELF "/linux/files"

static int failures;

/* Nobody has memory there. Volatile, so that compilers do not notice. */
static void *volatile bad = (void *)0x7fffffffff000;
#define BAD bad

#define EXPECT(condition)                                                    \
    do {                                                                     \
        if (!(condition)) {                                                  \
            printf("%s:%d: %s (errno %d)\n", __func__, __LINE__, #condition, \
                   errno);                                                   \
            failures++;                                                      \
        }                                                                    \
    } while (0)

#define EXPECT_ERROR(call, number)                                             \
    do {                                                                       \
        errno = 0;                                                             \
        long result_ = (long)(call);                                           \
        if (result_ != -1 || errno != (number)) {                              \
            printf("%s:%d: %s is %ld, errno %d, not %s\n", __func__, __LINE__, \
                   #call, result_, errno, #number);                            \
            failures++;                                                        \
        }                                                                      \
    } while (0)

static long
raw_getdents(int fd, void *buf, size_t size)
{
    return syscall(SYS_getdents64, fd, buf, size);
}

static void
test_open(void)
{
    int fd = open(SELF, O_RDONLY | O_CLOEXEC);
    EXPECT(fd == 3);
    EXPECT(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    EXPECT((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
    EXPECT(close(fd) == 0);
    EXPECT_ERROR(close(fd), EBADF);
    EXPECT_ERROR(open("/none", O_RDONLY), ENOENT);
    EXPECT_ERROR(open("/none/x", O_RDONLY), ENOENT);
    EXPECT_ERROR(open(SELF "/x", O_RDONLY), ENOTDIR);
    EXPECT_ERROR(open(SELF "/", O_RDONLY), ENOTDIR);
    EXPECT_ERROR(open("", O_RDONLY), ENOENT);
    EXPECT_ERROR(open(BAD, O_RDONLY), EFAULT);
    EXPECT_ERROR(open(SELF, O_RDONLY | O_DIRECTORY), ENOTDIR);
    EXPECT_ERROR(open("/none/new", O_WRONLY | O_CREAT, 0666), ENOENT);
    EXPECT_ERROR(open(SELF, O_RDONLY | O_CREAT | O_EXCL, 0666), EEXIST);
    EXPECT_ERROR(open("/", O_RDWR), EISDIR);
    EXPECT_ERROR(open("/", O_RDONLY | O_CREAT, 0666), EISDIR);
    EXPECT_ERROR(openat(99, "x", O_RDONLY), EBADF);

    static char path[PATH_MAX + 1];
    memset(path, '/', PATH_MAX);
    EXPECT_ERROR(open(path, O_RDONLY), ENAMETOOLONG);
    path[PATH_MAX - 1] = '\0';
    EXPECT(open(path, O_RDONLY) == 3 && close(3) == 0);
    memset(path, 'a', 256);
    path[256] = '\0';
    EXPECT_ERROR(open(path, O_RDONLY), ENAMETOOLONG);
}

static void
test_o_path(void)
{
    char byte;
    int fd = open(SELF, O_PATH);
    EXPECT(fd >= 0);
    EXPECT_ERROR(read(fd, &byte, 1), EBADF);
    EXPECT_ERROR(lseek(fd, 0, SEEK_SET), EBADF);
    struct stat st;
    EXPECT(fstat(fd, &st) == 0 && S_ISREG(st.st_mode));
    close(fd);
    fd = open("/proc/self", O_PATH | O_NOFOLLOW);
    EXPECT(fd >= 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode));
    close(fd);
    EXPECT_ERROR(open("/proc/self", O_RDONLY | O_NOFOLLOW), ELOOP);
}

static void
test_read(void)
{
    char buf[64], more[64];
    int fd = open(SELF, O_RDONLY);
    EXPECT(read(fd, buf, 16) == 16 && memcmp(buf, "\177ELF", 4) == 0);
    EXPECT(lseek(fd, 0, SEEK_CUR) == 16);
    EXPECT(pread(fd, more, 16, 0) == 16 && memcmp(buf, more, 16) == 0);
    EXPECT(lseek(fd, 0, SEEK_CUR) == 16);
    EXPECT(pread(fd, more, 16, 1 << 30) == 0);
    EXPECT_ERROR(pread(fd, more, 16, -1), EINVAL);

    struct stat st;
    EXPECT(fstat(fd, &st) == 0);
    EXPECT(lseek(fd, 0, SEEK_END) == st.st_size);
    EXPECT(read(fd, buf, 16) == 0);
    EXPECT(lseek(fd, -5, SEEK_END) == st.st_size - 5);
    EXPECT(read(fd, buf, 16) == 5);
    EXPECT_ERROR(lseek(fd, -1, SEEK_SET), EINVAL);
    EXPECT_ERROR(lseek(fd, 0, 77), EINVAL);
    EXPECT_ERROR(lseek(fd, LONG_MIN, SEEK_CUR), EINVAL);
    EXPECT(lseek(fd, 0, SEEK_SET) == 0);

    EXPECT_ERROR(read(fd, BAD, 16), EFAULT);
    EXPECT_ERROR(read(fd, (void *)-1, 16), EFAULT);
    EXPECT_ERROR(write(fd, buf, 1), EBADF);
    EXPECT_ERROR(read(77, buf, 1), EBADF);
    EXPECT_ERROR(read(-1, buf, 1), EBADF);
    close(fd);

    fd = open("/", O_RDONLY);
    EXPECT_ERROR(read(fd, buf, 1), EISDIR);
    EXPECT_ERROR(pread(fd, buf, 1, 0), EISDIR);
    close(fd);
}

static void
test_vectors(void)
{
    char a[3], b[5], all[8];
    struct iovec v[] = {{a, 3}, {NULL, 0}, {b, 5}};
    int fd = open(SELF, O_RDONLY);
    EXPECT(readv(fd, v, 3) == 8);
    EXPECT(pread(fd, all, 8, 0) == 8);
    EXPECT(memcmp(a, all, 3) == 0 && memcmp(b, all + 3, 5) == 0);
    EXPECT(readv(fd, v, 0) == 0);
    EXPECT_ERROR(syscall(SYS_readv, fd, v, -1), EINVAL);
    EXPECT_ERROR(syscall(SYS_readv, fd, v, 1025), EINVAL);
    EXPECT_ERROR(readv(fd, BAD, 1), EFAULT);
    v[1].iov_len = (size_t)-1;
    EXPECT_ERROR(readv(fd, v, 3), EINVAL);

    static struct iovec many[1024];
    static char bytes[1024];
    for (int i = 0; i < 1024; i++)
        many[i] = (struct iovec){&bytes[i], 1};
    EXPECT(lseek(fd, 0, SEEK_SET) == 0);
    EXPECT(readv(fd, many, 1024) == 1024);
    EXPECT(memcmp(bytes, all, 8) == 0);
    close(fd);
}

static void
test_stat(void)
{
    struct stat a, b;
    EXPECT(stat(SELF, &a) == 0);
    EXPECT(S_ISREG(a.st_mode) && a.st_nlink >= 1 && a.st_blksize == 4096);
    EXPECT(a.st_blocks >= (a.st_size + 511) / 512);
    int fd = open(SELF, O_RDONLY);
    EXPECT(fstat(fd, &b) == 0 && memcmp(&a, &b, sizeof(a)) == 0);
    EXPECT(fstatat(fd, "", &b, AT_EMPTY_PATH) == 0);
    EXPECT(memcmp(&a, &b, sizeof(a)) == 0);
    EXPECT_ERROR(fstatat(fd, "", &b, 0), ENOENT);
    EXPECT_ERROR(fstatat(fd, "x", &b, 0), ENOTDIR);
    EXPECT_ERROR(fstatat(AT_FDCWD, SELF, &b, 0x10), EINVAL);
    EXPECT_ERROR(syscall(SYS_fstat, fd, BAD), EFAULT);
    EXPECT_ERROR(fstat(77, &b), EBADF);
    close(fd);

    EXPECT(lstat("/proc/self", &a) == 0 && S_ISLNK(a.st_mode));
    EXPECT(stat("/proc/self", &a) == 0 && S_ISDIR(a.st_mode));
    EXPECT(stat("/dev/null", &a) == 0 && S_ISCHR(a.st_mode));
    EXPECT(a.st_rdev == makedev(1, 3));
    EXPECT(stat("/dev/vda", &a) == 0 && S_ISBLK(a.st_mode));
    EXPECT(stat("/", &a) == 0 && stat("/dev", &b) == 0);
    EXPECT(a.st_dev != b.st_dev);

    struct statfs f;
    EXPECT(statfs("/", &f) == 0 && f.f_bsize == 4096 && f.f_namelen == 255);
    EXPECT(statfs("/proc", &f) == 0 && f.f_type == 0x9fa0);
}

static void
test_access(void)
{
    EXPECT(access(SELF, F_OK) == 0);
    EXPECT(access(SELF, R_OK | X_OK) == 0);
    EXPECT(access("/dev/null", R_OK | W_OK) == 0);
    EXPECT_ERROR(access("/dev/null", X_OK), EACCES);
    EXPECT_ERROR(access("/none", F_OK), ENOENT);
    EXPECT_ERROR(syscall(SYS_faccessat, AT_FDCWD, SELF, 8), EINVAL);
}

static void
test_directories(void)
{
    char cwd[PATH_MAX], tiny[4];
    EXPECT(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/") == 0);
    EXPECT(chdir("/linux") == 0);
    EXPECT(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/linux") == 0);
    EXPECT(syscall(SYS_getcwd, cwd, sizeof(cwd)) == 7);
    EXPECT_ERROR(syscall(SYS_getcwd, tiny, sizeof(tiny)), ERANGE);
    EXPECT(access("files", F_OK) == 0);
    EXPECT(chdir("..") == 0 && access("linux/files", F_OK) == 0);
    int fd = open("/dev", O_RDONLY | O_DIRECTORY);
    EXPECT(fchdir(fd) == 0);
    EXPECT(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/dev") == 0);
    EXPECT(chdir("../proc/self") == 0);
    EXPECT(getcwd(cwd, sizeof(cwd)) && strncmp(cwd, "/proc/", 6) == 0);
    EXPECT_ERROR(chdir(SELF), ENOTDIR);
    EXPECT_ERROR(chdir("/none"), ENOENT);
    EXPECT(chdir("/") == 0);
    struct stat st;
    EXPECT(fstatat(fd, "null", &st, 0) == 0 && S_ISCHR(st.st_mode));
    EXPECT(fstatat(fd, "..", &st, 0) == 0 && S_ISDIR(st.st_mode));
    close(fd);
    fd = open(SELF, O_RDONLY);
    EXPECT_ERROR(fchdir(fd), ENOTDIR);
    close(fd);
    EXPECT(umask(077) == 022 && umask(022) == 077);
}

/* Lists the n entries of a directory again, with buffers that are often too
 * small. */
static void
check_pieces(const char *path, int n)
{
    int fd = open(path, O_RDONLY);
    char buf[300];
    int again = 0;
    long got;
    while ((got = raw_getdents(fd, buf, 48)) > 0 ||
           (got < 0 && errno == EINVAL &&
            (got = raw_getdents(fd, buf, sizeof(buf))) > 0))
        for (long at = 0; at < got; again++)
            at += *(unsigned short *)(buf + at + 16);
    EXPECT(got == 0);
    EXPECT(again == n);
    EXPECT(lseek(fd, 0, SEEK_SET) == 0);
    EXPECT_ERROR(raw_getdents(fd, buf, 8), EINVAL);
    EXPECT_ERROR(raw_getdents(fd, BAD, 300), EFAULT);
    EXPECT(raw_getdents(fd, buf, sizeof(buf)) > 0);
    close(fd);
}

/* Lists a directory twice, in one go and entry by entry. */
static void
check_listing(const char *path, const char *must_have, int type)
{
    DIR *dir = opendir(path);
    EXPECT(dir);
    if (!dir)
        return;
    struct dirent *e;
    int n = 0, found = 0, dots = 0;
    while ((e = readdir(dir))) {
        n++;
        if (strcmp(e->d_name, must_have) == 0 && e->d_type == type)
            found++;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
            struct stat st;
            EXPECT(fstatat(dirfd(dir), e->d_name, &st, 0) == 0);
            EXPECT(e->d_type == DT_DIR);
            if (st.st_ino == e->d_ino)
                dots++;
        }
    }
    if (found != 1 || dots != 2)
        printf("%s: %d entries, %d times %s, %d dots right\n", path, n, found,
               must_have, dots);
    EXPECT(found == 1 && dots == 2);
    closedir(dir);
    check_pieces(path, n);
}

static void
test_listings(void)
{
    char buf[64], pid[16];
    snprintf(pid, sizeof(pid), "%d", getpid());
    check_listing("/", "linux", DT_DIR);
    check_listing("/linux", "files", DT_REG);
    check_listing("/dev", "null", DT_CHR);
    check_listing("/dev", "vda", DT_BLK);
    check_listing("/proc", "self", DT_LNK);
    check_listing("/proc", pid, DT_DIR);
    check_listing("/proc/self", "stat", DT_REG);
    check_listing("/sys", "block", DT_DIR);
    check_listing("/sys/block/vda", "queue", DT_DIR);
    int fd = open(SELF, O_RDONLY);
    EXPECT_ERROR(raw_getdents(fd, buf, sizeof(buf)), ENOTDIR);
    close(fd);
}

static void
test_links(void)
{
    char buf[64] = "";
    int n = snprintf(buf, sizeof(buf), "%d", getpid());
    char got[64];
    EXPECT(readlink("/proc/self", got, sizeof(got)) == n);
    EXPECT(memcmp(buf, got, (size_t)n) == 0);
    EXPECT_ERROR(syscall(SYS_readlinkat, AT_FDCWD, "/proc/self", got, 0),
                 EINVAL);
    EXPECT_ERROR(readlink(SELF, got, sizeof(got)), EINVAL);
    EXPECT_ERROR(readlink("/none", got, sizeof(got)), ENOENT);
    EXPECT_ERROR(readlink("/proc/self", BAD, 10), EFAULT);
    EXPECT(readlink("/proc/self/cwd", got, sizeof(got)) == 1 && got[0] == '/');
}

static void
test_dup(void)
{
    int fd = open(SELF, O_RDONLY);
    int two = dup(fd);
    EXPECT(two == fd + 1);
    EXPECT(lseek(fd, 100, SEEK_SET) == 100 && lseek(two, 0, SEEK_CUR) == 100);
    EXPECT(dup3(fd, 50, O_CLOEXEC) == 50 && fcntl(50, F_GETFD) == 1);
    EXPECT(dup2(fd, 50) == 50 && fcntl(50, F_GETFD) == 0);
    EXPECT(dup2(fd, fd) == fd);
    EXPECT_ERROR(dup3(fd, fd, 0), EINVAL);
    EXPECT_ERROR(dup3(fd, 51, 1), EINVAL);
    EXPECT_ERROR(dup3(77, 51, 0), EBADF);
    EXPECT_ERROR(dup3(fd, 1024, 0), EBADF);
    EXPECT_ERROR(dup3(fd, -1, 0), EBADF);
    EXPECT_ERROR(dup(77), EBADF);
    EXPECT(fcntl(fd, F_DUPFD, 60) == 60);
    EXPECT(fcntl(fd, F_DUPFD_CLOEXEC, 60) == 61);
    EXPECT(fcntl(61, F_GETFD) == FD_CLOEXEC);
    EXPECT_ERROR(fcntl(fd, F_DUPFD, 1024), EINVAL);
    EXPECT_ERROR(fcntl(fd, F_DUPFD, -1), EINVAL);
    EXPECT_ERROR(fcntl(fd, 9999, 0), EINVAL);
    EXPECT(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    EXPECT(fcntl(two, F_GETFL) & O_NONBLOCK);
    close(50), close(60), close(61), close(two);
    EXPECT_ERROR(ioctl(fd, TCGETS, &two), ENOTTY);
    EXPECT_ERROR(ioctl(77, TCGETS, &two), EBADF);
    close(fd);

    int count = 0;
    while (dup(0) >= 0)
        count++;
    EXPECT(errno == EMFILE && count == 1021);
    for (int i = 3; i < 1024; i++)
        EXPECT(close(i) == 0);
}

static void
test_pipe(void)
{
    int p[2];
    char buf[8];
    EXPECT(pipe2(p, O_CLOEXEC) == 0 && p[0] == 3 && p[1] == 4);
    EXPECT(fcntl(p[0], F_GETFD) == FD_CLOEXEC);
    EXPECT(write(p[1], "hello", 5) == 5 && read(p[0], buf, 8) == 5);
    EXPECT_ERROR(write(p[0], "x", 1), EBADF);
    EXPECT_ERROR(read(p[1], buf, 1), EBADF);
    EXPECT_ERROR(lseek(p[0], 0, SEEK_CUR), ESPIPE);
    EXPECT_ERROR(pread(p[0], buf, 1, 0), ESPIPE);
    EXPECT(fcntl(p[0], F_SETFL, O_NONBLOCK) == 0);
    EXPECT_ERROR(read(p[0], buf, 1), EAGAIN);
    struct stat st;
    EXPECT(fstat(p[0], &st) == 0 && S_ISFIFO(st.st_mode));
    close(p[1]);
    EXPECT(read(p[0], buf, 1) == 0);
    close(p[0]);

    EXPECT(pipe(p) == 0);
    close(p[0]);
    signal(SIGPIPE, SIG_IGN);
    EXPECT_ERROR(write(p[1], "x", 1), EPIPE);
    close(p[1]);
    EXPECT_ERROR(syscall(SYS_pipe2, BAD, 0), EFAULT);
    EXPECT_ERROR(pipe2(p, 1), EINVAL);
    EXPECT(pipe(p) == 0 && p[0] == 3 && p[1] == 4);
    close(p[0]), close(p[1]);
}

static void
test_devices(void)
{
    char buf[5000];
    int fd = open("/dev/null", O_RDWR);
    EXPECT(read(fd, buf, 10) == 0 && write(fd, buf, 10) == 10);
    EXPECT(lseek(fd, 0, SEEK_END) == 0);
    close(fd);
    fd = open("/dev/zero", O_RDWR);
    memset(buf, 1, sizeof(buf));
    EXPECT(read(fd, buf, sizeof(buf)) == (long)sizeof(buf));
    for (size_t i = 0; i < sizeof(buf); i++)
        EXPECT(buf[i] == 0);
    close(fd);
    fd = open("/dev/full", O_RDWR);
    EXPECT_ERROR(write(fd, buf, 1), ENOSPC);
    EXPECT(read(fd, buf, 4) == 4);
    close(fd);
    fd = open("/dev/urandom", O_RDONLY);
    EXPECT(read(fd, buf, 1000) == 1000);
    EXPECT(memcmp(buf, buf + 500, 500) != 0);
    close(fd);
    fd = open("/dev/vda", O_RDONLY);
    EXPECT(pread(fd, buf, 9, 0) == 9 && memcmp(buf, "ECLIPSEFS", 9) == 0);
    unsigned long long size;
    EXPECT(ioctl(fd, 0x80081272, &size) == 0);
    EXPECT(lseek(fd, 0, SEEK_END) == (long)size && size > 0);
    EXPECT(read(fd, buf, 1) == 0);
    close(fd);
    EXPECT_ERROR(open("/dev/vda", O_RDWR), EBUSY);
    EXPECT_ERROR(open("/dev/none", O_RDWR | O_CREAT, 0600), EACCES);
    fd = open("/dev/tty", O_RDWR | O_NOCTTY);
    EXPECT(fd >= 0 ? close(fd) == 0 : errno == ENXIO);
}

/* Prints a generated file, and expects a word in it. */
static void
check_text(const char *path, const char *word)
{
    static char text[65536];
    int fd = open(path, O_RDONLY);
    if (fd < 0) {
        printf("%s: errno %d\n", path, errno);
        failures++;
        return;
    }
    size_t n = 0;
    long got;
    while ((got = read(fd, text + n, 100)) > 0 && n < 60000)
        n += (size_t)got;
    EXPECT(got == 0);
    text[n] = '\0';
    if (!strstr(text, word)) {
        printf("%s lacks \"%s\":\n%s\n", path, word, text);
        failures++;
    }
    if (getenv("VERBOSE"))
        printf("---- %s\n%s", path, text);
    close(fd);
}

static void
test_generated(void)
{
    check_text("/proc/mounts", "/dev/vda / eclipsefs r");
    check_text("/proc/mounts", "devtmpfs /dev devtmpfs");
    check_text("/proc/meminfo", "MemFree:");
    check_text("/proc/uptime", ".");
    check_text("/proc/loadavg", "/");
    check_text("/proc/version", "Umbra");
    check_text("/proc/cmdline", "init");
    check_text("/proc/interrupts", "virtio");
    check_text("/proc/stat", "cpu0");
    check_text("/proc/cpuinfo", "rv64i");
    check_text("/proc/filesystems", "eclipsefs");
    check_text("/proc/self/stat", "(files) R");
    check_text("/proc/self/statm", " ");
    check_text("/proc/self/status", "Name:\tfiles");
    struct rlimit limit = {100, RLIM_INFINITY};
    EXPECT(setrlimit(RLIMIT_CORE, &limit) == 0);
    check_text(
        "/proc/self/limits",
        "\nMax core file size        100                  unlimited      "
        "      bytes     \n");
    check_text("/proc/self/comm", "files\n");
    check_text("/proc/self/cmdline", SELF);
    check_text("/sys/block/vda/size", "\n");
    check_text("/sys/block/vda/queue/logical_block_size", "512");
    check_text("/sys/block/vda/stat", "0");
    check_text("/sys/bus/virtio/devices/virtio0/driver_name", "\n");
    check_text("/sys/bus/virtio/devices/virtio0/queues", "size");
    check_text("/sys/bus/virtio/devices/virtio0/features", "0");
    check_text("/sys/bus/virtio/devices/virtio0/irq", " ");
    check_text("/sys/firmware/fdt", "\xd0\x0d\xfe\xed");
    EXPECT_ERROR(open("/proc/99999", O_RDONLY), ENOENT);
    EXPECT_ERROR(open("/proc/01", O_RDONLY), ENOENT);
}

int
main(void)
{
    test_open();
    test_o_path();
    test_read();
    test_vectors();
    test_stat();
    test_access();
    test_directories();
    test_listings();
    test_links();
    test_dup();
    test_pipe();
    test_devices();
    test_generated();
    printf("files: %d failures\n", failures);
    return failures > 100 ? 100 : failures;
}
