#include "sys/sys.h"
#include "lib/print.h"
#include "lib/todo.h"
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

/* Makes a call that there is. Its result is a0's, but for -EINTR: a call that a
 * signal has interrupted may be made once more (proc/signal.h). */
static void
make_call(struct trapframe *frame, uint64_t number)
{
    LAB_TODO(4);
}

/* A thread may have filters (sys/seccomp.h), which are asked before each of its
 * calls, also those of numbers that are no call's. What is no call is reported,
 * and returns -ENOSYS. */
static void
dispatch_slowly(struct trapframe *frame, uint64_t number)
{
    LAB_TODO(4);
}

/* The number is in a7, the arguments in a0 to a5; interrupts are off and to be
 * on for the call. A thread that has no filters may have its calls made at
 * once: that is what its `open_calls` is for (proc/thread.h), below which
 * numbers need no second look. It is 0 in the beginning, and whenever a filter
 * is added. */
void
sys_dispatch(struct trapframe *frame)
{
    LAB_TODO(4);
}
