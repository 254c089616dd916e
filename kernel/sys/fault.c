#include "sys/fault.h"
#include "abi/errno.h"
#include "abi/mman.h"
#include "abi/signal.h"
#include "arch/trap.h"
#include "lib/print.h"
#include "mm/space.h"
#include "proc/process.h"
#include "proc/signal.h"

/* Reports what a program did and ends it: it has no handler to call. */
static void
end_process(const struct trapframe *frame, int sig)
{
    struct process *self = process_current();
    pr_info("%s[%d]: %s at %#lx, address %#lx: signal %d", self->name,
            self->pid, trap_cause_name(frame->scause),
            (unsigned long)frame->sepc, (unsigned long)frame->stval, sig);
    process_exit(sig);
}

static unsigned
access_of(uint64_t scause)
{
    if (scause == SCAUSE_INST_PAGE)
        return PROT_EXEC;
    return scause == SCAUSE_STORE_PAGE ? PROT_WRITE : PROT_READ;
}

void
fault_page(struct trapframe *frame)
{
    cpu_irq_enable();
    int error = space_fault(process_current()->space, frame->stval,
                            access_of(frame->scause));
    if (error == -ENOMEM && signal_pending())
        return; /* it is to end, or will try again */
    if (error == -ENOMEM) {
        pr_err("out of memory: %s[%d] is ended", process_current()->name,
               process_current()->pid);
        process_exit(SIGKILL);
    }
    if (error != 0)
        end_process(frame, SIGSEGV);
}

void
fault_exception(struct trapframe *frame)
{
    cpu_irq_enable();
    switch (frame->scause) {
    case SCAUSE_ILLEGAL:
        end_process(frame, SIGILL);
        break;
    case SCAUSE_BREAKPOINT:
        end_process(frame, SIGTRAP);
        break;
    case SCAUSE_INST_ACCESS:
    case SCAUSE_LOAD_ACCESS:
    case SCAUSE_STORE_ACCESS:
        end_process(frame, SIGSEGV);
        break;
    case SCAUSE_INST_MISALIGNED:
    case SCAUSE_LOAD_MISALIGNED:
    case SCAUSE_STORE_MISALIGNED:
        end_process(frame, SIGBUS);
        break;
    default:
        end_process(frame, SIGKILL);
    }
}
