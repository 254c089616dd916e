/* Children as glibc starts them: vfork, system and posix_spawn.
 *
 * The last line is "spawn: N failures". */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int failures;

static void
expect(int condition, const char *what)
{
    if (condition)
        return;
    printf("spawn: wrong: %s (errno %d)\n", what, errno);
    failures++;
}

static void
use_vfork(void)
{
    char *argv[] = {"sh", "-c", "exit 4", NULL};
    int status = -1;
    pid_t pid = vfork();

    if (pid == 0)
        _exit(3);
    expect(pid > 0 && waitpid(pid, &status, 0) == pid, "vfork");
    expect(status == 3 << 8, "status after vfork");
    pid = vfork();
    if (pid == 0) {
        execve("/bin/sh", argv, environ);
        _exit(127);
    }
    expect(waitpid(pid, &status, 0) == pid && status == 4 << 8,
           "vfork and execve");
}

static void
use_system(void)
{
    expect(system(NULL) != 0, "a shell");
    expect(system("true") == 0, "system true");
    expect(system("exit 7") == 7 << 8, "system exit 7");
    expect(system("kill -TERM $$") == SIGTERM, "system ended by a signal");
}

/* The output of a child that was given a pipe for its standard output. */
static void
use_spawn(void)
{
    char *argv[] = {"echo", "spoken", "twice", NULL}, text[32] = "";
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int fds[2], status = -1;
    pid_t pid = -1;

    expect(pipe2(fds, O_CLOEXEC) == 0, "pipe2");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, fds[0]);
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    expect(posix_spawnp(&pid, "echo", &actions, &attributes, argv, environ) ==
               0,
           "posix_spawnp");
    close(fds[1]);
    expect(read(fds[0], text, sizeof(text) - 1) == 13 &&
               strcmp(text, "spoken twice\n") == 0,
           "the child's words");
    expect(waitpid(pid, &status, 0) == pid && status == 0, "its status");
    close(fds[0]);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
}

/* A child that cannot start is told by an error or by status 127. */
static void
spawn_nothing(void)
{
    char *argv[] = {"nothing", NULL};
    int status = -1, error;
    pid_t pid = -1;

    error = posix_spawn(&pid, "/bin/nothing", NULL, NULL, argv, environ);
    if (error == 0)
        expect(waitpid(pid, &status, 0) == pid && status == 127 << 8,
               "status of nothing");
    else
        expect(error == ENOENT, "error of nothing");
    expect(waitpid(-1, &status, 0) < 0 && errno == ECHILD, "no child left");
}

static void
spawn_many(void)
{
    char *argv[] = {"true", NULL};
    int status;
    pid_t pid;

    for (int i = 0; i < 20; i++)
        expect(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) == 0,
               "one of many");
    for (int i = 0; i < 20; i++)
        expect(wait(&status) > 0 && status == 0, "status of one of many");
}

int
main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    use_vfork();
    use_system();
    use_spawn();
    spawn_nothing();
    spawn_many();
    printf("spawn: %d failures\n", failures);
    return failures != 0;
}
