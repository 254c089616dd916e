/* More memory than there is: of a large area some pages are touched, and a
 * family has the same 24 MiB at the same time, of which each changes a few
 * pages. What comes of it goes to /out: sums by the key of /key, and how much
 * memory was free before and after. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define LARGE    (256ul << 20)
#define FILLED   (24ul << 20)
#define PAGE     4096ul
#define STRIDE   (389 * PAGE)
#define CHILDREN 3

static int out;

static void
put(uint64_t value)
{
    if (write(out, &value, sizeof(value)) != sizeof(value))
        _exit(2);
}

/* As one: others write at the same time. */
static void
put_sum(uint64_t whose, uint64_t total)
{
    uint64_t words[2] = {whose, total};
    if (write(out, words, sizeof(words)) != sizeof(words))
        _exit(2);
}

static uint64_t *
map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        _exit(3);
    return memory;
}

static uint64_t
sum(const uint64_t *memory, size_t size, size_t stride)
{
    uint64_t total = 0;
    for (size_t at = 0; at < size; at += stride)
        total += memory[at / 8];
    return total;
}

static void
put_free(void)
{
    struct sysinfo info;
    if (sysinfo(&info) != 0)
        _exit(4);
    put(info.freeram * info.mem_unit);
}

static void
run(uint64_t key)
{
    uint64_t *large = map(LARGE), *filled = map(FILLED);
    int status;
    for (size_t at = 0, i = 1; at < LARGE; at += STRIDE, i++)
        large[at / 8] = key * i;
    put(sum(large, LARGE, STRIDE));
    for (size_t at = 0, i = 1; at < FILLED; at += PAGE, i++)
        filled[at / 8] = key ^ i;
    for (unsigned child = 1; child <= CHILDREN; child++) {
        pid_t pid = fork();
        if (pid < 0)
            _exit(5);
        if (pid > 0)
            continue;
        for (size_t at = 0; at < FILLED; at += 97 * PAGE)
            filled[at / 8] += child;
        put_sum(child, sum(filled, FILLED, PAGE));
        _exit(0);
    }
    for (unsigned child = 1; child <= CHILDREN; child++)
        if (wait(&status) < 0 || status != 0)
            _exit(6);
    put_sum(0, sum(filled, FILLED, PAGE));
    munmap(large, LARGE);
    munmap(filled, FILLED);
}

int
main(void)
{
    uint64_t key;
    int in = open("/key", O_RDONLY);
    out = open("/out", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
    if (read(in, &key, sizeof(key)) != sizeof(key) || out < 0)
        return 1;
    run(key);
    put_free();
    for (int i = 0; i < 3; i++)
        run(key);
    put_free();
    return fsync(out) == 0 ? 0 : 7;
}
