/* Random system calls with arguments that make some sense: the kernel has to
 * survive them.
 *
 *     fuzz [-n CALLS] [-s SEED] [-j WORKERS] [-v]
 *
 * Workers start one process after the other, each with a seed of its own, half
 * of them as a user. One that is stuck is interrupted by its timer, and ended
 * after a while. -v says each call before it is made. */
#include "fuzz.h"
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALLS_EACH  300 /* of one process */
#define PATIENCE    2   /* seconds until it is ended */
#define NO_GROUND   3   /* its status if it had nowhere to work */
#define IN_VAIN     100 /* such processes in a row until a worker gives up */
#define USER        1000
#define GROUND      "/tmp/fuzz"
#define WORKERS_MAX 64u

static volatile uint64_t *calls_made; /* by all, in shared memory */
static uint64_t calls_wanted = 10000, first_seed = 1;
static bool is_verbose;
static pid_t pids[WORKERS_MAX];

static void
interrupt(int signal)
{
    (void)signal;
}

/* What the calls may have changed: signals interrupt calls again. */
static void
set_timer(void)
{
    static const int64_t every_5_ms[4] = {0, 5000, 0, 5000};
    uint64_t action[3] = {(uintptr_t)interrupt, 0, 0}, none = 0;

    syscall(SYS_rt_sigaction, SIGALRM, action, NULL, 8);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
    syscall(SYS_setitimer, 0, every_5_ms, NULL);
}

/* These would end the game rather than find anything; the arguments of others
 * are made harmless. */
static bool
is_allowed(long number, uint64_t a[6])
{
    switch (number) {
    case SYS_exit:
    case SYS_exit_group:
    case SYS_rt_sigreturn: /* to registers that nobody saved */
        return false;
    case SYS_reboot:
        a[0] = 0;
        break;
    case SYS_clone:
    case SYS_clone3:
        return false; /* fork_once does it */
    case SYS_kill:
    case SYS_rt_sigqueueinfo:
        if ((int)a[0] < 0)
            a[0] = (uint64_t)-30000;
        break;
    }
    return true;
}

static void
fork_once(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    if (pid > 0 && draw_below(2))
        waitpid(pid, NULL, 0);
}

static void
make_calls(void)
{
    uint64_t a[6];

    for (unsigned i = 0; i < CALLS_EACH; i++) {
        const struct call *call = draw_call(a);
        if (i % 16 == 0)
            set_timer();
        if (is_verbose)
            printf("[%d] %s(%lx, %lx, %lx, %lx, %lx, %lx)\n", getpid(),
                   call->name, a[0], a[1], a[2], a[3], a[4], a[5]);
        fflush(stdout);
        if (is_allowed(call->number, a))
            syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
        else
            fork_once();
        __atomic_fetch_add(calls_made, 1, __ATOMIC_RELAXED);
    }
}

/* Those before may have removed it, mounted something over it, or changed who
 * may come here. */
static bool
enter_ground(void)
{
    chmod("/", 0755);
    chmod("/tmp", 01777);
    if (mkdir(GROUND, 0777) != 0 && chdir(GROUND) != 0) {
        unlink(GROUND);
        mkdir(GROUND, 0777);
    }
    return chmod(GROUND, 0777) == 0 && chdir(GROUND) == 0;
}

static void
run_child(uint64_t seed)
{
    int null = open("/dev/null", O_RDWR);

    draw_start(seed);
    setsid();
    for (int fd = 0; fd < 3 && !is_verbose; fd++)
        dup2(null, fd);
    if (!enter_ground())
        _exit(NO_GROUND);
    if (seed % 2 &&
        (setgroups(0, NULL) != 0 || setgid(USER) != 0 || setuid(USER) != 0))
        _exit(NO_GROUND);
    draw_prepare();
    make_calls();
    _exit(0);
}

/* Waits for the child, but not too long; returns its status. */
static int
reap(pid_t pid)
{
    uint64_t child = 1ul << (SIGCHLD - 1);
    struct timespec limit = {PATIENCE, 0};
    int status = 0;

    while (waitpid(pid, &status, WNOHANG) == 0)
        if (syscall(SYS_rt_sigtimedwait, &child, NULL, &limit, 8) < 0)
            kill(pid, SIGKILL);
    return status;
}

static void
work(unsigned worker, unsigned workers)
{
    uint64_t child = 1ul << (SIGCHLD - 1);
    unsigned in_vain = 0;

    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &child, NULL, 8);
    for (uint64_t seed = first_seed + worker; *calls_made < calls_wanted;
         seed += workers) {
        pid_t pid = fork();
        if (pid == 0)
            run_child(seed);
        if (pid < 0)
            err(1, "fork");
        int status = reap(pid);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != NO_GROUND)
            in_vain = 0;
        else if (++in_vain == IN_VAIN)
            errx(1, GROUND " cannot be had back");
    }
    _exit(0);
}

static void
start_worker(unsigned worker, unsigned workers)
{
    pids[worker] = fork();
    if (pids[worker] < 0)
        err(1, "fork");
    if (pids[worker] == 0)
        work(worker, workers);
}

int
main(int argc, char **argv)
{
    unsigned workers = 4;
    int option;

    while ((option = getopt(argc, argv, "n:s:j:v")) != -1) {
        if (option == 'n')
            calls_wanted = strtoul(optarg, NULL, 0);
        else if (option == 's')
            first_seed = strtoul(optarg, NULL, 0);
        else if (option == 'j')
            workers = (unsigned)strtoul(optarg, NULL, 0);
        else if (option == 'v')
            is_verbose = true;
        else
            return 2;
    }
    if (workers == 0 || workers > WORKERS_MAX)
        return 2;
    calls_made = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (calls_made == MAP_FAILED)
        err(1, "mmap");
    for (unsigned i = 0; i < workers; i++)
        start_worker(i, workers);
    /* The first process is given orphans, too. */
    for (unsigned i = 0; i < workers;) {
        int status;
        pid_t pid = wait(&status);
        if (pid < 0)
            err(1, "wait");
        for (unsigned w = 0; w < workers; w++)
            if (pids[w] == pid && ++i && status != 0)
                errx(1, "worker %u ended with status %#x", w, status);
    }
    printf("fuzz: %lu calls\n", (unsigned long)*calls_made);
    return 0;
}
