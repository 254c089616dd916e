/* Filters of system calls: the classic packet filter's programs, what they may
 * answer, and that nobody gets rid of one, as seccomp(2) and Linux have it.
 *
 * Each case that gets a filter runs in a child of its own. */
#include "later.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define LOAD(field) \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define IF_NOT(number, skip) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, skip)

static int
set(const struct sock_filter *code, size_t len, unsigned flags)
{
    struct sock_fprog program = {(unsigned short)len, (void *)code};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0
               ? 0
               : -errno;
}

/* From here on, call number has that answer. */
static int
answer(unsigned number, unsigned value)
{
    struct sock_filter code[] = {LOAD(nr), IF_NOT(number, 1), RETURN(value),
                                 RETURN(SECCOMP_RET_ALLOW)};
    return set(code, COUNT(code), 0);
}

static int
result(long value)
{
    return value < 0 ? -errno : (int)value;
}

/* Runs body in a child. Returns its status. */
static int
in_child(void (*body)(void))
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        body();
        _exit(0);
    }
    return reap(pid);
}

/* In a child: what is not so is its exit status. */
#define must(condition)                \
    do {                               \
        if (!(condition))              \
            _exit(__LINE__ % 250 + 1); \
    } while (0)

static void
needs_no_new_privs(void)
{
    if (geteuid() == 0)
        must(setgid(5) == 0 && setuid(5) == 0);
    must(answer(SYS_getppid, SECCOMP_RET_ERRNO | 7) == -EACCES);
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    must(answer(SYS_getppid, SECCOMP_RET_ERRNO | 7) == 0);
    must(result(syscall(SYS_getppid)) == -7);
}

static void
answers_with_errors(void)
{
    must(prctl(PR_GET_SECCOMP) == 0);
    must(answer(SYS_getppid, SECCOMP_RET_ERRNO | 77) == 0);
    must(result(syscall(SYS_getppid)) == -77);
    must(getuid() == geteuid() && prctl(PR_GET_SECCOMP) == 2);
    must(answer(4000, SECCOMP_RET_ERRNO | 78) == 0);
    must(result(syscall(4000)) == -78 && result(syscall(4001)) == -ENOSYS);
    must(answer(SYS_getuid, SECCOMP_RET_ERRNO) == 0 && getuid() == 0);
    must(answer(SYS_getgid, SECCOMP_RET_LOG) == 0 && (int)getgid() >= 0);
    must(answer(SYS_getsid, SECCOMP_RET_TRACE) == 0);
    must(result(syscall(SYS_getsid, 0)) == -ENOSYS);
}

/* The strictest answer counts, whichever filter came first. */
static void
adds_up(void)
{
    must(answer(SYS_getppid, SECCOMP_RET_ERRNO | 1) == 0);
    must(answer(SYS_getppid, SECCOMP_RET_ALLOW) == 0);
    must(result(syscall(SYS_getppid)) == -1);
    must(answer(SYS_getppid, SECCOMP_RET_ERRNO | 2) == 0);
    must(result(syscall(SYS_getppid)) == -2);
    must(answer(SYS_getppid, SECCOMP_RET_TRACE) == 0);
    must(result(syscall(SYS_getppid)) == -2);
    must(answer(SYS_getppid, 0x12340000) == 0);
    must(result(syscall(SYS_getppid)) == -2);
}

static void
sees_arguments(void)
{
    struct sock_filter code[] = {
        LOAD(nr),
        IF_NOT(SYS_setpriority, 6),
        LOAD(args[2]),
        IF_NOT(0x89abcdef, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 offsetof(struct seccomp_data, args[2]) + 4),
        IF_NOT(0x01234567, 2),
        LOAD(args[0]),
        RETURN(SECCOMP_RET_ERRNO | 99),
        RETURN(SECCOMP_RET_ALLOW),
    };
    must(set(code, COUNT(code), 0) == 0);
    must(result(syscall(SYS_setpriority, 0, 0, 0x0123456789abcdefl)) == -99);
    must(result(syscall(SYS_setpriority, 77, 0, 0x89abcdefl)) == -EINVAL);
}

static siginfo_t seen;

static void
see(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    seen = *info;
}

static void
raises_signals(void)
{
    struct sigaction act = {.sa_sigaction = see, .sa_flags = SA_SIGINFO};
    must(sigaction(SIGSYS, &act, NULL) == 0);
    must(answer(SYS_getppid, SECCOMP_RET_TRAP | 55) == 0);
    syscall(SYS_getppid);
    must(seen.si_signo == SIGSYS && seen.si_code == 1 /* SYS_SECCOMP */);
    must(seen.si_errno == 55 && seen.si_syscall == SYS_getppid);
    must(seen.si_call_addr != NULL && seen.si_arch != 0);
}

static void
dies_of_signals(void)
{
    signal(SIGSYS, SIG_IGN);
    must(answer(SYS_getppid, SECCOMP_RET_TRAP) == 0);
    syscall(SYS_getppid);
}

static void
is_killed(void)
{
    signal(SIGSYS, SIG_IGN);
    must(answer(SYS_getppid, SECCOMP_RET_KILL_PROCESS) == 0);
    syscall(SYS_getppid);
}

static void
is_killed_by_thread(void)
{
    must(answer(SYS_getppid, SECCOMP_RET_KILL_THREAD) == 0);
    syscall(SYS_getppid);
}

static atomic_int caller;
static atomic_bool survived;

static void *
call_forbidden(void *arg)
{
    (void)arg;
    caller = (int)syscall(SYS_gettid);
    syscall(SYS_getppid);
    survived = true;
    return NULL;
}

/* What a thread's filter forbids ends that thread; one made later has it, too,
 * one made before does not. Not every C library can join one that was ended. */
static void
threads_are_killed(void)
{
    pthread_t other;
    must(answer(SYS_getppid, SECCOMP_RET_KILL_THREAD) == 0);
    must(pthread_create(&other, NULL, call_forbidden, NULL) == 0);
    while (!caller || syscall(SYS_tgkill, getpid(), caller, 0) == 0)
        sched_yield();
    must(errno == ESRCH && !survived);
}

static volatile int first_lives = 1;

static void *
outlive(void *arg)
{
    while (first_lives)
        sched_yield();
    syscall(SYS_exit, 7);
    return arg;
}

static void
kill_first_thread(void)
{
    pthread_t other;
    syscall(SYS_set_tid_address, &first_lives);
    must(pthread_create(&other, NULL, outlive, NULL) == 0);
    must(answer(SYS_getppid, SECCOMP_RET_KILL_THREAD) == 0);
    syscall(SYS_getppid);
}

/* The process's status is what the first thread ended by, which is a signal; of
 * later versions of Linux, what the last did. */
static void
first_threads_are_killed(void)
{
    int status = in_child(kill_first_thread);
    must(status == SIGSYS || status == 7 << 8);
}

static void *
be_strict(void *arg)
{
    caller = (int)syscall(SYS_gettid);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    syscall(SYS_getppid);
    survived = true;
    return arg;
}

static void
strict_threads_end_alone(void)
{
    pthread_t other;
    must(pthread_create(&other, NULL, be_strict, NULL) == 0);
    while (!caller || syscall(SYS_tgkill, getpid(), caller, 0) == 0)
        sched_yield();
    must(errno == ESRCH && !survived);
}

/* Whether /proc says that pid has that mode. */
static bool
has_mode(pid_t pid, int mode)
{
    char path[40], line[128], wanted[40];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    snprintf(wanted, sizeof wanted, "Seccomp:\t%d\n", mode);
    FILE *f = fopen(path, "r");
    must(f != NULL);
    while (fgets(line, sizeof line, f))
        found |= strcmp(line, wanted) == 0;
    fclose(f);
    return found;
}

static void
modes_are_told(void)
{
    int there[2], back[2];
    char c = 'x';
    must(pipe(there) == 0 && pipe(back) == 0 && has_mode(getpid(), 0));
    pid_t pid = fork();
    if (pid == 0) {
        must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
        if (write(back[1], &c, 1) == 1 && read(there[0], &c, 1) == 1)
            syscall(SYS_exit, 0);
        syscall(SYS_exit, 1);
    }
    must(read(back[0], &c, 1) == 1 && has_mode(pid, 1));
    must(write(there[1], &c, 1) == 1 && reap(pid) == 0);
    must(answer(4000, SECCOMP_RET_ALLOW) == 0 && has_mode(getpid(), 2));
}

static void *
filter_oneself(void *arg)
{
    (void)arg;
    return answer(SYS_getppid, SECCOMP_RET_ERRNO | 9) == 0 &&
                   result(syscall(SYS_getppid)) == -9
               ? "fine"
               : NULL;
}

static void
threads_have_their_own(void)
{
    pthread_t other;
    void *value = NULL;
    must(pthread_create(&other, NULL, filter_oneself, NULL) == 0);
    must(pthread_join(other, &value) == 0 && value != NULL);
    must(result(syscall(SYS_getppid)) > 0);
}

static void
forbids_a_process_of_threads(void)
{
    pthread_t other;
    must(answer(SYS_getppid, SECCOMP_RET_KILL_PROCESS) == 0);
    must(pthread_create(&other, NULL, call_forbidden, NULL) == 0);
    pthread_join(other, NULL);
}

static void
is_strict(void)
{
    int ends[2];
    char c = 'x';
    must(pipe(ends) == 0);
    must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
    if (write(ends[1], &c, 1) == 1 && read(ends[0], &c, 1) == 1)
        syscall(SYS_exit, 33);
    syscall(SYS_exit, 1);
}

static void
is_too_strict(void)
{
    must(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL) == 0);
    getuid();
    syscall(SYS_exit, 1);
}

static void
is_inherited(void)
{
    must(answer(SYS_getppid, SECCOMP_RET_ERRNO | 66) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        must(result(syscall(SYS_getppid)) == -66);
        execl("/proc/self/exe", "seccomp", "inherited", NULL);
        _exit(100);
    }
    must(reap(pid) == 66 << 8);
}

static void
stays(void)
{
    must(answer(SYS_getppid, SECCOMP_RET_ERRNO | 66) == 0);
    must(result(prctl(PR_SET_SECCOMP, SECCOMP_MODE_DISABLED)) == -EINVAL);
    must(result(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)) == -EINVAL);
    must(result(syscall(SYS_getppid)) == -66);
}

/* Its place is the kernel's log, which is not to be filled by it. */
static void
logs_much(void)
{
    must(answer(SYS_getgid, SECCOMP_RET_LOG) == 0);
    for (int i = 0; i < 100; i++)
        must((int)getgid() >= 0);
}

static void
children(void)
{
    static const struct {
        const char *name;
        void (*body)(void);
        int status;
    } all[] = {
        {"needs_no_new_privs", needs_no_new_privs, 0},
        {"answers_with_errors", answers_with_errors, 0},
        {"adds_up", adds_up, 0},
        {"sees_arguments", sees_arguments, 0},
        {"raises_signals", raises_signals, 0},
        {"dies_of_signals", dies_of_signals, SIGSYS},
        {"is_killed", is_killed, SIGSYS},
        {"is_killed_by_thread", is_killed_by_thread, SIGSYS},
        {"threads_are_killed", threads_are_killed, 0},
        {"first_threads_are_killed", first_threads_are_killed, 0},
        {"strict_threads_end_alone", strict_threads_end_alone, 0},
        {"modes_are_told", modes_are_told, 0},
        {"threads_have_their_own", threads_have_their_own, 0},
        {"forbids_a_process_of_threads", forbids_a_process_of_threads, SIGSYS},
        {"is_strict", is_strict, 33 << 8},
        {"is_too_strict", is_too_strict, SIGKILL},
        {"is_inherited", is_inherited, 0},
        {"stays", stays, 0},
        {"logs_much", logs_much, 0},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        int status = in_child(all[i].body) & ~0x80; /* a core or none */
        if (status != all[i].status)
            tap_fail(__FILE__, __LINE__, "%s: status %#x, not %#x", all[i].name,
                     status, all[i].status);
    }
}

/* ---- The machine ---- */

/* Programs leave their result in A, which is returned as an error number. */
static const struct {
    const char *what;
    int value; /* of A & 0xffff */
    struct sock_filter code[8];
} programs[] = {
#define OP(op, k)        BPF_STMT(BPF_ALU | (op) | BPF_K, k)
#define OP_X(op)         BPF_STMT(BPF_ALU | (op) | BPF_X, 0)
#define A(k)             BPF_STMT(BPF_LD | BPF_IMM, k)
#define X(k)             BPF_STMT(BPF_LDX | BPF_IMM, k)
#define J(op, k, jt, jf) BPF_JUMP(BPF_JMP | (op) | BPF_K, k, jt, jf)
#define J_X(op, jt, jf)  BPF_JUMP(BPF_JMP | (op) | BPF_X, 0, jt, jf)
    {"immediate", 1234, {A(1234)}},
    {"length", 64, {BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0)}},
    {"length in X",
     64,
     {BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0)}},
    {"add", 1003, {A(1000), OP(BPF_ADD, 3)}},
    {"add X", 1005, {A(1000), X(5), OP_X(BPF_ADD)}},
    {"subtract", 997, {A(1000), OP(BPF_SUB, 3)}},
    {"subtract X", 995, {A(1000), X(5), OP_X(BPF_SUB)}},
    {"wrap", 0xf, {A(1), OP(BPF_SUB, 2), OP(BPF_RSH, 28)}},
    {"multiply", 3000, {A(1000), OP(BPF_MUL, 3)}},
    {"multiply X", 2000, {A(1000), X(2), OP_X(BPF_MUL)}},
    {"divide", 333, {A(1000), OP(BPF_DIV, 3)}},
    {"divide X", 200, {A(1000), X(5), OP_X(BPF_DIV)}},
    {"or", 0x113, {A(0x111), OP(BPF_OR, 2)}},
    {"or X", 0x115, {A(0x111), X(4), OP_X(BPF_OR)}},
    {"and", 0x110, {A(0x111), OP(BPF_AND, 0xff0)}},
    {"and X", 0x010, {A(0x111), X(0xf0), OP_X(BPF_AND)}},
    {"xor", 0x101, {A(0x111), OP(BPF_XOR, 0x10)}},
    {"xor X", 0x011, {A(0x111), X(0x100), OP_X(BPF_XOR)}},
    {"left", 40, {A(5), OP(BPF_LSH, 3)}},
    {"left X", 80, {A(5), X(4), OP_X(BPF_LSH)}},
    {"right", 5, {A(40), OP(BPF_RSH, 3)}},
    {"right X", 2, {A(40), X(4), OP_X(BPF_RSH)}},
    {"negate", 3, {A(0xfffffffd), BPF_STMT(BPF_ALU | BPF_NEG, 0)}},
    {"memory",
     17,
     {A(17), BPF_STMT(BPF_ST, 15), A(1), BPF_STMT(BPF_LD | BPF_MEM, 15)}},
    {"memory X",
     18,
     {X(18), BPF_STMT(BPF_STX, 0), A(1), BPF_STMT(BPF_LDX | BPF_MEM, 0),
      BPF_STMT(BPF_MISC | BPF_TXA, 0)}},
    {"A to X", 34, {A(17), BPF_STMT(BPF_MISC | BPF_TAX, 0), OP_X(BPF_ADD)}},
    {"jump", 1, {A(1), BPF_STMT(BPF_JMP | BPF_JA, 1), A(2)}},
    {"equal", 1, {A(1), J(BPF_JEQ, 1, 1, 0), A(2)}},
    {"not equal", 2, {A(1), J(BPF_JEQ, 3, 1, 0), A(2)}},
    {"equal X", 1, {A(1), X(1), J_X(BPF_JEQ, 1, 0), A(2)}},
    {"greater", 5, {A(5), J(BPF_JGT, 4, 1, 0), A(2)}},
    {"not greater", 2, {A(5), J(BPF_JGT, 5, 1, 0), A(2)}},
    {"greater, without sign",
     2,
     {A(5), X(0x80000000), J_X(BPF_JGT, 1, 0), A(2)}},
    {"at least", 5, {A(5), J(BPF_JGE, 5, 1, 0), A(2)}},
    {"not at least", 2, {A(5), X(6), J_X(BPF_JGE, 1, 0), A(2)}},
    {"has bits", 5, {A(5), J(BPF_JSET, 12, 1, 0), A(2)}},
    {"has none", 2, {A(5), X(10), J_X(BPF_JSET, 1, 0), A(2)}},
};

static size_t chosen;

/* Adds what makes an answer of A, for one call. */
static void
run_program(void)
{
    struct sock_filter code[16] = {LOAD(nr), IF_NOT(SYS_getppid, 0)};
    size_t n = 2, i = 0;
    for (; i < 8 && memcmp(&programs[chosen].code[i], &(struct sock_filter){0},
                           sizeof(struct sock_filter)) != 0;
         i++)
        code[n++] = programs[chosen].code[i];
    code[1].jf = (unsigned char)(i + 2);
    code[n++] = (struct sock_filter)OP(BPF_OR, SECCOMP_RET_ERRNO);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
    code[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
    must(set(code, n, 0) == 0);
    must(result(syscall(SYS_getppid)) == -programs[chosen].value);
}

/* A division by nothing is answered by the strictest, for every call. */
static void
divide_by_nothing(void)
{
    struct sock_filter code[] = {A(1), X(0), OP_X(BPF_DIV),
                                 RETURN(SECCOMP_RET_ALLOW)};
    must(set(code, COUNT(code), 0) == 0);
    getuid();
}

static void
machine(void)
{
    for (chosen = 0; chosen < COUNT(programs); chosen++) {
        int status = in_child(run_program);
        if (status)
            tap_fail(__FILE__, __LINE__, "%s: status %#x",
                     programs[chosen].what, status);
    }
    tap_ok((in_child(divide_by_nothing) & ~0x80) == SIGSYS, "by nothing");
}

static void
bad_programs(void)
{
    static const struct sock_filter bad[][3] = {
        {A(1), A(2), A(3)}, /* no end */
        {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), RETURN(0), RETURN(0)},
        {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), RETURN(0), RETURN(0)},
        {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, -4), RETURN(0), RETURN(0)},
        {BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), RETURN(0), RETURN(0)},
        {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), RETURN(0), RETURN(0)},
        {BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), RETURN(0), RETURN(0)},
        {BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), RETURN(0), RETURN(0)},
        {BPF_STMT(BPF_ST, 16), RETURN(0), RETURN(0)},
        {BPF_STMT(BPF_LD | BPF_MEM, 16), RETURN(0), RETURN(0)},
        {OP(BPF_DIV, 0), RETURN(0), RETURN(0)},
        {OP(BPF_MOD, 3), RETURN(0), RETURN(0)},
        {OP(BPF_LSH, 32), RETURN(0), RETURN(0)},
        {OP(BPF_RSH, 32), RETURN(0), RETURN(0)},
        {BPF_STMT(BPF_JMP | BPF_JA, 2), RETURN(0), RETURN(0)},
        {BPF_STMT(BPF_JMP | BPF_JA, -1), RETURN(0), RETURN(0)},
        {J(BPF_JEQ, 0, 2, 0), RETURN(0), RETURN(0)},
        {J(BPF_JEQ, 0, 0, 255), RETURN(0), RETURN(0)},
        {RETURN(0), BPF_STMT(0xffff, 0), RETURN(0)},
        {BPF_STMT(BPF_RET | BPF_X, 0), RETURN(0), RETURN(0)},
        {RETURN(0), J(BPF_JEQ, 0, 1, 0), RETURN(0)},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        errno = 0;
        int got = set(bad[i], 3, 0);
        if (got != -EINVAL)
            tap_fail(__FILE__, __LINE__, "program %zu gave %d", i, got);
        if (got == 0)
            _exit(1); /* every call would now be answered so */
    }
}

static void
bad_arguments(void)
{
    struct sock_filter code[] = {RETURN(SECCOMP_RET_ALLOW)};
    unsigned action = SECCOMP_RET_ERRNO;
    tap_ok(set(code, 0, 0) == -EINVAL, "empty");
    tap_ok(set(code, BPF_MAXINSNS + 1, 0) == -EINVAL, "long");
    tap_ok(set((void *)8, 1, 0) == -EFAULT, "nowhere");
    tap_ok(set(code, 1, 0x7700) == -EINVAL, "no such flag");
    tap_ok(result(syscall(SYS_seccomp, 77, 0, NULL)) == -EINVAL, "operation");
    tap_ok(result(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL)) ==
               -EFAULT,
           "no program");
    tap_ok(result(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL)) ==
               -EINVAL,
           "strict has no flags");
    tap_ok(result(prctl(PR_SET_SECCOMP, 77, NULL)) == -EINVAL, "no such mode");
    tap_ok(result(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action)) ==
               0,
           "an action");
    action = 0x12340000;
    tap_ok(result(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action)) ==
               -EOPNOTSUPP,
           "none");
}

static void
for_all_threads(void)
{
    struct sock_filter code[] = {RETURN(SECCOMP_RET_ALLOW)};
    must(set(code, 1, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG) ==
         0);
}

static void
flags(void)
{
    tap_ok(in_child(for_all_threads) == 0, "flags");
}

static const struct tap_case cases[] = {
    TAP_CASE(children),      TAP_CASE(machine), TAP_CASE(bad_programs),
    TAP_CASE(bad_arguments), TAP_CASE(flags),
};

int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "inherited") == 0)
        _exit(-result(syscall(SYS_getppid)));
    return tap_run(cases, COUNT(cases));
}
