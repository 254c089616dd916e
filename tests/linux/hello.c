/* A plain Linux program, linked with glibc: what it prints and its status
 * show that the kernel keeps Linux's promises.
 *
 * usage: hello [WORD...]; the last line is "hello: N words, all well". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int failures;

static void
expect(int condition, const char *what)
{
    if (condition)
        return;
    printf("hello: wrong: %s\n", what);
    failures++;
}

static void
use_memory(void)
{
    char *small = malloc(100), *large = malloc(1 << 20);

    expect(small && large, "malloc");
    memset(small, 1, 100);
    memset(large, 2, 1 << 20);
    large = realloc(large, 3 << 20);
    expect(large && large[(1 << 20) - 1] == 2, "realloc");
    free(small);
    free(large);
}

static void
use_files(void)
{
    char line[256] = "";
    FILE *f = fopen("/etc/passwd", "r");

    expect(f && fgets(line, sizeof(line), f), "fgets");
    expect(strncmp(line, "root:", 5) == 0, "/etc/passwd");
    expect(f && fseek(f, 0, SEEK_END) == 0 && ftell(f) > 5, "fseek");
    if (f)
        fclose(f);
    expect(fopen("/none", "r") == NULL, "fopen of nothing");
}

static void
use_processes(void)
{
    int fds[2], status = -1;
    char byte = 0;
    pid_t pid;

    expect(pipe(fds) == 0, "pipe");
    fflush(stdout);
    pid = fork();
    if (pid == 0)
        _exit(write(fds[1], "x", 1) == 1 ? 7 : 8);
    expect(waitpid(pid, &status, 0) == pid, "waitpid");
    expect(WIFEXITED(status) && WEXITSTATUS(status) == 7, "status");
    expect(read(fds[0], &byte, 1) == 1 && byte == 'x', "read");
}

int
main(int argc, char **argv)
{
    volatile double two = 2;
    struct timespec now;

    printf("hello from %s, process %d, %.6f\n", argv[0], (int)getpid(),
           1 / two);
    for (int i = 1; i < argc; i++)
        printf("hello: word %d: %s\n", i, argv[i]);
    expect(getenv("PATH") != NULL, "PATH");
    expect(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock_gettime");
    use_memory();
    use_files();
    use_processes();
    if (failures)
        return 1;
    printf("hello: %d words, all well\n", argc - 1);
    return 0;
}
