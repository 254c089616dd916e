/* Instructions that operations take: rows of "name value unit".
 *
 * Exact when the machine counts instructions (-icount) on one hart. Each row
 * is the least of several rounds, so that a timer interrupt or a first fault
 * does not show. */
#include <fcntl.h>
#include <riscv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE   4096
#define MIB    (1l << 20)
#define ROUNDS 5

/* Files on the image. A program is as good as any other file to read. */
static const char *shallow = "/bench.dat", *large = "/bench.dat";
static char *self;
static int fd, pipe_out[2], pipe_back[2];
static char *memory;
static char block[128 << 10];

/* Whether somebody counts, row by row, what an emulator has to do for them. */
static bool is_paced;

static void
wait_for_line(void)
{
    while (getchar() != '\n')
        ;
}

/* Between two lines that it waits for, runs operation count times. */
static void
run_paced(const char *name, void (*operation)(void), unsigned int count)
{
    operation();
    printf("%s begins, %u\n", name, count);
    fflush(stdout);
    wait_for_line();
    for (unsigned int i = 0; i < count; i++)
        operation();
    printf("%s ends\n", name);
    fflush(stdout);
    wait_for_line();
}

/* Runs operation count times a round; prints the instructions of one. */
static void
row(const char *name, void (*operation)(void), unsigned int count)
{
    uint64_t least = UINT64_MAX;

    if (is_paced) {
        run_paced(name, operation, count);
        return;
    }
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t from = riscv_instret(), took;
        for (unsigned int i = 0; i < count; i++)
            operation();
        took = (riscv_instret() - from) / count;
        least = took < least ? took : least;
    }
    printf("%s %lu instructions\n", name, (unsigned long)least);
    fflush(stdout);
}

static void
null_syscall(void)
{
    getpid();
}

static void
dup_close(void)
{
    close(dup(fd));
}

static void
do_fstat(void)
{
    struct stat st;

    fstat(fd, &st);
}

static void
do_stat(void)
{
    struct stat st;

    stat(shallow, &st);
}

static void
open_close(void)
{
    close(open(shallow, O_RDONLY));
}

static void
read_1b_file(void)
{
    if (pread(fd, block, 1, 0) != 1)
        abort();
}

static void
read_4k_warm(void)
{
    if (pread(fd, block, PAGE, 0) != PAGE)
        abort();
}

static void
read_1mib_cached(void)
{
    for (long at = 0; at < MIB; at += (long)sizeof(block))
        if (pread(fd, block, sizeof(block), at) != sizeof(block))
            abort();
}

static void
pipe_self_1b(void)
{
    if (write(pipe_out[1], block, 1) != 1 || read(pipe_out[0], block, 1) != 1)
        abort();
}

static void
pipe_pingpong(void)
{
    if (write(pipe_out[1], block, 1) != 1 || read(pipe_back[0], block, 1) != 1)
        abort();
}

static void
anon_page(void)
{
    static long next;

    memory[next++ * PAGE] = 1;
}

static void
fork_exit_wait(void)
{
    if (fork() == 0)
        _exit(0);
    wait(NULL);
}

static void
fork_exec_noop(void)
{
    char *argv[] = {self, (char *)"noop", NULL};

    if (fork() == 0) {
        execv(argv[0], argv);
        _exit(1);
    }
    wait(NULL);
}

static void
touch(void)
{
    for (long at = 0; at < MIB; at += PAGE)
        memory[at]++;
}

static void
fork_touch_1mib(void)
{
    if (fork() == 0) {
        touch();
        _exit(0);
    }
    wait(NULL);
}

static char *
map(long size)
{
    char *p = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return p;
}

static void
bench_files(void)
{
    struct stat st;

    row("null_syscall", null_syscall, 1000);
    row("dup_close", dup_close, 1000);
    row("fstat", do_fstat, 1000);
    row("stat", do_stat, 500);
    row("open_close", open_close, 500);
    row("read_1b_file", read_1b_file, 1000);
    if (fstat(fd, &st) == 0 && st.st_size >= PAGE)
        row("read_4k_warm", read_4k_warm, 500);
    close(fd);
    fd = open(large, O_RDONLY);
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size >= MIB)
        row("read_1mib_cached", read_1mib_cached, 4);
}

static void
bench_pipes(void)
{
    if (pipe(pipe_out) != 0 || pipe(pipe_back) != 0)
        abort();
    row("pipe_self_1b", pipe_self_1b, 1000);
    if (fork() == 0) {
        close(pipe_out[1]);
        while (read(pipe_out[0], block, 1) == 1)
            if (write(pipe_back[1], block, 1) != 1)
                break;
        _exit(0);
    }
    row("pipe_pingpong", pipe_pingpong, 500);
    close(pipe_out[1]);
    close(pipe_out[0]);
    wait(NULL);
}

static void
bench_processes(void)
{
    memory = map(ROUNDS * 256 * PAGE);
    row("anon_page", anon_page, 256);
    munmap(memory, ROUNDS * 256 * PAGE);
    row("fork_exit_wait", fork_exit_wait, 20);
    row("fork_exec_noop", fork_exec_noop, 20);
    memory = map(MIB);
    touch();
    row("fork_exit_1mib", fork_exit_wait, 20);
    row("fork_touch_1mib", fork_touch_1mib, 5);
    memory = map(64 * MIB);
    memset(memory, 1, 64 * MIB);
    row("fork_exit_64mib", fork_exit_wait, 20);
}

int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "noop") == 0)
        return 0;
    self = argv[0];
    is_paced = argc > 1 && strcmp(argv[1], "paced") == 0;
    if (is_paced)
        argc = 1;
    /* Any file of the image will do: argv[1], else this program. */
    if (argc > 1)
        shallow = large = argv[1];
    fd = open(shallow, O_RDONLY);
    if (fd < 0) {
        shallow = large = self;
        fd = open(shallow, O_RDONLY);
    }
    if (fd < 0) {
        perror(shallow);
        return 1;
    }
    bench_files();
    bench_pipes();
    bench_processes();
    return 0;
}
