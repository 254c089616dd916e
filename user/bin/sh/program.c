#include "exec.h"
#include "jobs.h"
#include "shell.h"
#include "text.h"
#include "vars.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *
exec_find(const char *name)
{
    const char *dirs = vars_get("PATH");
    struct text path = {0};
    struct stat st;

    if (strchr(name, '/'))
        return xstrdup(name);
    for (dirs = dirs ? dirs : "/bin:/sbin"; *dirs;) {
        size_t n = strcspn(dirs, ":");
        path.len = 0;
        text_add(&path, n ? dirs : ".", n ? n : 1);
        text_char(&path, '/');
        text_put(&path, name);
        if (stat(path.bytes, &st) == 0 && S_ISREG(st.st_mode))
            return path.bytes;
        dirs += n + (dirs[n] == ':');
    }
    text_free(&path);
    return NULL;
}

/* A text file without "#!" is a script for this shell. */
static void
try_script(char *path, char **argv)
{
    struct strings args = {0};

    strings_add(&args, (char *)"sh");
    strings_add(&args, path);
    for (argv++; *argv; argv++)
        strings_add(&args, *argv);
    execv("/bin/sh", args.items);
    errno = ENOEXEC;
}

void
exec_program(char **argv)
{
    char *path = exec_find(argv[0]);
    struct stat st;

    if (!path) {
        shell_error(127, "%s: not found", argv[0]);
        shell_exit(127);
    }
    execv(path, argv);
    if (errno == ENOEXEC)
        try_script(path, argv);
    if (errno == EACCES && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        errno = EISDIR;
    if (errno == ENOENT || errno == ENOTDIR)
        shell_error(127, "%s: %s", argv[0],
                    strchr(argv[0], '/') ? strerror(errno) : "not found");
    else
        shell_error(126, "%s: %s", argv[0], strerror(errno));
    shell_exit(shell.status);
}

/* All that fd gives, without trailing newlines. */
static char *
read_all(int fd)
{
    struct text output = {0};
    char piece[1024];
    ssize_t n;

    while ((n = read(fd, piece, sizeof(piece))) > 0)
        for (ssize_t i = 0; i < n; i++)
            if (piece[i])
                text_char(&output, piece[i]);
    while (output.len > 0 && output.bytes[output.len - 1] == '\n')
        output.len--;
    return text_take(&output);
}

char *
exec_capture(const char *command)
{
    struct job *job;
    char *output;
    int fds[2];
    pid_t pid;

    if (pipe(fds) != 0) {
        shell_error(1, "pipe: %s", strerror(errno));
        return xstrdup("");
    }
    job = jobs_new(command, false);
    pid = jobs_fork(job);
    if (pid == 0) {
        close(fds[0]);
        dup2(fds[1], 1);
        close(fds[1]);
        shell_run_text(command, shell.name);
        shell_exit(shell.status);
    }
    close(fds[1]);
    if (pid < 0)
        shell_error(1, "fork: %s", strerror(errno));
    output = read_all(fds[0]);
    close(fds[0]);
    shell.status = jobs_wait(job);
    shell.substituted = true;
    return output;
}
