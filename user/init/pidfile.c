#include "pidfile.h"
#include "isolate.h"
#include "service.h"
#include "supervision.h"
#include <fcntl.h>
#include <prog.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
pidfile_remove(const struct service *s)
{
    if (s->config->pidfile)
        unlink(s->config->pidfile);
}

/* Whether who wrote a file may say which process is s's. */
static bool
may_tell(const struct service *s, const struct stat *file)
{
    uid_t user;

    return S_ISREG(file->st_mode) &&
           (file->st_uid == 0 ||
            (isolate_user(s->config, &user) && file->st_uid == user));
}

/* The number in s's file; 0: none. */
static long
read_number(const struct service *s)
{
    char text[24] = "", *end;
    struct stat st;
    ssize_t n = -1;
    long number;
    int fd = open(s->config->pidfile,
                  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return 0;
    if (fstat(fd, &st) == 0 && may_tell(s, &st))
        n = read(fd, text, sizeof(text) - 1);
    close(fd);
    number = strtol(text, &end, 10);
    return n > 0 && (*end == '\0' || *end == '\n') ? number : 0;
}

static bool
is_child(long pid)
{
    char path[40], text[512] = "", *at;

    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    if (!prog_read_text(path, text, sizeof(text)))
        return false;
    /* "PID (NAME) STATE PARENT ..." */
    at = strrchr(text, ')');
    return at && strlen(at) > 4 && strtol(at + 4, NULL, 10) == 1;
}

static bool
is_taken(long pid)
{
    for (struct service *s = service_next(NULL); s; s = service_next(s))
        if (s->pid == pid || s->supervision->health.pid == pid)
            return true;
    return false;
}

pid_t
pidfile_read(const struct service *s)
{
    long pid = read_number(s);

    return pid > 1 && !is_taken(pid) && is_child(pid) ? (pid_t)pid : 0;
}
