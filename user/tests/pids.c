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
        TAP_CASE(fork_works_again),
    };

    return tap_run(cases, ARRAY_LEN(cases));
}
