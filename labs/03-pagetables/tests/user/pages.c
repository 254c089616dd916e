/* Four children at a time fill pages, change their protection, unmap them, and
 * map others at the same place; each writes the sum of what it read. What is
 * expected, tests/s8_machine.py knows. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 4u
#define ROUNDS   12u
#define PAGES    40u
#define PAGE     4096u

static uint64_t
one_round(uint64_t key)
{
    uint64_t sum = 0;
    char *memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        _exit(3);
    for (uint64_t i = 0; i < PAGES; i++)
        if (*(uint64_t *)(memory + i * PAGE) != 0)
            _exit(4);
        else
            *(uint64_t *)(memory + i * PAGE) = key * (i + 1);
    if (mprotect(memory, PAGES * PAGE, PROT_READ) != 0)
        _exit(5);
    for (uint64_t i = 0; i < PAGES; i++)
        sum += *(uint64_t *)(memory + i * PAGE);
    return munmap(memory, PAGES * PAGE) == 0 ? sum : 0;
}

static void
child(uint64_t key, int out)
{
    uint64_t sum = 0;
    for (uint64_t round = 0; round < ROUNDS; round++)
        sum += one_round(key ^ round);
    _exit(write(out, &sum, sizeof(sum)) == sizeof(sum) ? 0 : 2);
}

int
main(void)
{
    uint64_t keys[CHILDREN];
    int status, in = open("/keys", O_RDONLY, 0);
    int out = open("/sums", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (in < 0 || out < 0 || read(in, keys, sizeof(keys)) != sizeof(keys))
        return 1;
    for (unsigned i = 0; i < CHILDREN; i++) {
        pid_t pid = fork();
        if (pid == 0)
            child(keys[i], out);
        if (pid < 0)
            return 2;
    }
    for (unsigned i = 0; i < CHILDREN; i++)
        if (wait(&status) < 0 || status != 0)
            return 3;
    return fsync(out) == 0 ? 0 : 4;
}
