/* Scripts with #!, and how much a program can be told. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tap.h>
#include <unistd.h>

#define SELF "/tests/scripts"

static char *no_environment[] = {NULL};

static void
make_script(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);

    check(fd >= 0);
    check_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* The exit status of what path runs; or the error of execve, negative. */
static int
run(const char *path, char *const argv[])
{
    int status, pipes[2], error = 0;

    check_eq(pipe(pipes), 0);
    if (fork() == 0) {
        fcntl(pipes[1], F_SETFD, FD_CLOEXEC);
        execve(path, argv, no_environment);
        write(pipes[1], &errno, sizeof(errno));
        _exit(1);
    }
    close(pipes[1]);
    if (read(pipes[0], &error, sizeof(error)) == 0)
        error = 0;
    close(pipes[0]);
    check(wait(&status) > 0);
    return error ? -error : WEXITSTATUS(status);
}

static char *const three[] = {"zero", "one", "two", NULL};

static void
an_interpreter_gets_the_script(void)
{
    make_script("/tmp/script", "#! " SELF "  five words are one argument \n");
    check_eq(run("/tmp/script", three), 42);
    make_script("/tmp/script", "#!" SELF "\tfive words are one argument");
    check_eq(run("/tmp/script", three), 42);
}

static void
scripts_of_scripts(void)
{
    char path[] = "/tmp/s0", line[] = "#!/tmp/s0\n";

    make_script(path, "#!" SELF " nested\n");
    for (char c = '1'; c <= '5'; c++) {
        line[8] = (char)(c - 1);
        path[6] = c;
        make_script(path, line);
    }
    path[6] = '3';
    check_eq(run(path, three), 43);
    path[6] = '5';
    check_eq(run(path, three), -ELOOP);
}

static void
what_is_no_script(void)
{
    make_script("/tmp/script", "#!/bin/no-such-program\n");
    check_eq(run("/tmp/script", three), -ENOENT);
    make_script("/tmp/script", "#!/tmp\n");
    check_eq(run("/tmp/script", three), -EACCES);
    make_script("/tmp/script", "#!  \n");
    check_eq(run("/tmp/script", three), -ENOEXEC);
    make_script("/tmp/script", "echo hello\n");
    check_eq(run("/tmp/script", three), -ENOEXEC);
    make_script("/tmp/script", "");
    check_eq(run("/tmp/script", three), -ENOEXEC);
}

static void
much_can_be_told(void)
{
    enum { COUNT = 10000, LENGTH = 100 };
    static char *argv[3 * COUNT];
    static char word[LENGTH + 1], string[131072 + 1];

    memset(word, 'w', LENGTH);
    argv[0] = SELF;
    argv[1] = "count";
    for (int i = 2; i < COUNT; i++)
        argv[i] = word;
    check_eq(run(SELF, argv), COUNT / 1000);
    for (int i = 2; i < 3 * COUNT - 1; i++)
        argv[i] = word;
    check_eq(run(SELF, argv), -E2BIG);
    memset(string, 's', 131072 - 1);
    argv[2] = string;
    argv[3] = NULL;
    check_eq(run(SELF, argv), 0);
    memset(string, 's', 131072);
    check_eq(run(SELF, argv), -E2BIG);
}

/* What this program says as an interpreter. */
static int
interpret(int argc, char **argv)
{
    if (strcmp(argv[1], "nested") == 0)
        return strcmp(argv[2], "/tmp/s0") == 0 ? 43 : 1;
    if (strcmp(argv[1], "count") == 0)
        return argc / 1000;
    bool right = argc == 5 && strcmp(argv[0], SELF) == 0 &&
                 strcmp(argv[1], "five words are one argument") == 0 &&
                 strcmp(argv[2], "/tmp/script") == 0 &&
                 strcmp(argv[3], "one") == 0 && strcmp(argv[4], "two") == 0;
    return right ? 42 : 1;
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(an_interpreter_gets_the_script),
        TAP_CASE(scripts_of_scripts),
        TAP_CASE(what_is_no_script),
        TAP_CASE(much_can_be_told),
    };

    if (argc > 1)
        return interpret(argc, argv);
    return tap_run(cases, ARRAY_LEN(cases));
}
