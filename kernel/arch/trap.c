#include "arch/trap.h"
#include "arch/report.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"

/* trap.S */
void trap_entry(void);
void trap_user(struct trapframe *frame);
void trap_kernel(struct trapframe *frame);
NORETURN void trap_stack_overflow(uint64_t sp, uint64_t pc, uint64_t fp);

_Static_assert(offsetof(struct trapframe, t6) == 30 * sizeof(uint64_t),
               "trap.S: register n is the n-th word");

struct trap_hooks trap_hooks;

void
trap_init_hart(void)
{
    csr_write(stvec, trap_entry);
    csr_write(sie, SIE_SSIE | SIE_STIE | SIE_SEIE);
    csr_write(scounteren, SCOUNTEREN_CY | SCOUNTEREN_TM | SCOUNTEREN_IR);
}

static void
handle_interrupt(uint64_t cause)
{
    this_cpu()->in_interrupt = true;
    switch (cause) {
    case SCAUSE_INT_TIMER:
        trap_hooks.timer();
        break;
    case SCAUSE_INT_EXTERNAL:
        trap_hooks.external();
        break;
    case SCAUSE_INT_SOFTWARE:
        csr_clear(sip, SIE_SSIE);
        trap_hooks.ipi();
        break;
    default:
        panic("interrupt of unknown cause %#lx", cause);
    }
    this_cpu()->in_interrupt = false;
}

/* Right as long as nothing else has trapped. */
static uint64_t
read_cause(struct trapframe *frame)
{
    frame->scause = csr_read(scause);
    frame->stval = csr_read(stval);
    return frame->scause;
}

static NOINLINE void
handle_user_trap(struct trapframe *frame)
{
    uint64_t cause = read_cause(frame);
    if (cause & SCAUSE_INTERRUPT)
        handle_interrupt(cause);
    else
        trap_hooks.user_exception(frame);
}

static NOINLINE void
do_work(struct trapframe *frame)
{
    while (READ_ONCE(cpu_thread()->work))
        trap_hooks.user_return(frame);
}

/* Kept free of what only rare traps need: every system call pays for it. */
void
trap_user(struct trapframe *frame)
{
    if (likely(csr_read(scause) == SCAUSE_ECALL_U)) {
        frame->sepc += 4; /* ecall has no compressed form */
        trap_hooks.syscall(frame);
    } else {
        handle_user_trap(frame);
    }
    cpu_irq_save();
    if (unlikely(READ_ONCE(cpu_thread()->work)))
        do_work(frame);
}

void
trap_kernel(struct trapframe *frame)
{
    uint64_t cause = read_cause(frame);
    if (cause & SCAUSE_INTERRUPT) {
        handle_interrupt(cause);
        return;
    }
    /* A second trap must not pass for the first one's. */
    report_frame(frame);
    report_backtrace(frame->sepc, frame->s0);
    panic("%s in the kernel at %#lx, address %#lx",
          report_cause_name(frame->scause), frame->sepc, frame->stval);
}

void
trap_stack_overflow(uint64_t sp, uint64_t pc, uint64_t fp)
{
    pr_err("kernel stack overflow: sp %#lx", sp);
    report_backtrace(pc, fp);
    panic("kernel stack overflow");
}

void
trap_init_user_frame(struct trapframe *frame, uint64_t entry, uint64_t stack)
{
    memset(frame, 0, sizeof(*frame));
    frame->sepc = entry;
    frame->sp = stack;
    /* sret goes to user mode with interrupts on [riscv-priv §4.1.1] */
    frame->sstatus = SSTATUS_SPIE | SSTATUS_FS_INITIAL | SSTATUS_UXL_64;
}
