/* What moves in a second through a disk, past all caches, and through a pipe:
 * rows of "name value unit", in wall time. Writes over the second disk, of 64
 * MiB or more.
 *
 * Rates depend on the machine and on what else it does: rows of one run may be
 * compared, rows of two runs hardly. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEVICE  "/dev/vdb"
#define SPAN    (64u << 20)  /* bytes of the disk that are used */
#define LARGE   (128u << 10) /* bytes of a large request */
#define SMALL   4096u        /* of a small one */
#define READS   4000u        /* small ones, by all processes together */
#define READERS 8u
#define PIPED   (64u << 20) /* bytes through the pipe */

static char buffer[LARGE];

static void
must(long result, const char *what)
{
    if (result >= 0)
        return;
    perror(what);
    exit(1);
}

static uint64_t
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
row(const char *name, uint64_t count, uint64_t ns, const char *unit)
{
    printf("%s %lu %s\n", name, (unsigned long)(count * 1000000000u / (ns + 1)),
           unit);
    fflush(stdout);
}

static void
one_after_the_other(void)
{
    int fd = open(DEVICE, O_RDWR);
    must(fd, DEVICE);
    uint64_t start = now_ns();
    for (unsigned at = 0; at < SPAN; at += LARGE)
        must(pwrite(fd, buffer, LARGE, at) == LARGE ? 0 : -1, "pwrite");
    must(fsync(fd), "fsync");
    row("direct_write_128k", SPAN / 1000000, now_ns() - start, "MB/s");
    close(fd);

    fd = open(DEVICE, O_RDONLY | O_DIRECT);
    must(fd, DEVICE);
    start = now_ns();
    for (unsigned at = 0; at < SPAN; at += LARGE)
        must(pread(fd, buffer, LARGE, at) == LARGE ? 0 : -1, "pread");
    row("direct_read_128k", SPAN / 1000000, now_ns() - start, "MB/s");
    close(fd);
}

static void
anywhere(unsigned readers, const char *name)
{
    uint64_t start = now_ns();

    for (unsigned i = 0; i < readers; i++) {
        if (fork() != 0)
            continue;
        int fd = open(DEVICE, O_RDONLY | O_DIRECT);
        uint32_t random = i + 1;
        must(fd, DEVICE);
        for (unsigned k = 0; k < READS / readers; k++) {
            random = random * 1664525u + 1013904223u;
            unsigned at = random / 16 % (SPAN / SMALL) * SMALL;
            must(pread(fd, buffer, SMALL, at) == SMALL ? 0 : -1, "pread");
        }
        _exit(0);
    }
    for (int status; wait(&status) > 0;)
        must(status == 0 ? 0 : -1, name);
    row(name, READS, now_ns() - start, "reads/s");
}

static void
through_a_pipe(void)
{
    int ends[2];

    must(pipe(ends), "pipe");
    uint64_t start = now_ns();
    if (fork() == 0) {
        close(ends[0]);
        for (unsigned done = 0; done < PIPED; done += SMALL)
            must(write(ends[1], buffer, SMALL) == SMALL ? 0 : -1, "write");
        _exit(0);
    }
    close(ends[1]);
    for (long n; (n = read(ends[0], buffer, sizeof(buffer))) != 0;)
        must(n, "read");
    row("pipe_4k_writes", PIPED / 1000000, now_ns() - start, "MB/s");
    wait(NULL);
}

int
main(void)
{
    memset(buffer, 'x', sizeof(buffer));
    one_after_the_other();
    anywhere(1, "direct_reads_of_1_process");
    anywhere(READERS, "direct_reads_of_8_processes");
    through_a_pipe();
    return 0;
}
