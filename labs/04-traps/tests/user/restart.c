/* A read of an empty pipe that signals interrupt: first with a handler that
 * wants it to end, then with one that wants it to go on. What came of both goes
 * to /results: -1 and errno; how many bytes, which, and how often the second
 * handler ran. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENOUGH 3u

static volatile uint64_t
    *shared; /* signals that were handled; reads that ended */

static void
handle(int signal)
{
    (void)signal;
    shared[0]++;
}

/* Signals the parent until it has seen enough, or its read has ended. */
static void
disturb(pid_t parent, int pipe, bool ends, uint8_t byte)
{
    while (ends ? shared[1] == 0 : shared[0] < ENOUGH) {
        kill(parent, SIGUSR1);
        usleep(2000);
    }
    if (!ends && write(pipe, &byte, 1) != 1)
        _exit(1);
    _exit(0);
}

static int
read_disturbed(bool ends, uint8_t byte, int64_t *result, uint8_t *got)
{
    struct sigaction action = {.sa_handler = handle,
                               .sa_flags = ends ? 0 : SA_RESTART};
    int ends_of[2], status;
    shared[0] = shared[1] = 0;
    if (sigaction(SIGUSR1, &action, NULL) != 0 || pipe(ends_of) != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0)
        disturb(getppid(), ends_of[1], ends, byte);
    if (pid < 0)
        return 2;
    *result = read(ends_of[0], got, 1);
    if (*result < 0)
        *result = -errno;
    shared[1] = 1;
    while (waitpid(pid, &status, 0) != pid)
        ;
    return status != 0;
}

int
main(void)
{
    uint8_t secret = 0, got[2] = {0, 0};
    int64_t results[4];
    int in = open("/secret", O_RDONLY, 0);
    int out = open("/results", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (in < 0 || out < 0 || shared == MAP_FAILED ||
        read(in, &secret, 1) != 1 ||
        read_disturbed(true, secret, &results[0], &got[0]) != 0 ||
        read_disturbed(false, secret, &results[1], &got[1]) != 0)
        return 1;
    results[2] = got[1];
    results[3] = (int64_t)shared[0];
    if (write(out, results, sizeof(results)) != sizeof(results))
        return 2;
    return fsync(out) == 0 ? 0 : 3;
}
