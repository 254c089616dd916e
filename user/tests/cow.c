/* A process that moves from hart to hart sees what it wrote, though fork made
 * each of its pages a shared one before: the hart where the first write copied
 * a page is seldom the only one that knows where the page was. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <tap.h>
#include <time.h>
#include <unistd.h>

#define PAGES   32
#define WORDS   512 /* of a page */
#define ROUNDS  24
#define WORKERS 5

/* Sleeps for a moment, after which any hart may be the next. */
static void
nap(void)
{
    const struct timespec time = {.tv_nsec = (200 + rand() % 300) * 1000};

    nanosleep(&time, NULL);
}

static uint64_t
read_all(volatile uint64_t *memory)
{
    uint64_t sum = 0;

    for (int i = 0; i < PAGES; i++)
        sum += memory[i * WORDS];
    return sum;
}

/* Writes page after page, and looks for what it wrote on other harts.
 * Returns whether all was there. */
static bool
write_all(volatile uint64_t *memory, uint64_t value)
{
    for (int i = 0; i < PAGES; i++) {
        nap();
        memory[i * WORDS] = value;
        nap();
        for (int j = 0; j < PAGES; j++)
            if (memory[j * WORDS] != (j <= i ? value : value - 1))
                return false;
    }
    return true;
}

static bool
work(void)
{
    volatile uint64_t *memory =
        mmap(NULL, PAGES * WORDS * sizeof(uint64_t), PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool right = true;

    memset((void *)(uintptr_t)memory, 0, PAGES * WORDS * sizeof(uint64_t));
    for (uint64_t round = 1; right && round <= ROUNDS; round++) {
        int hold[2];
        if (pipe(hold) != 0)
            return false;
        pid_t pid = fork();
        if (pid == 0) {
            char byte;
            close(hold[1]);
            _exit(read(hold[0], &byte, 1) != 0);
        }
        right = read_all(memory) == PAGES * (round - 1);
        right = right && write_all(memory, round);
        close(hold[0]);
        close(hold[1]);
        waitpid(pid, NULL, 0);
    }
    return right;
}

static void
writes_are_seen_on_every_hart(void)
{
    int status;

    for (unsigned i = 0; i < WORKERS; i++)
        if (fork() == 0) {
            srand(i + 1);
            _exit(work() ? 0 : 1);
        }
    while (wait(&status) > 0)
        check_eq(status, 0);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(writes_are_seen_on_every_hart),
    };

    return tap_run(cases, ARRAY_LEN(cases));
}
