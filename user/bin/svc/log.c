/* Logs: files that are replaced by others when they are large. */
#include "svc.h"
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ipc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/var/log/"
#define OLDEST 9 /* more than are kept */

/* Opens a file of a log, 0 being the one that is written to. -1 if it is not
 * there. */
static int
open_file(const char *name, unsigned int age)
{
    char path[128];

    if (age == 0)
        snprintf(path, sizeof(path), FOLDER "%s", name);
    else
        snprintf(path, sizeof(path), FOLDER "%s.%u", name, age);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Copies what fd has from its offset on, without its first lines. */
static void
copy_lines(int fd, unsigned long skip)
{
    char block[4096];
    ssize_t n;

    while ((n = read(fd, block, sizeof(block))) > 0) {
        char *at = block, *end = block + n, *newline;
        while (skip > 0 && (newline = memchr(at, '\n', (size_t)(end - at)))) {
            at = newline + 1;
            skip--;
        }
        if (skip == 0)
            fwrite(at, 1, (size_t)(end - at), stdout);
    }
}

static unsigned long
count_lines(int fd)
{
    unsigned long count = 0;
    char block[4096];
    ssize_t n;

    while ((n = read(fd, block, sizeof(block))) > 0)
        for (ssize_t i = 0; i < n; i++)
            count += block[i] == '\n';
    lseek(fd, 0, SEEK_SET);
    return count;
}

/* Prints the last lines of all files; returns the newest, read to its end. */
static int
show_last(const char *name, unsigned long lines)
{
    int fds[OLDEST + 1];
    unsigned int age = 0;
    unsigned long skip = 0, found = 0;

    for (; age <= OLDEST && (fds[age] = open_file(name, age)) >= 0; age++) {
        found += count_lines(fds[age]);
        if (found >= lines) {
            skip = found - lines;
            age++;
            break;
        }
    }
    if (age == 0)
        return -1;
    while (age-- > 1) {
        copy_lines(fds[age], skip);
        close(fds[age]);
        skip = 0;
    }
    copy_lines(fds[0], skip);
    return fds[0];
}

/* How many files have come after the one behind fd. */
static unsigned int
age_of(const char *name, int fd)
{
    struct stat mine, other;
    unsigned int age;

    fstat(fd, &mine);
    for (age = 0; age <= OLDEST; age++) {
        int there = open_file(name, age);
        bool same = there >= 0 && fstat(there, &other) == 0 &&
                    other.st_ino == mine.st_ino;
        if (there >= 0)
            close(there);
        if (same)
            return age;
    }
    return age;
}

/* Prints what was added since; fd is then another if files were replaced. */
static int
show_more(const char *name, int fd)
{
    unsigned int age;

    if (fd >= 0)
        copy_lines(fd, 0);
    age = fd >= 0 ? age_of(name, fd) : 1;
    while (age-- > 0) {
        int next = open_file(name, age);
        if (next < 0)
            continue;
        if (fd >= 0)
            close(fd);
        fd = next;
        copy_lines(fd, 0);
    }
    fflush(stdout);
    return fd;
}

/* One that has not printed anything has no log. */
static bool
is_service(const char *name)
{
    static char details[IPC_DATA_MAX];
    size_t length;

    return client_ask(CONTROL_DETAILS, name, 0, details, sizeof(details),
                      &length) == 0;
}

int
log_show(const char *name, unsigned long lines, bool follow)
{
    uint64_t seen = 0;
    size_t length;
    int fd;

    if (*name == '.' || strchr(name, '/') || *name == '\0')
        return client_complain(name, -ENOENT);
    fd = show_last(name, lines);
    fflush(stdout);
    if (fd < 0 && errno != ENOENT) {
        warn(FOLDER "%s", name);
        return SVC_FAILED;
    }
    if (fd < 0 && !is_service(name))
        return client_complain(name, -ENOENT);
    while (follow) {
        int status = client_ask(CONTROL_AWAIT_LOG, name, seen, &seen,
                                sizeof(seen), &length);
        if (status != 0)
            return client_complain(name, status);
        fd = show_more(name, fd);
    }
    if (fd >= 0)
        close(fd);
    return SVC_DONE;
}
