#include "sys/sys.h"
#include "abi/errno.h"
#include "abi/mman.h"
#include "abi/signal.h"
#include "arch/trap.h"
#include "lib/print.h"
#include "mm/space.h"
#include "proc/process.h"
#include "proc/signal.h"

/* What an exception is to a program; 0: nothing it can do. */
static const uint8_t signals[] = {
    [SCAUSE_INST_MISALIGNED] = SIGBUS,  [SCAUSE_INST_ACCESS] = SIGSEGV,
    [SCAUSE_ILLEGAL] = SIGILL,          [SCAUSE_BREAKPOINT] = SIGTRAP,
    [SCAUSE_LOAD_MISALIGNED] = SIGBUS,  [SCAUSE_LOAD_ACCESS] = SIGSEGV,
    [SCAUSE_STORE_MISALIGNED] = SIGBUS, [SCAUSE_STORE_ACCESS] = SIGSEGV,
    [SCAUSE_INST_PAGE] = SIGSEGV,       [SCAUSE_LOAD_PAGE] = SIGSEGV,
    [SCAUSE_STORE_PAGE] = SIGSEGV,
};

void
fault_handle(struct trapframe *frame)
{
    struct process *self = process_current();
    uint64_t cause = frame->scause;
    int error = -EFAULT;
    cpu_irq_enable();
    if (cause == SCAUSE_INST_PAGE)
        error = space_fault(self->space, frame->stval, PROT_EXEC);
    else if (cause == SCAUSE_LOAD_PAGE)
        error = space_fault(self->space, frame->stval, PROT_READ);
    else if (cause == SCAUSE_STORE_PAGE)
        error = space_fault(self->space, frame->stval, PROT_WRITE);
    if (error == 0 || (error == -ENOMEM && signal_pending()))
        return; /* in the latter case it is to end, or will try again */
    if (error == -ENOMEM) {
        pr_err("out of memory: %s[%d] is ended", self->name, self->pid);
        process_exit(SIGKILL);
    }
    /* It has no handler to call. */
    int sig =
        cause < ARRAY_LEN(signals) && signals[cause] ? signals[cause] : SIGKILL;
    pr_info("%s[%d]: %s at %#lx, address %#lx: signal %d", self->name,
            self->pid, trap_cause_name(cause), frame->sepc, frame->stval, sig);
    process_exit(sig);
}
