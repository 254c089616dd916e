/* The root file system, on a disk, gets read-only again and again while another
 * process writes: once it is, nothing is left that is only in memory. */
#include "../lib/tap.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE   4096
#define PAGES  16
#define ROUNDS 40
#define PATH   "/tmp/written"

static char page[PAGE];

/* KiB that are newer in memory than on the disk. */
static long
dirty(void)
{
    char text[2048];
    int fd = open("/proc/meminfo", O_RDONLY);
    ssize_t n = read(fd, text, sizeof(text) - 1);

    close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *line = strstr(text, "Dirty:");
    return line ? strtol(line + strlen("Dirty:"), NULL, 10) : -1;
}

/* Writes over blocks that the file has, which takes no space. */
static int
write_on(void)
{
    for (unsigned i = 0;; i++) {
        int fd = open(PATH, O_WRONLY);
        if (fd < 0 && errno != EROFS)
            return 1;
        for (unsigned k = 0; k < PAGES && fd >= 0; k++) {
            page[0] = (char)i;
            if (pwrite(fd, page, PAGE, k * PAGE) != PAGE)
                return 2;
        }
        if (fd >= 0)
            close(fd);
        usleep(100);
    }
}

static int
remount(unsigned flags)
{
    return mount(NULL, "/", NULL, MS_REMOUNT | flags, NULL);
}

static void
stopping_a_writer(void)
{
    int status, fd = open(PATH, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    unsigned busy = 0;

    for (unsigned k = 0; k < PAGES; k++)
        check_eq(write(fd, page, PAGE), PAGE);
    check_eq(fsync(fd), 0);
    check_fails(EBUSY, remount(MS_RDONLY));
    close(fd);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(write_on());
    for (unsigned i = 0; i < ROUNDS; i++) {
        while (remount(MS_RDONLY) != 0) {
            check_eq(errno, EBUSY);
            busy++;
            usleep(100);
        }
        check_eq(dirty(), 0);
        check_fails(EROFS, open(PATH, O_WRONLY));
        check_eq(remount(0), 0);
    }
    printf("# busy %u times\n", busy);
    check_eq(waitpid(child, &status, WNOHANG), 0);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    check_eq(unlink(PATH), 0);
}

int
main(void)
{
    static const struct tap_case cases[] = {TAP_CASE(stopping_a_writer)};

    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
