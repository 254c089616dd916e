/* What a handler finds on its stack, and what may come back from there:
 * registers, alternate stacks, faults, and frames that were tampered with. */
#include "tap.h"
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096ul

static volatile int count;
static siginfo_t last;
static uintptr_t last_sp, last_pc;
static stack_t last_stack;

static void
set_action(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler,
                               .sa_flags = flags | SA_SIGINFO};

    check_eq(sigaction(sig, &action, NULL), 0);
}

static void
note(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)sig;
    count++;
    last = *info;
    last_sp = (uintptr_t)&uc;
    last_pc = uc->uc_mcontext.__gregs[REG_PC];
    last_stack = uc->uc_stack;
}

/* The compiler is told that raise() calls nothing of this file. */
static void
send_self(int sig)
{
    raise(sig);
    __asm__ volatile("" ::: "memory");
}

/* ---- Registers ---- */

static void
overwrite_registers(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)info;
    (void)context;
    count++;
    __asm__ volatile("fmv.d.x ft0, zero\n\tfmv.d.x fa0, zero\n\t"
                     "fmv.d.x fs0, zero\n\tfmv.d.x ft11, zero\n\t"
                     "fsrm zero\n\tfsflags zero\n\t"
                     "li t0, 0\n\tli t6, 0\n\tli a7, 0\n\t" ::
                         : "ft0", "fa0", "fs0", "ft11", "t0", "t6", "a7");
}

/* Sets registers, has a handler run that sets them otherwise, and looks. */
static void
registers_survive_a_handler(void)
{
    uint64_t ft0, fa0, fs0, ft11, t0, t6, s11, mode, flags;
    long self = getpid();

    count = 0;
    set_action(SIGUSR1, overwrite_registers, 0);
    register long a0 __asm__("a0") = self;
    register long a1 __asm__("a1") = SIGUSR1;
    register long a7 __asm__("a7") = SYS_kill;
    __asm__ volatile(
        "li t0, 101\n\tfmv.d.x ft0, t0\n\t"
        "li t0, 102\n\tfmv.d.x fa0, t0\n\t"
        "li t0, 103\n\tfmv.d.x fs0, t0\n\t"
        "li t0, 104\n\tfmv.d.x ft11, t0\n\t"
        "fsrmi 3\n\tfsflagsi 21\n\t"
        "li t0, 105\n\tli t6, 106\n\tli s11, 107\n\t"
        "ecall\n\t"
        "fmv.x.d %[ft0], ft0\n\tfmv.x.d %[fa0], fa0\n\t"
        "fmv.x.d %[fs0], fs0\n\tfmv.x.d %[ft11], ft11\n\t"
        "mv %[t0], t0\n\tmv %[t6], t6\n\tmv %[s11], s11\n\t"
        "frrm %[mode]\n\tfrflags %[flags]\n\t"
        "fsrmi 0"
        : [ft0] "=&r"(ft0), [fa0] "=&r"(fa0), [fs0] "=&r"(fs0),
          [ft11] "=&r"(ft11), [t0] "=&r"(t0), [t6] "=&r"(t6), [s11] "=&r"(s11),
          [mode] "=&r"(mode), [flags] "=&r"(flags), "+r"(a0)
        : "r"(a1), "r"(a7)
        : "t0", "t6", "s11", "ft0", "fa0", "fs0", "ft11", "memory");
    self = a0;
    check_eq(self, 0);
    check_eq(count, 1);
    check_eq(ft0, 101);
    check_eq(fa0, 102);
    check_eq(fs0, 103);
    check_eq(ft11, 104);
    check_eq(t0, 105);
    check_eq(t6, 106);
    check_eq(s11, 107);
    check_eq(mode, 3);
    check_eq(flags, 21);
}

static void
change_saved(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)sig;
    (void)info;
    uc->uc_mcontext.__fpregs.__d.__f[10] = 0x4008000000000000; /* fa0: 3.0 */
    uc->uc_mcontext.__gregs[REG_PC] += 2;                      /* c.ebreak */
}

static void
what_a_handler_saves_is_what_comes_back(void)
{
    register double fa0 __asm__("fa0") = 1.0;

    set_action(SIGTRAP, change_saved, 0);
    __asm__ volatile("c.ebreak" : "+f"(fa0)::"memory");
    check(fa0 == 3.0);
    signal(SIGTRAP, SIG_DFL);
}

/* ---- Faults ---- */

static sigjmp_buf out;

static void
note_and_leave(int sig, siginfo_t *info, void *context)
{
    note(sig, info, context);
    siglongjmp(out, 1);
}

/* Makes the access at `at`, which must fault so. */
static void
expect_fault(char kind, volatile char *at, int sig, int code)
{
    struct sigaction old;
    volatile char byte;

    memset(&last, 0, sizeof(last));
    sigaction(sig, NULL, &old);
    set_action(sig, note_and_leave, 0);
    if (sigsetjmp(out, 1) == 0) {
        if (kind == 'r')
            byte = *at;
        else if (kind == 'w')
            *at = 1;
        else
            ((void (*)(void))at)();
        tap_fail(__FILE__, __LINE__, "no fault");
        (void)byte;
    }
    sigaction(sig, &old, NULL);
    check_eq(last.si_signo, sig);
    check_eq(last.si_code, code);
    check_eq((uintptr_t)last.si_addr, (uintptr_t)at);
    if (kind == 'x')
        check_eq(last_pc, (uintptr_t)at);
}

static void
faults_tell_where(void)
{
    static const uint32_t nothing_known[] = {0, 0};
    char *page =
        mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    munmap(page + PAGE, PAGE);
    check_eq(page[0], 0);
    expect_fault('r', (char *)8, SIGSEGV, SEGV_MAPERR);
    expect_fault('w', page + PAGE + 5, SIGSEGV, SEGV_MAPERR);
    expect_fault('w', page + 6, SIGSEGV, SEGV_ACCERR);
    expect_fault('x', page + 8, SIGSEGV, SEGV_ACCERR);
    expect_fault('r', (char *)0xffffffff80200000, SIGSEGV, SEGV_MAPERR);
    expect_fault('r', (char *)0x0123456789abcdef, SIGSEGV, SEGV_MAPERR);
    check_eq(mprotect(page, PAGE, PROT_NONE), 0);
    expect_fault('r', page + 7, SIGSEGV, SEGV_ACCERR);
    check_eq(mprotect(page, PAGE, PROT_READ | PROT_WRITE), 0);
    memcpy(page + 64, nothing_known, 8);
    memcpy(page + 72, "\x02\x90", 2); /* c.ebreak */
    check_eq(mprotect(page, PAGE, PROT_READ | PROT_EXEC), 0);
    expect_fault('x', page + 64, SIGILL, ILL_ILLOPC);
    expect_fault('x', page + 72, SIGTRAP, TRAP_BRKPT);
    munmap(page, PAGE);
}

static int
status_of(void (*body)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        body();
        _exit(0);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void
touch_null(void)
{
    char *volatile nowhere = (char *)8;

    *nowhere = 1;
}

static void
touch_null_blocked(void)
{
    sigset_t all;

    sigfillset(&all);
    set_action(SIGSEGV, note, 0);
    sigprocmask(SIG_SETMASK, &all, NULL);
    touch_null();
}

static void
touch_null_ignored(void)
{
    signal(SIGSEGV, SIG_IGN);
    touch_null();
}

static void
touch_null_without_a_stack(void)
{
    set_action(SIGSEGV, note, 0);
    __asm__ volatile("li sp, 64\n\tsd zero, 0(zero)");
}

static void
handler_without_a_stack(void)
{
    long self = getpid();

    set_action(SIGUSR1, note, 0);
    register long a0 __asm__("a0") = self;
    register long a1 __asm__("a1") = SIGUSR1;
    register long a7 __asm__("a7") = SYS_kill;
    __asm__ volatile("li sp, 64\n\tecall" : "+r"(a0) : "r"(a1), "r"(a7));
}

static void
faults_cannot_be_put_off(void)
{
    check_eq(status_of(touch_null), SIGSEGV);
    check_eq(status_of(touch_null_blocked), SIGSEGV);
    check_eq(status_of(touch_null_ignored), SIGSEGV);
    check_eq(status_of(touch_null_without_a_stack), SIGSEGV);
    check_eq(status_of(handler_without_a_stack), SIGSEGV);
}

/* ---- Alternate stacks ---- */

static char other_stack[65536] __attribute__((aligned(16)));

static int
is_on_other_stack(uintptr_t sp)
{
    return sp > (uintptr_t)other_stack &&
           sp <= (uintptr_t)other_stack + sizeof(other_stack);
}

static int
use_other_stack(int flags, size_t size)
{
    stack_t stack = {.ss_sp = other_stack, .ss_flags = flags, .ss_size = size};

    return sigaltstack(&stack, NULL);
}

static void
sa_onstack_uses_the_alternate_stack(void)
{
    stack_t stack;

    check_eq(sigaltstack(NULL, &stack), 0);
    check_eq(stack.ss_flags, SS_DISABLE);
    check_eq(use_other_stack(0, sizeof(other_stack)), 0);
    check_eq(sigaltstack(NULL, &stack), 0);
    check(stack.ss_sp == other_stack);
    check_eq(stack.ss_size, sizeof(other_stack));
    check_eq(stack.ss_flags, 0);
    set_action(SIGUSR1, note, 0);
    send_self(SIGUSR1);
    check(!is_on_other_stack(last_sp));
    set_action(SIGUSR1, note, SA_ONSTACK);
    send_self(SIGUSR1);
    check(is_on_other_stack(last_sp));
    check(last_stack.ss_sp == other_stack);
    check_eq(last_stack.ss_size, sizeof(other_stack));
    check_eq(use_other_stack(SS_DISABLE, 0), 0);
    send_self(SIGUSR1);
    check(!is_on_other_stack(last_sp));
}

static int inner_error;
static stack_t inner_stack;

static void
change_stack_on_it(int sig, siginfo_t *info, void *context)
{
    note(sig, info, context);
    sigaltstack(NULL, &inner_stack);
    inner_error = use_other_stack(0, sizeof(other_stack)) == 0 ? 0 : errno;
    if (sig == SIGUSR1)
        send_self(SIGUSR2);
}

static void
the_alternate_stack_while_it_is_used(void)
{
    uintptr_t outer;

    check_eq(use_other_stack(0, sizeof(other_stack)), 0);
    set_action(SIGUSR1, change_stack_on_it, SA_ONSTACK);
    set_action(SIGUSR2, change_stack_on_it, SA_ONSTACK);
    send_self(SIGUSR2);
    check_eq(inner_error, EPERM);
    check_eq(inner_stack.ss_flags, SS_ONSTACK);
    outer = last_sp;
    send_self(SIGUSR1); /* the nested one goes below, not on top again */
    check(is_on_other_stack(last_sp));
    check(outer - last_sp > 1088);
    check_eq(use_other_stack(SS_DISABLE, 0), 0);
    check_fails(ENOMEM, use_other_stack(0, 1024));
    check_fails(EINVAL, use_other_stack(5, sizeof(other_stack)));
}

static void
an_overflowing_stack_is_caught(void)
{
    check_eq(use_other_stack(0, sizeof(other_stack)), 0);
    set_action(SIGSEGV, note_and_leave, SA_ONSTACK);
    if (sigsetjmp(out, 1) == 0)
        __asm__ volatile("li sp, 64\n\tsd zero, 0(sp)");
    check_eq(last.si_signo, SIGSEGV);
    check_eq((uintptr_t)last.si_addr, 64);
    check(is_on_other_stack(last_sp));
    check_eq(use_other_stack(SS_DISABLE, 0), 0);
    signal(SIGSEGV, SIG_DFL);
}

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

static void
autodisarm(void)
{
    stack_t stack;

    check_eq(use_other_stack((int)SS_AUTODISARM, sizeof(other_stack)), 0);
    set_action(SIGUSR1, change_stack_on_it, SA_ONSTACK);
    set_action(SIGUSR2, note, 0);
    send_self(SIGUSR1);
    check_eq(inner_error, 0);
    check_eq(inner_stack.ss_flags & SS_DISABLE, SS_DISABLE);
    check_eq(sigaltstack(NULL, &stack), 0);
    check(stack.ss_sp == other_stack); /* armed again */
    check_eq((unsigned)stack.ss_flags, SS_AUTODISARM);
    check_eq(use_other_stack(SS_DISABLE, 0), 0);
}

/* ---- Frames that lie ---- */

static int damage;

static void
tamper(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    uint32_t *extension = (uint32_t *)&uc->uc_mcontext.__fpregs + 129;

    (void)sig;
    (void)info;
    switch (damage) {
    case 0: /* the kernel's address space */
        uc->uc_mcontext.__gregs[REG_PC] = 0xffffffff80200000;
        break;
    case 1: /* an odd address */
        uc->uc_mcontext.__gregs[REG_PC] = 1;
        break;
    case 2: /* a state that there is not */
        extension[0] = 1;
        break;
    case 3:
        extension[1] = 0x53465457;
        extension[2] = 4096;
        break;
    case 4: /* what cannot be blocked */
        sigfillset(&uc->uc_sigmask);
        memset(&uc->uc_sigmask, 0xff, 8);
        break;
    case 5: /* registers of the kernel's, a rounding mode that is none */
        uc->uc_mcontext.__fpregs.__d.__fcsr = 0xffffffff;
        break;
    case 6: /* no stack */
        uc->uc_mcontext.__gregs[REG_SP] = 0xffffffc000000000;
        break;
    default:
        memset(uc, 0xff, sizeof(*uc));
    }
}

static void
be_tampered_with(void)
{
    volatile double x = 1;

    set_action(SIGUSR1, tamper, 0);
    send_self(SIGUSR1);
    if (damage == 4)
        kill(getpid(), SIGKILL);
    if (damage == 5)
        x = x / 3; /* illegal in that rounding mode */
}

static void
return_from_nowhere(void)
{
    __asm__ volatile(
        "mv sp, %0\n\tli a7, 139\n\tecall" ::"r"(0xffffffc080000000ul));
}

static void
return_from_an_odd_place(void)
{
    __asm__ volatile("addi sp, sp, -8\n\tli a7, 139\n\tecall");
}

/* A system call's result that looks like an interruption. */
static void
set_a0(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)sig;
    (void)info;
    count++;
    uc->uc_mcontext.__gregs[REG_A0] = (unsigned long)-EINTR;
}

static void
frames_may_lie(void)
{
    static const int expected[] = {SIGSEGV, SIGSEGV, SIGSEGV, SIGSEGV,
                                   SIGKILL, SIGILL,  SIGSEGV, SIGSEGV};

    for (damage = 0; damage < 8; damage++)
        check_eq(status_of(be_tampered_with), expected[damage]);
    check_eq(status_of(return_from_nowhere), SIGSEGV);
    check_eq(status_of(return_from_an_odd_place), SIGSEGV);
    count = 0;
    set_action(SIGUSR1, set_a0, 0);
    check_fails(EINTR, kill(getpid(), SIGUSR1));
    check_eq(count, 1);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(registers_survive_a_handler),
        TAP_CASE(what_a_handler_saves_is_what_comes_back),
        TAP_CASE(faults_tell_where),
        TAP_CASE(faults_cannot_be_put_off),
        TAP_CASE(sa_onstack_uses_the_alternate_stack),
        TAP_CASE(the_alternate_stack_while_it_is_used),
        TAP_CASE(an_overflowing_stack_is_caught),
        TAP_CASE(autodisarm),
        TAP_CASE(frames_may_lie),
    };

    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
