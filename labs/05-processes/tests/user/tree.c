/* A family of processes as /plan has it, which writes down in /out what each
 * member finds. Node 0 is this process, process 1. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NODES 128

struct node {
    uint8_t parent, code, waits, pad_;
};

/* tests/s6_machine.py reads it. */
struct record {
    uint8_t kind, node, pad_[2];
    int32_t pid, other, status;
    uint64_t value;
};

enum kind { I_AM = 1, I_WAITED };

static struct node plan[NODES];
static int count, out;
static uint64_t value; /* what has come down through the generations */

static void
note(enum kind kind, int node, int other, int status)
{
    struct record record = {.kind = (uint8_t)kind,
                            .node = (uint8_t)node,
                            .pid = getpid(),
                            .other = other,
                            .status = status,
                            .value = value};
    if (write(out, &record, sizeof(record)) != sizeof(record))
        _exit(254);
}

static void
wait_for_all(int node)
{
    int status = 0;
    pid_t pid;
    while ((pid = wait(&status)) > 0)
        note(I_WAITED, node, pid, status);
    note(I_WAITED, node, -errno, 0);
}

static void
live(int node)
{
    value = value * 6364136223846793005u + (uint64_t)node + 1;
    /* Whom nobody waits for looks when it is an orphan. */
    while (node > 0 && !plan[plan[node].parent].waits && getppid() != 1)
        syscall(SYS_sched_yield);
    note(I_AM, node, getppid(), 0);
    for (int i = node + 1; i < count; i++) {
        pid_t pid = plan[i].parent == node ? fork() : 1;
        if (pid == 0) {
            live(i);
            return;
        }
        if (pid < 0)
            _exit(253);
    }
    if (plan[node].waits)
        wait_for_all(node);
    if (node > 0)
        _exit(plan[node].code);
}

int
main(void)
{
    int in = open("/plan", O_RDONLY);
    ssize_t n = read(in, plan, sizeof(plan));
    out = open("/out", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
    if (n <= 0 || out < 0)
        return 1;
    count = (int)((size_t)n / sizeof(plan[0]));
    live(0);
    return fsync(out) == 0 ? 0 : 2;
}
