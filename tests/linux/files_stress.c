/* Many processes walk, open, read and pipe at once: no answer may differ from
 * that of one alone, and no memory may be missing in the end. */
#include "tap.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF      "/linux/files_stress"
#define PROCESSES 8
#define ROUNDS    200

static int
fail(const char *what)
{
    printf("files_stress[%d]: %s\n", getpid(), what);
    return 1;
}

static long
free_kib(void)
{
    char text[512];
    int fd = open("/proc/meminfo", O_RDONLY);
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    char *line = strstr(text, "MemAvailable:");
    return line ? strtol(line + 13, NULL, 10) : 0;
}

static int
walk(int round)
{
    static const char *const paths[] = {
        "/",
        SELF,
        "/dev/null",
        "/proc/self/stat",
        "/sys/block/vda/size",
        "/linux/../dev/../linux/./files_stress",
    };
    struct stat st;
    char name[32];

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (stat(paths[i], &st) != 0)
            return fail(paths[i]);
        int fd = open(paths[i], O_RDONLY);
        if (fd < 0 || close(fd) != 0)
            return fail("open or close");
    }
    snprintf(name, sizeof(name), "/none-%d-%d", getpid(), round);
    if (stat(name, &st) == 0)
        return fail("found what is not there");
    snprintf(name, sizeof(name), "/proc/%d/cmdline", getpid());
    if (stat(name, &st) != 0)
        return fail("/proc misses this process");
    return 0;
}

static int
list(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir)
        return fail(path);
    int n = 0;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n < 3 ? fail("a directory lacks entries") : 0;
}

/* A child sends a pattern of many bytes, in pieces of odd sizes. */
static int
pump(void)
{
    enum { TOTAL = 300000 };
    static unsigned char buf[7001];
    int p[2];
    if (pipe(p) != 0)
        return fail("pipe");
    pid_t child = fork();
    if (child == 0) {
        close(p[0]);
        for (int sent = 0; sent < TOTAL;) {
            int n = TOTAL - sent < 4999 ? TOTAL - sent : 4999;
            for (int i = 0; i < n; i++)
                buf[i] = (unsigned char)((sent + i) % 253);
            if (write(p[1], buf, (size_t)n) != n)
                _exit(fail("write"));
            sent += n;
        }
        _exit(0);
    }
    close(p[1]);
    int got = 0, n;
    while ((n = (int)read(p[0], buf, sizeof(buf))) > 0)
        for (int i = 0; i < n; i++, got++)
            if (buf[i] != got % 253)
                return fail("the pipe mixed up bytes");
    close(p[0]);
    int status = 1;
    waitpid(child, &status, 0);
    return n < 0 || got != TOTAL || status != 0 ? fail("pump") : 0;
}

static int
work(void)
{
    int rounds = tap_part(ROUNDS);

    for (int round = 0; round < rounds; round++) {
        if (walk(round))
            return 1;
        if (round % 20 == 0 && (list("/proc") || list("/dev") || list("/sys")))
            return 1;
        if (round % 50 == 0 && pump())
            return 1;
    }
    return 0;
}

static int
run_all(void)
{
    int failed = 0, status;

    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0)
            _exit(work());
    while (wait(&status) > 0)
        failed |= status;
    return failed != 0;
}

int
main(void)
{
    /* The first run fills the caches. */
    int failed = run_all();
    long before = free_kib();
    failed |= run_all();
    long after = free_kib();
    if (before - after > 1024)
        failed |= fail("memory has been lost");
    printf("files_stress: %s, %ld KiB free before, %ld after\n",
           failed ? "failed" : "passed", before, after);
    return failed;
}
