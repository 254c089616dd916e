/* Starts itself with the strings that /plan has, and leaves in /out what its
 * stack was like each time: the address and the bytes, up to its end. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_END 0x3ffffff000ul
#define STRINGS   64

static char plan[64 << 10];
static char *strings[2 * STRINGS + 2];

static int
leave_stack(char **argv)
{
    uint64_t head[2] = {(uint64_t)(uintptr_t)argv - 8, 0};
    int out = open("/out", O_WRONLY | O_CREAT | O_APPEND, 0644);
    head[1] = STACK_END - head[0];
    if (write(out, head, sizeof(head)) != sizeof(head) ||
        write(out, (void *)(uintptr_t)head[0], head[1]) != (ssize_t)head[1])
        return 1;
    return fsync(out) == 0 ? 7 : 2;
}

/* A program's strings: how many arguments, how many of the environment; then
 * each, terminated. Returns where the next one's are. */
static char *
read_strings(char *at, char **argv[], char **envp[])
{
    size_t argc = (uint8_t)at[0], envc = (uint8_t)at[1];
    at += 2;
    *argv = strings;
    *envp = strings + argc + 1;
    strings[argc] = strings[argc + 1 + envc] = NULL;
    for (size_t i = 0; i < argc + envc; i++) {
        strings[i + (i >= argc)] = at;
        at += strlen(at) + 1;
    }
    return at;
}

int
main(int argc, char **argv)
{
    char **new_argv, **new_envp, *at = plan;
    int status;
    if (argc < 1 || argv[0][0] == '!')
        return leave_stack(argv);
    int in = open("/plan", O_RDONLY);
    ssize_t n = read(in, plan, sizeof(plan));
    while (n > 0 && at < plan + n) {
        at = read_strings(at, &new_argv, &new_envp);
        pid_t pid = fork();
        if (pid == 0) {
            execve("/grade/start", new_argv, new_envp);
            _exit(3);
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid ||
            WEXITSTATUS(status) != 7)
            return 4;
    }
    return n > 0 ? 0 : 5;
}
