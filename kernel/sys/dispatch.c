#include "sys/sys.h"
#include "lib/print.h"
#include "proc/oom.h"
#include "proc/signal.h"
#include "sys/seccomp.h"

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

#define SYSCALL(number, name, arguments) char name[sizeof(#name)];
struct call_names {
#include "abi/syscalls.def"
};
#undef SYSCALL

/* Pointers to the names would take four times as much as the names do. */
const char *
dispatch_name(uint64_t number)
{
#define SYSCALL(number, name, arguments) #name,
    static const struct call_names names = {
#include "abi/syscalls.def"
    };
#undef SYSCALL
#define SYSCALL(its_number, name, arguments) \
    [its_number] = offsetof(struct call_names, name) + 1,
    static const uint16_t places[] = {
#include "abi/syscalls.def"
    };
#undef SYSCALL
    if (number >= ARRAY_LEN(places) || places[number] == 0)
        return NULL;
    return (const char *)&names + places[number] - 1;
}

/* What fails for want of memory has changed nothing, a7 neither: it is made
 * again, if others are to give theirs up. */
static NOINLINE void
end_failed_call(struct trapframe *frame, int64_t result)
{
    uint64_t number = frame->a[7];
    unsigned tries = 0;
    while (result == -ENOMEM && oom_gives_to_others(&tries))
        result = calls[number](frame->a);
    if (result == -EINTR)
        signal_interrupt_call(frame);
    else
        frame->a[0] = (uint64_t)result;
}

static ALWAYS_INLINE void
make_call(struct trapframe *frame, uint64_t number)
{
    int64_t result = calls[number](frame->a);
    if (unlikely(result < 0))
        end_failed_call(frame, result);
    else
        frame->a[0] = (uint64_t)result;
}

/* A thread's first call, each of one that has filters, and what is none. */
static NOINLINE void
dispatch_slowly(struct trapframe *frame, uint64_t number)
{
    int64_t result;
    if (!cred_current()->filter) {
        thread_current()->open_calls = ARRAY_LEN(calls);
    } else if (!seccomp_allows(frame, &result)) {
        frame->a[0] = (uint64_t)result;
        return;
    }
    if (number < ARRAY_LEN(calls) && calls[number]) {
        make_call(frame, number);
    } else {
        report_unknown(number);
        frame->a[0] = (uint64_t)-ENOSYS;
    }
}

void
sys_dispatch(struct trapframe *frame)
{
    uint64_t number = frame->a[7];
    cpu_irq_enable();
    if (likely(number < thread_current()->open_calls && calls[number]))
        make_call(frame, number);
    else
        dispatch_slowly(frame, number);
}
