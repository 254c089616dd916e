/* Instructions between marks, as the machine counts them: a line of a number
 * for each pair, for one who counts outside of it (bench/count.c) to compare.
 * On one hart, with a machine that counts instructions (-icount). */
#include <riscv.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096
#define PAGES 16

static void
count_up(void)
{
    for (volatile int i = 0; i < 100000; i++)
        ;
}

static void
make_calls(void)
{
    for (int i = 0; i < 1000; i++)
        getpid();
}

static void
touch_pages(void)
{
    for (int i = 0; i < 100; i++) {
        char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (int j = 0; j < PAGES; j++)
            p[j * PAGE] = 1;
        munmap(p, PAGES * PAGE);
    }
}

static void
fork_children(void)
{
    for (int i = 0; i < 20; i++) {
        if (fork() == 0)
            _exit(0);
        wait(NULL);
    }
}

int
main(void)
{
    static void (*const parts[])(void) = {count_up, make_calls, touch_pages,
                                          fork_children};

    for (unsigned i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        riscv_mark_begin();
        uint64_t from = riscv_instret();
        parts[i]();
        uint64_t took = riscv_instret() - from;
        riscv_mark_end();
        printf("%lu instructions\n", (unsigned long)took);
    }
    return 0;
}
