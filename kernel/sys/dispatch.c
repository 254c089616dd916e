#include "sys/sys.h"
#include "abi/errno.h"
#include "arch/trap.h"
#include "lib/print.h"
#include "proc/signal.h"

#define SYSCALL(number, name, arguments) [number] = sys_##name,
static int64_t (*const calls[])(const uint64_t arg[6]) = {
#include "abi/syscalls.def"
};
#undef SYSCALL

/* Logs the first use of each number: what a program would have needed. */
static void
report_unknown(uint64_t number)
{
    static uint64_t seen[8];
    uint64_t bit = 1ul << (number % 64);
    if (number >= 64 * ARRAY_LEN(seen))
        return;
    if (!(__atomic_fetch_or(&seen[number / 64], bit, __ATOMIC_RELAXED) & bit))
        pr_info("%s[%d]: system call %lu is not implemented",
                process_current()->name, process_current()->pid, number);
}

void
sys_dispatch(struct trapframe *frame)
{
    uint64_t number = frame->a[7];
    cpu_irq_enable();
    if (likely(number < ARRAY_LEN(calls) && calls[number])) {
        int64_t result = calls[number](frame->a);
        if (unlikely(result == -EINTR))
            signal_interrupt_call(frame);
        else
            frame->a[0] = (uint64_t)result;
    } else {
        report_unknown(number);
        frame->a[0] = (uint64_t)-ENOSYS;
    }
}
