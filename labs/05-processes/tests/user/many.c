/* Many processes, one after the other and some at a time: what memory and how
 * many processes there are before and after them goes to /out. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define WARM_UP 40
#define ROUNDS  400

static void
look(int out)
{
    struct sysinfo info;
    uint64_t numbers[2];
    if (sysinfo(&info) != 0)
        _exit(1);
    numbers[0] = info.freeram * info.mem_unit;
    numbers[1] = info.procs;
    if (write(out, numbers, sizeof(numbers)) != sizeof(numbers))
        _exit(2);
}

/* A child that has a child, which outlives it now and then. */
static void
child(unsigned round)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    if (round % 3 == 0)
        waitpid(pid, NULL, 0);
    _exit(round % 100);
}

static void
run(unsigned rounds)
{
    int status;
    for (unsigned i = 0; i < rounds; i++) {
        pid_t pid = fork();
        if (pid == 0)
            child(i);
        if (pid < 0 || waitpid(pid, &status, 0) != pid ||
            status != (int)(i % 100) << 8)
            _exit(3);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
    while (wait(NULL) > 0)
        ;
}

int
main(void)
{
    int out = open("/out", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    run(WARM_UP);
    look(out);
    run(ROUNDS);
    look(out);
    return out >= 0 && fsync(out) == 0 ? 0 : 4;
}
