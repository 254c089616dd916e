#include "sys/trace.h"
#include "dev/platform.h"
#include "dev/trace_rings.h"
#include "lib/print.h"
#include "lib/string.h"
#include "proc/sched.h"
#include "sys/sys.h"
#include "trace/control.h"

#define WRITE 64  /* the number of write */
#define PIECE 16u /* bytes of a text in a field */
#define MOST  96u /* bytes of an argument: two records */

/* Which arguments of a call are strings: a bit each. */
#define TEXT_BIT(args, i)                                                      \
    ((i) < sizeof(args) - 1 && (args)[(i) < sizeof(args) - 1 ? (i) : 0] == 's' \
         ? 1 << (i)                                                            \
         : 0)
#define TEXT_BITS(args)                                                   \
    (uint8_t)(TEXT_BIT(args, 0) | TEXT_BIT(args, 1) | TEXT_BIT(args, 2) | \
              TEXT_BIT(args, 3) | TEXT_BIT(args, 4) | TEXT_BIT(args, 5))
#define SYSCALL(number, name, arguments) [number] = TEXT_BITS(arguments),
static const uint8_t texts_of[] = {
#include "abi/syscalls.def"
};
#undef SYSCALL

static void
record_text(unsigned arg, const char *text)
{
    size_t at = 0;
    do {
        const char *piece = text + at;
        trace_syscall_text(arg, piece, piece + PIECE, piece + 2 * PIECE);
        at += 3 * PIECE;
    } while (at < MOST && text[at - 1] != '\0');
}

/* What a call's strings say, and what a write writes, while it is there. */
static NOINLINE void
record_texts(uint64_t number, const uint64_t arg[6])
{
    char text[MOST + 1];
    for (unsigned i = 0; i < 6; i++) {
        memset(text, 0, sizeof(text));
        if (texts_of[number] >> i & 1 &&
            uaccess_read_string(text, uaddr(arg[i]), MOST) != -EFAULT)
            record_text(i, text);
    }
    size_t n = MIN(arg[2], (uint64_t)MOST);
    if (number == WRITE && uaccess_read(text, uaddr(arg[1]), n) == 0)
        record_text(1, text);
}

/* Stands between a trap and its call while calls are traced, so that they
 * cost nothing for it while they are not. */
static void
dispatch_traced(struct trapframe *frame)
{
    uint64_t number = frame->a[7];
    trace_syscall_enter(number, frame->a[0], frame->a[1], frame->a[2],
                        frame->a[3], frame->a[4], frame->a[5]);
    bool has_texts = number < ARRAY_LEN(texts_of) && texts_of[number] != 0;
    if ((has_texts || number == WRITE) && !cpu_thread()->untraced)
        record_texts(number, frame->a);
    sys_dispatch(frame);
    trace_syscall_exit(number, (int64_t)frame->a[0]);
}

static void
note_boot_step(const char *subject)
{
    trace_boot_step(subject);
}

void
trace_set_hooks(void)
{
    if (trace_switches.groups[TRACE_GROUP_syscall])
        trap_hooks.syscall = dispatch_traced;
    else
        trap_hooks.syscall = sys_dispatch;
    if (trace_switches.groups[TRACE_GROUP_boot])
        print_hooks.boot_step = note_boot_step;
    else
        print_hooks.boot_step = NULL;
    sched_switch_traces();
}

void
trace_start(void)
{
    size_t len;
    const char *wish = bootarg_find("trace", &len);
    (void)!trace_control("-all", 4);
    trace_changed = trace_set_hooks;
    if (wish && (trace_rings_need() != 0 || trace_control(wish, len) != 0))
        pr_err("trace=%.*s: no such events, or no memory", (int)len, wish);
}
