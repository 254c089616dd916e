/* What operations take when one process for each hart makes them at once: rows
 * of "name value unit".
 *
 * NAME_HARTS is the time by the machine's clock for one operation of all that
 * are made. NAME_HARTS_waits is how often a spin lock was not free, of a
 * thousand operations, and NAME_HARTS_made how many there were between two
 * marks (bench/count.c). */
#include <err.h>
#include <fcntl.h>
#include <riscv.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE  4096
#define HARTS 8

static char block[PAGE], name[32];
static int fd, ends[2];

static void
make_call(void)
{
    getpid();
}

static void
open_close(void)
{
    close(open(name, O_RDONLY));
}

static void
read_own_file(void)
{
    if (pread(fd, block, PAGE, 0) != PAGE)
        abort();
}

static void
use_own_pipe(void)
{
    if (write(ends[1], block, 1) != 1 || read(ends[0], block, 1) != 1)
        abort();
}

static void
fork_exit(void)
{
    if (fork() == 0)
        _exit(0);
    wait(NULL);
}

static void
touch_pages(void)
{
    char *p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (int i = 0; i < 16; i++)
        p[i * PAGE] = 1;
    munmap(p, 16 * PAGE);
}

static void
write_through(void)
{
    if (pwrite(fd, block, PAGE, 0) != PAGE || fsync(fd) != 0)
        abort();
}

static const struct row {
    const char *name;
    void (*operation)(void);
    int count;
} rows[] = {
    {"getpid", make_call, 2000},        {"open_close", open_close, 500},
    {"read_files", read_own_file, 500}, {"pipes", use_own_pipe, 500},
    {"fork_exit", fork_exit, 20},       {"pages", touch_pages, 50},
    {"fsync", write_through, 10},
};

/* Each worker: once it is told, count operations. A first one fills caches. */
static void
work(const struct row *row, int number, int go, int done)
{
    char byte;

    snprintf(name, sizeof(name), "/scaling.%d", number);
    fd = open(name, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || write(fd, block, PAGE) != PAGE || pipe(ends) != 0)
        err(1, "%s", name);
    row->operation();
    if (write(done, "r", 1) != 1 || read(go, &byte, 1) != 1)
        _exit(1);
    for (int i = 0; i < row->count; i++)
        row->operation();
    _exit(write(done, "d", 1) != 1);
}

static void
wait_for(int done, int workers)
{
    char byte;

    while (workers-- > 0)
        if (read(done, &byte, 1) != 1)
            err(1, "a worker");
}

/* The number at the start of the last line with these words, or how many such
 * lines there are. */
static unsigned long
look(const char *path, const char *words, bool count)
{
    unsigned long found = 0;
    char line[256];
    FILE *file = fopen(path, "r");

    if (!file)
        err(1, "%s", path);
    while (fgets(line, sizeof(line), file))
        if (strstr(line, words))
            found = count ? found + 1 : strtoul(line, NULL, 10);
    fclose(file);
    return found;
}

/* How often a lock was not free so far. */
static unsigned long
waits(void)
{
    return look("/proc/trace", "lock.wait", false);
}

static uint64_t
now_ns(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void
measure(const struct row *row, int workers)
{
    int go[2], done[2];
    char bytes[HARTS] = {0};

    if (pipe(go) != 0 || pipe(done) != 0)
        err(1, "pipe");
    for (int i = 0; i < workers; i++)
        if (fork() == 0)
            work(row, i, go[0], done[1]);
    wait_for(done[0], workers);
    unsigned long before = waits();
    uint64_t from = now_ns();
    riscv_mark_begin();
    if (write(go[1], bytes, (size_t)workers) != workers)
        err(1, "write");
    wait_for(done[0], workers);
    riscv_mark_end();
    uint64_t took = now_ns() - from;
    unsigned long operations = (unsigned long)(workers * row->count);
    printf("%s_%d %lu ns\n", row->name, workers, took / operations);
    printf("%s_%d_waits %lu waits/1000\n", row->name, workers,
           1000 * (waits() - before) / operations);
    printf("%s_%d_made %lu operations\n", row->name, workers, operations);
    fflush(stdout);
    while (wait(NULL) > 0)
        ;
    for (int i = 0; i < 2; i++) {
        close(go[i]);
        close(done[i]);
    }
}

int
main(void)
{
    int workers = (int)look("/proc/cpuinfo", "processor", true);
    int trace = open("/dev/trace", O_WRONLY);

    if (trace < 0 || write(trace, "#lock", 5) != 5)
        err(1, "/dev/trace");
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        measure(&rows[i], workers);
    return 0;
}
