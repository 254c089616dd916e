#include "arch/trap.h"
#include "arch/report.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "lib/todo.h"

/* trap.S */
void trap_entry(void);
void trap_user(struct trapframe *frame);
void trap_kernel(struct trapframe *frame);
NORETURN void trap_stack_overflow(uint64_t sp, uint64_t pc, uint64_t fp);

_Static_assert(offsetof(struct trapframe, t6) == 30 * sizeof(uint64_t),
               "trap.S: register n is the n-th word");

struct trap_hooks trap_hooks;

/* Traps come to trap_entry [riscv-priv §4.1.2]; software, timer and external
 * interrupts are let in [riscv-priv §4.1.3], though not yet taken; programs may
 * read the counters of cycles, time and instructions [riscv-priv §4.1.5]. */
void
trap_init_hart(void)
{
    LAB_TODO(4);
}

/* Calls the hook for the cause of an interrupt. in_interrupt of this hart says
 * meanwhile what the code that runs is part of. A software interrupt pends
 * until it is cleared in sip [riscv-priv §4.1.3]; when, so that none is lost?
 */
static void
handle_interrupt(uint64_t cause)
{
    LAB_TODO(4);
}

/* What the hart says of a trap [riscv-priv §4.1.8], [riscv-priv §4.1.9]: right
 * as long as nothing else has trapped. */
static uint64_t
read_cause(struct trapframe *frame)
{
    frame->scause = csr_read(scause);
    frame->stval = csr_read(stval);
    return frame->scause;
}

/* An interrupt, or an exception of the program's: with what the hart says of it
 * in the frame. */
static void
handle_user_trap(struct trapframe *frame)
{
    LAB_TODO(4);
}

/* All work that waits for the thread, cpu_thread()->work; more may come while
 * user_return does it. */
static void
do_work(struct trapframe *frame)
{
    LAB_TODO(4);
}

/* trap.S calls this when a program trapped, with interrupts off, and goes back
 * to the program when it returns. An ecall is a system call: where is the
 * program to go on? On the way back there may be work. From when on may no
 * interrupt come any more? */
void
trap_user(struct trapframe *frame)
{
    LAB_TODO(4);
}

/* The same for a trap in the kernel. Of exceptions there is none that we
 * expect: what is known of it goes to the log (arch/report.h), and then the
 * end. */
void
trap_kernel(struct trapframe *frame)
{
    LAB_TODO(4);
}

void
trap_stack_overflow(uint64_t sp, uint64_t pc, uint64_t fp)
{
    pr_err("kernel stack overflow: sp %#lx", sp);
    report_backtrace(pc, fp);
    panic("kernel stack overflow");
}

/* A program begins with nothing but a place and a stack. sret goes where
 * sstatus says [riscv-priv §4.1.1]: to which mode, with which interrupts, how
 * wide are registers there, and may floating-point ones be used [riscv-priv
 * §3.1.6.6]? */
void
trap_init_user_frame(struct trapframe *frame, uint64_t entry, uint64_t stack)
{
    LAB_TODO(4);
}
