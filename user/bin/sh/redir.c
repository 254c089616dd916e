#include "redir.h"
#include "expand.h"
#include "shell.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Descriptors of the shell's own stay out of the user's way from here on. */
#define FIRST_OWN_FD 10

static bool
save_fd(struct redir_saved *saved, int fd)
{
    int copy;

    if (!saved)
        return true;
    for (int i = 0; i < saved->count; i++)
        if (saved->slots[i].fd == fd)
            return true;
    if (saved->count == (int)ARRAY_LEN(saved->slots)) {
        shell_error(1, "too many redirections");
        return false;
    }
    copy = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OWN_FD);
    saved->slots[saved->count].fd = fd;
    saved->slots[saved->count++].copy = copy;
    return true;
}

/* Makes fd be what from is, and closes from. */
static bool
move_fd(int from, int fd)
{
    if (from == fd)
        return true;
    if (dup2(from, fd) < 0) {
        shell_error(1, "%d: %s", fd, strerror(errno));
        close(from);
        return false;
    }
    close(from);
    return true;
}

/* With set -C: opens what is new, or no regular file that could be lost. */
static int
open_unless_there(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, (mode_t)0666);
    struct stat st;

    if (fd >= 0 || errno != EEXIST)
        return fd;
    fd = open(path, O_WRONLY);
    if (fd < 0 || (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)))
        return fd;
    close(fd);
    return errno_fail(EEXIST);
}

static bool
open_file(const struct redir *r, const char *path)
{
    static const int flags[] = {
        [REDIR_READ] = O_RDONLY,
        [REDIR_WRITE] = O_WRONLY | O_CREAT | O_TRUNC,
        [REDIR_CLOBBER] = O_WRONLY | O_CREAT | O_TRUNC,
        [REDIR_APPEND] = O_WRONLY | O_CREAT | O_APPEND,
        [REDIR_BOTH] = O_RDWR | O_CREAT,
    };
    int fd = r->kind == REDIR_WRITE && shell.option_C
                 ? open_unless_there(path)
                 : open(path, flags[r->kind], (mode_t)0666);

    if (fd < 0) {
        shell_error(1, "%s: %s", path, strerror(errno));
        return false;
    }
    return move_fd(fd, r->fd);
}

static bool
copy_fd(const struct redir *r, const char *target)
{
    if (strcmp(target, "-") == 0) {
        close(r->fd);
        return true;
    }
    if (!isdigit(*target) || dup2(atoi(target), r->fd) < 0) {
        shell_error(1, "%s: %s", target, strerror(EBADF));
        return false;
    }
    return true;
}

/* The document goes through a pipe; what a pipe cannot hold is written by a
 * child. */
static bool
here_document(const struct redir *r)
{
    char *body = r->literal ? strdup(r->body) : expand_here_document(r->body);
    size_t len = body ? strlen(body) : 0;
    int fds[2];

    if (!body || pipe(fds) != 0) {
        shell_error(1, "<<: %s", strerror(errno));
        free(body);
        return false;
    }
    if (len <= 4096) {
        if (write(fds[1], body, len) < 0)
            len = 0;
    } else if (fork() == 0) {
        close(fds[0]);
        _exit(write(fds[1], body, len) < 0);
    }
    free(body);
    close(fds[1]);
    return move_fd(fds[0], r->fd);
}

static bool
apply_one(const struct redir *r)
{
    char *target;
    bool good;

    if (r->kind == REDIR_HERE || r->kind == REDIR_HERE_TABS)
        return here_document(r);
    target = expand_string(r->target);
    if (shell.jump == JUMP_ABORT)
        good = false;
    else if (r->kind == REDIR_COPY || r->kind == REDIR_COPY_READ)
        good = copy_fd(r, target);
    else
        good = open_file(r, target);
    free(target);
    return good;
}

bool
redir_apply(const struct redir *r, struct redir_saved *saved)
{
    fflush(stdout);
    if (saved)
        saved->count = 0;
    for (; r; r = r->next)
        if (!save_fd(saved, r->fd) || !apply_one(r))
            return false;
    return true;
}

void
redir_restore(struct redir_saved *saved)
{
    fflush(stdout);
    while (saved->count > 0) {
        int i = --saved->count;
        if (saved->slots[i].copy < 0) {
            close(saved->slots[i].fd);
            continue;
        }
        dup2(saved->slots[i].copy, saved->slots[i].fd);
        close(saved->slots[i].copy);
    }
}
