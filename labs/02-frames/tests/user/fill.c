/* Fills memory in one child after the other, in all more than there is, and
 * writes for each what it read back: the sum of what tests/s7_machine.py chose.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 6u
#define BYTES  (24u << 20)
#define PAGE   4096u

static void
child(uint64_t key, int out)
{
    char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        _exit(1);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < BYTES / PAGE; i++)
        *(uint64_t *)(memory + i * PAGE + i % 500 * 8) = key * (i + 1);
    for (uint64_t i = 0; i < BYTES / PAGE; i++)
        for (uint64_t at = 0; at < 500; at++)
            sum += *(uint64_t *)(memory + i * PAGE + at * 8);
    _exit(write(out, &sum, sizeof(sum)) == sizeof(sum) ? 0 : 2);
}

int
main(void)
{
    uint64_t keys[ROUNDS];
    int status, in = open("/keys", O_RDONLY, 0);
    int out = open("/sums", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (in < 0 || out < 0 || read(in, keys, sizeof(keys)) != sizeof(keys))
        return 1;
    for (unsigned i = 0; i < ROUNDS; i++) {
        pid_t pid = fork();
        if (pid == 0)
            child(keys[i], out);
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
            return 2;
    }
    return fsync(out) == 0 ? 0 : 3;
}
