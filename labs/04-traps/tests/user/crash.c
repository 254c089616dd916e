/* Children that do what no program may; how each of them ended goes to
 * /statuses. What comes of which, tests/s7_machine.py knows. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 7u

/* As /order has them. */
static void
misbehave(uint8_t what)
{
    switch (what) {
    case 0:
        (void)*(volatile int *)8;
        break;
    case 1:
        *(volatile int *)0xffffffff80200000ul = 1;
        break;
    case 2:
        *(volatile char *)(uintptr_t)misbehave = 1;
        break;
    case 3:
        __asm__ volatile(".word 0xffffffff");
        break;
    case 4:
        __asm__ volatile("ebreak");
        break;
    case 5:
        __asm__ volatile("csrr t0, sstatus" ::: "t0");
        break;
    default:
        _exit(what);
    }
    _exit(99);
}

int
main(void)
{
    uint8_t order[CHILDREN];
    int statuses[CHILDREN], in = open("/order", O_RDONLY, 0);
    int out = open("/statuses", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (in < 0 || out < 0 || read(in, order, sizeof(order)) != sizeof(order))
        return 1;
    for (unsigned i = 0; i < CHILDREN; i++) {
        pid_t pid = fork();
        if (pid == 0)
            misbehave(order[i]);
        if (pid < 0 || waitpid(pid, &statuses[i], 0) != pid)
            return 2;
    }
    if (write(out, statuses, sizeof(statuses)) != sizeof(statuses))
        return 3;
    return fsync(out) == 0 ? 0 : 4;
}
