/* What the tests of names share: a directory to work in, and files whose names
 * are looked for. */
#pragma once

#include "../lib/tap.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes a file with a text in it. */
static inline void
put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    check(fd >= 0);
    check_eq(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* Whether the file has that text. */
static inline bool
has(const char *path, const char *text)
{
    char buf[64] = "";
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

    close(fd);
    return n == (ssize_t)strlen(text) && strcmp(buf, text) == 0;
}

static inline bool
exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static inline unsigned
links(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 ? (unsigned)st.st_nlink : 0;
}

static inline ino_t
ino(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

/* Runs the cases in a new directory within `within`, or within /tmp if that is
 * NULL. Returns the exit status. */
static inline int
run_within(const char *within, const struct tap_case *cases, size_t count)
{
    umask(022);
    if (chdir(within ? within : "/tmp") || mkdir("t.names", 0755) ||
        chdir("t.names")) {
        perror("t.names");
        return 1;
    }
    int status = tap_run(cases, count);
    return chdir("..") || rmdir("t.names") ? 1 : status;
}
