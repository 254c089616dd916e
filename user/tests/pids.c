/* Ended children that nobody waits for use up the processes there can be;
 * waiting for them gives them back. */
#include <errno.h>
#include <sys/wait.h>
#include <tap.h>
#include <unistd.h>

/* Forks until that fails; returns how often it did not. */
static int
fork_all(void)
{
    pid_t pid;
    int count = 0;

    while ((pid = fork()) > 0)
        count++;
    if (pid == 0)
        _exit(0);
    check_eq(errno, EAGAIN);
    return count;
}

static int
wait_for_all(void)
{
    int count = 0, status;

    while (wait(&status) > 0) {
        count++;
        check_eq(status, 0);
    }
    check_eq(errno, ECHILD);
    return count;
}

static void
fork_fails_when_no_process_is_left(void)
{
    int count = fork_all();

    check(count > 1000);
    check_fails(EAGAIN, fork());
    check_eq(wait_for_all(), count);
}

/* A user who takes all processes there are leaves some to root. */
static void
some_are_left_to_root(void)
{
    int ready[2], go[2], status;
    char byte;

    check_eq(pipe(ready) | pipe(go), 0);
    pid_t pid = fork();
    if (pid == 0) {
        check_eq(setuid(1000), 0);
        check(fork_all() > 1000);
        check_eq(write(ready[1], "x", 1), 1);
        check_eq(read(go[0], &byte, 1), 1);
        _exit(0);
    }
    check_eq(read(ready[0], &byte, 1), 1);
    for (int i = 0; i < 10; i++) {
        pid_t own = fork();
        if (own == 0)
            _exit(0);
        check(own > 0);
        check_eq(waitpid(own, &status, 0), own);
    }
    check_eq(write(go[1], "x", 1), 1);
    check_eq(waitpid(pid, &status, 0), pid);
    /* Its children were left to init: to this one, if it is that. */
    while (wait(&status) > 0)
        ;
}

static void
fork_works_again(void)
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(3);
    check(pid > 0);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 3 << 8);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(fork_fails_when_no_process_is_left),
        TAP_CASE(some_are_left_to_root),
        TAP_CASE(fork_works_again),
    };

    return tap_run(cases, ARRAY_LEN(cases));
}
