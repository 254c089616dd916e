/* Processes that make the system calls that a question names, one at a time;
 * what they return, and which handlers ran, is the answer.
 *
 * Each has a slot in memory that all share. The conductor writes a call into
 * it, and waits until it has returned or for as long as the question says: a
 * call may block, and be looked at again later. Only sleeping is used to
 * wait, for pipes and signals are what is tested. */
#include "grade.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SHARED_AT   0x40000000ul /* _calls.py knows where DATA is */
#define DATA_SIZE   (1ul << 19)
#define MOST_ACTORS 8
#define MOST_STEPS  256
#define MOST_LOGGED 256
#define IDLE_MS     4000 /* who is not asked for so long is forgotten */

enum { IDLE, CALLED, RETURNED };

struct slot {
    volatile uint32_t state;
    long number, arguments[6], result;
    int forks; /* the actor to become, instead of a call */
    int pid;
};

/* What a handler has seen. */
struct logged {
    int actor, signal, code, pid;
    uint64_t value, mask;
    int ends; /* 1: it is over */
};

static struct {
    uint8_t data[DATA_SIZE];
    struct slot slots[MOST_ACTORS];
    volatile uint32_t over;
    uint32_t logged;
    struct logged log[MOST_LOGGED];
    int again[65]; /* what the handler of a signal sends itself, once */
} * shared;

static int me;

static void
sleep_us(long us)
{
    struct timespec t = {us / 1000000, us % 1000000 * 1000};

    syscall(SYS_nanosleep, &t, NULL);
}

/* As the kernel has it: errors are negative. */
static long
call(long n, const long a[6])
{
    register long a0 __asm__("a0") = a[0];
    register long a1 __asm__("a1") = a[1];
    register long a2 __asm__("a2") = a[2];
    register long a3 __asm__("a3") = a[3];
    register long a4 __asm__("a4") = a[4];
    register long a5 __asm__("a5") = a[5];
    register long a7 __asm__("a7") = n;

    __asm__ volatile("ecall"
                     : "+r"(a0)
                     : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7)
                     : "memory");
    return a0;
}

/* ---- Actors ---- */

static void
write_log(int signal, const struct siginfo *info, int ends)
{
    uint32_t at = __atomic_fetch_add(&shared->logged, 1, __ATOMIC_SEQ_CST);
    uint64_t mask = 0;

    if (at >= MOST_LOGGED)
        return;
    syscall(SYS_rt_sigprocmask, 0, NULL, &mask, sizeof(mask));
    shared->log[at] = (struct logged){
        .actor = me, .signal = signal, .mask = mask, .ends = ends};
    if (info) {
        shared->log[at].code = info->code;
        shared->log[at].pid = info->pid;
        shared->log[at].value = info->value;
    }
}

static void
handle(int signal, struct siginfo *info, void *context)
{
    int more = shared->again[signal];

    (void)context;
    write_log(signal, info, 0);
    shared->again[signal] = 0;
    if (more)
        syscall(SYS_kill, syscall(SYS_getpid), more);
    write_log(signal, NULL, 1);
}

static NORETURN void
act(int number)
{
    for (;;) {
        struct slot *slot = &shared->slots[me = number];
        int idle = 0;
        slot->pid = (int)syscall(SYS_getpid);
        while (__atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) != CALLED) {
            if (shared->over || idle++ > IDLE_MS * 2)
                _exit(0);
            sleep_us(500);
        }
        if (slot->forks) {
            int child = slot->forks;
            pid_t pid = fork();
            if (pid == 0) {
                number = child;
                continue;
            }
            slot->result = pid;
        } else {
            slot->result = call(slot->number, slot->arguments);
        }
        __atomic_store_n(&slot->state, RETURNED, __ATOMIC_RELEASE);
    }
}

/* ---- The conductor ---- */

static long results[MOST_STEPS];
static unsigned steps;

/* Waits for what an actor does, for so many milliseconds. */
static void
look(struct grade *g, struct slot *slot, long ms)
{
    bool done;

    for (long waited = 0; waited < ms * 1000; waited += 250) {
        if (__atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) == RETURNED)
            break;
        sleep_us(250);
    }
    done = __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) == RETURNED;
    grade_put_u8(g, done);
    grade_put_u64(g, done ? (uint64_t)slot->result : 0);
    if (steps < MOST_STEPS)
        results[steps++] = done ? slot->result : 0;
}

/* A number; or what an earlier step returned, perhaps negated; or what lies in
 * the data; or the address of data or of the handler. */
static long
argument(struct grade *g)
{
    char kind = (char)grade_u8(g);
    long value = (long)grade_u64(g);
    int loaded;

    switch (kind) {
    case 'r':
        return results[value];
    case '-':
        return -results[value];
    case '@':
        memcpy(&loaded, shared->data + value, sizeof(loaded));
        return loaded;
    case '&':
        return (long)(shared->data + value);
    default:
        return value;
    }
}

static void
begin(struct slot *slot, int forks)
{
    slot->forks = forks;
    __atomic_store_n(&slot->state, CALLED, __ATOMIC_RELEASE);
}

static void
step(struct grade *g, char what)
{
    struct slot *slot = &shared->slots[grade_u8(g)];
    size_t at, len;
    const void *bytes;
    int number;
    void (*handler)(int, struct siginfo *, void *) = handle;

    switch (what) {
    case 'c': /* a call */
        slot->number = (long)grade_u64(g);
        for (int i = 0; i < 6; i++)
            slot->arguments[i] = argument(g);
        begin(slot, 0);
        look(g, slot, (long)grade_u64(g));
        break;
    case 'f': /* another actor */
        begin(slot, grade_u8(g));
        look(g, slot, 2000);
        break;
    case 'l': /* what has become of a call */
        look(g, slot, (long)grade_u64(g));
        break;
    case 's': /* data */
        at = grade_u64(g);
        bytes = grade_bytes(g, &len);
        memcpy(shared->data + at, bytes, len);
        break;
    case 'h': /* the handler's address, as data */
        memcpy(shared->data + grade_u64(g), &handler, sizeof(handler));
        break;
    case 'g': /* puts data */
        at = grade_u64(g);
        grade_put_bytes(g, shared->data + at, grade_u64(g));
        break;
    case 'i': /* what a step returned, as data */
        at = grade_u64(g);
        number = (int)results[grade_u64(g)];
        memcpy(shared->data + at, &number, sizeof(number));
        break;
    case 'o': /* sets bits of the data */
        at = grade_u64(g);
        shared->data[at] |= grade_u8(g);
        shared->data[at + 1] |= grade_u8(g);
        break;
    case 'n': /* a number of the data, as text behind a path */
        memcpy(&number, shared->data + grade_u64(g), sizeof(number));
        at = grade_u64(g);
        snprintf((char *)shared->data + at, 32, "/dev/pts/%d", number);
        break;
    case 'a': /* what a handler sends itself */
        at = grade_u8(g);
        shared->again[at] = grade_u8(g);
        break;
    default: /* time */
        sleep_us((long)grade_u64(g) * 1000);
    }
}

static void
put_log(struct grade *g)
{
    uint32_t count = MIN(shared->logged, (uint32_t)MOST_LOGGED);

    grade_put_u32(g, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct logged *l = &shared->log[i];
        grade_put_u8(g, (uint8_t)l->actor);
        grade_put_u8(g, (uint8_t)l->signal);
        grade_put_u8(g, (uint8_t)l->ends);
        grade_put_u32(g, (uint32_t)l->code);
        grade_put_u32(g, (uint32_t)l->pid);
        grade_put_u64(g, l->value);
        grade_put_u64(g, l->mask);
    }
}

/* Plays the steps of the question with actor 1, and those that it makes. */
static void
play(struct grade *g)
{
    const char *plan = grade_string(g);

    shared = mmap((void *)SHARED_AT, sizeof(*shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (shared == MAP_FAILED)
        grade_differs("no memory");
    if (fork() == 0)
        act(1);
    for (; *plan; plan++)
        step(g, *plan);
    put_log(g);
    shared->over = 1;
    for (int i = 1; i < MOST_ACTORS; i++)
        if (shared->slots[i].pid)
            syscall(SYS_kill, shared->slots[i].pid, SIGKILL);
}

/* They differ in what a kernel needs for them. */
GRADE_CASES({"pipe", play}, {"queue", play}, {"handler", play}, {"stop", play},
            {"job", play});
