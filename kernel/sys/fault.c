#include "sys/sys.h"
#include "abi/mman.h"
#include "lib/print.h"
#include "mm/space.h"
#include "proc/signal.h"
#include "trace/trace.h"

/* What an exception is to a program; 0: nothing it can do. */
static const struct {
    uint8_t signal, code;
} signals[] = {
    [SCAUSE_INST_MISALIGNED] = {SIGBUS, BUS_ADRALN},
    [SCAUSE_INST_ACCESS] = {SIGSEGV, SEGV_ACCERR},
    [SCAUSE_ILLEGAL] = {SIGILL, ILL_ILLOPC},
    [SCAUSE_BREAKPOINT] = {SIGTRAP, TRAP_BRKPT},
    [SCAUSE_LOAD_MISALIGNED] = {SIGBUS, BUS_ADRALN},
    [SCAUSE_LOAD_ACCESS] = {SIGSEGV, SEGV_ACCERR},
    [SCAUSE_STORE_MISALIGNED] = {SIGBUS, BUS_ADRALN},
    [SCAUSE_STORE_ACCESS] = {SIGSEGV, SEGV_ACCERR},
};

void
fault_handle(struct trapframe *frame)
{
    struct process *self = process_current();
    uint64_t cause = frame->scause;
    int error = -ENOENT; /* no page fault */
    cpu_irq_enable();
    trace_fault_enter(frame->stval, cause, frame->sepc);
    thread_current()->used.minor_faults++;
    if (cause == SCAUSE_INST_PAGE)
        error = space_fault(self->space, frame->stval, PROT_EXEC);
    else if (cause == SCAUSE_LOAD_PAGE)
        error = space_fault(self->space, frame->stval, PROT_READ);
    else if (cause == SCAUSE_STORE_PAGE)
        error = space_fault(self->space, frame->stval, PROT_WRITE);
    trace_fault_done(frame->stval, error);
    if (error == 0 || (error == -ENOMEM && signal_pending()))
        return; /* in the latter case it is to end, or will try again */
    if (error == -ENOMEM) {
        pr_err("out of memory: %s[%d] is ended", self->name, self->pid);
        process_exit(SIGKILL);
    }
    if (error == -ENOENT) {
        if (cause >= ARRAY_LEN(signals) || signals[cause].signal == 0)
            process_exit(SIGKILL);
        signal_force(signals[cause].signal, signals[cause].code, frame->sepc);
        return;
    }
    if (error == -EFAULT || error == -EACCES)
        signal_force(SIGSEGV, error == -EFAULT ? SEGV_MAPERR : SEGV_ACCERR,
                     frame->stval);
    else /* what is mapped there has no such page */
        signal_force(SIGBUS, BUS_ADRERR, frame->stval);
}
