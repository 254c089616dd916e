/* Memory that one thread takes away while others use it, also by system calls:
 * what is freed must not be written to any more. */
#include "tap.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE   4096
#define PAGES  8
#define ROUNDS 100
#define RW     (PROT_READ | PROT_WRITE)
#define ANON   (MAP_PRIVATE | MAP_ANONYMOUS)

static char *region;
static atomic_int stop;
static int file, pipe_ends[2];

/* Takes the region away and brings it back in every way there is. */
static void *
changer(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        if (i % 4 == 0) {
            mmap(region, PAGES * PAGE, PROT_NONE, ANON | MAP_FIXED, -1, 0);
            sched_yield();
            mmap(region, PAGES * PAGE, RW, ANON | MAP_FIXED, -1, 0);
        } else if (i % 4 == 1) {
            mprotect(region, PAGES * PAGE, PROT_READ);
            mprotect(region, PAGES * PAGE, RW);
        } else if (i % 4 == 2) {
            madvise(region, PAGES * PAGE, MADV_DONTNEED);
        } else if (i % 64 == 3) {
            pid_t pid = fork();
            if (pid == 0)
                _exit(0);
            waitpid(pid, NULL, 0);
        }
    }
    stop = 1;
    return NULL;
}

/* Reads a file of 'F' into the region, and the region into a pipe. */
static void *
copier(void *arg)
{
    static _Thread_local char drain[PAGE];

    while (!stop) {
        for (int i = 0; i < PAGES; i++) {
            ssize_t n = pread(file, region + i * PAGE, PAGE, 0);
            if (n < 0 && errno != EFAULT)
                *(int *)arg = errno;
            n = write(pipe_ends[1], region + i * PAGE, 100);
            if (n < 0 && errno != EFAULT && errno != EAGAIN)
                *(int *)arg = errno;
            if (n > 0 && read(pipe_ends[0], drain, (size_t)n) < 0 &&
                errno != EAGAIN)
                *(int *)arg = errno;
        }
    }
    return NULL;
}

/* Gets fresh memory all the time: it must be zero, and stay as it is made. */
static void *
watcher(void *arg)
{
    while (!stop) {
        char *p = mmap(NULL, PAGES * PAGE, RW, ANON, -1, 0);
        for (int i = 0; i < PAGES * PAGE; i += 64)
            if (p[i] != 0)
                *(int *)arg = 1;
        memset(p, 'w', PAGES * PAGE);
        sched_yield();
        for (int i = 0; i < PAGES * PAGE; i += 64)
            if (p[i] != 'w')
                *(int *)arg = 2;
        munmap(p, PAGES * PAGE);
    }
    return NULL;
}

static void
copies_race_with_unmapping(void)
{
    pthread_t threads[4];
    static int errors[4];
    char page[PAGE];

    memset(page, 'F', PAGE);
    file = open("/tmp/race", O_RDWR | O_CREAT | O_TRUNC, 0644);
    check_eq(write(file, page, PAGE), PAGE);
    check_eq(pipe2(pipe_ends, O_NONBLOCK), 0);
    region = mmap(NULL, PAGES * PAGE, RW, ANON, -1, 0);
    check_eq(pthread_create(&threads[0], NULL, changer, NULL), 0);
    check_eq(pthread_create(&threads[1], NULL, copier, &errors[1]), 0);
    check_eq(pthread_create(&threads[2], NULL, copier, &errors[2]), 0);
    check_eq(pthread_create(&threads[3], NULL, watcher, &errors[3]), 0);
    for (int i = 0; i < 4; i++) {
        check_eq(pthread_join(threads[i], NULL), 0);
        check_eq(errors[i], 0);
    }
}

static char *page_of_two;

static void *
writes_all_the_time(void *arg)
{
    (void)arg;
    while (!stop)
        page_of_two[0]++;
    return NULL;
}

/* A child's copy stands still although the parent's other thread goes on. */
static void
fork_takes_a_still_picture(void)
{
    pthread_t writer;

    stop = 0;
    page_of_two = mmap(NULL, PAGE, RW, ANON, -1, 0);
    check_eq(pthread_create(&writer, NULL, writes_all_the_time, NULL), 0);
    for (int i = 0; i < 30; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0) {
            char seen = *(volatile char *)page_of_two;
            for (int j = 0; j < 3; j++) {
                sched_yield();
                if (*(volatile char *)page_of_two != seen)
                    _exit(1);
            }
            _exit(0);
        }
        check_eq(waitpid(pid, &status, 0), pid);
        check_eq(status, 0);
    }
    stop = 1;
    pthread_join(writer, NULL);
}

/* Threads ask for memory at once: nobody gets what another has. */
static void *
takes_and_gives(void *arg)
{
    for (int i = 0; i < 40; i++) {
        long *p = mmap(NULL, PAGE, RW, ANON, -1, 0);
        if (p == MAP_FAILED || *p != 0)
            return "not fresh";
        *p = (long)arg;
        sched_yield();
        if (*p != (long)arg)
            return "not mine";
        munmap(p, PAGE);
    }
    return NULL;
}

static void
maps_do_not_collide(void)
{
    pthread_t threads[4];
    void *result;

    for (long i = 0; i < 4; i++)
        check_eq(
            pthread_create(&threads[i], NULL, takes_and_gives, (void *)(i + 1)),
            0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &result);
        check(result == NULL);
    }
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(copies_race_with_unmapping),
        TAP_CASE(fork_takes_a_still_picture),
        TAP_CASE(maps_do_not_collide),
    };

    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
