#include "sys/trace.h"
#include "dev/platform.h"
#include "dev/trace_rings.h"
#include "lib/print.h"
#include "lib/string.h"
#include "proc/sched.h"
#include "sys/sys.h"
#include "trace/control.h"

#define WRITE   64 /* the numbers of calls */
#define EXECVE  221
#define PIECE   16u /* bytes of a text in a field */
#define MOST    96u /* bytes of an argument: two records */
#define STRINGS 8u  /* of a vector */

/* Which of a call's first four arguments are of a kind: a bit each. */
#define KIND_BIT(args, kind, i)                                 \
    ((i) < sizeof(args) - 1 &&                                  \
             (args)[(i) < sizeof(args) - 1 ? (i) : 0] == (kind) \
         ? 1 << (i)                                             \
         : 0)
#define KIND_BITS(args, kind)                            \
    (KIND_BIT(args, kind, 0) | KIND_BIT(args, kind, 1) | \
     KIND_BIT(args, kind, 2) | KIND_BIT(args, kind, 3))
#define SYSCALL(number, name, args) \
    [number] = KIND_BITS(args, 's') | KIND_BITS(args, 'm') << 4,
static const uint8_t kinds_of[] = {
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

static void
record_string(unsigned arg, uint64_t at)
{
    char text[MOST + 1] = {0};
    if (uaccess_read_string(text, uaddr(at), MOST) != -EFAULT)
        record_text(arg, text);
}

/* What a call's strings say, those of a program's arguments with their place
 * behind the call's own, and what a write writes, while it is there. */
static NOINLINE void
record_texts(uint64_t number, const uint64_t arg[6])
{
    char text[MOST + 1] = {0};
    uint64_t string;
    for (unsigned i = 0; i < 4; i++)
        if (kinds_of[number] >> i & 1)
            record_string(i, arg[i]);
    for (unsigned i = 0; number == EXECVE && i < STRINGS; i++) {
        uaddr_t at = uaddr(arg[1] + i * sizeof(string));
        if (uaccess_read(&string, at, sizeof(string)) != 0 || !string)
            break;
        record_string(8 + i, string);
    }
    if (number == WRITE &&
        uaccess_read(text, uaddr(arg[1]), MIN(arg[2], (uint64_t)MOST)) == 0)
        record_text(1, text);
}

/* What there is at the addresses of structures; zeros behind. */
static NOINLINE void
record_structures(unsigned kinds, const uint64_t *arg, uint64_t first)
{
    for (unsigned i = 0; kinds >> i != 0; i++) {
        uint64_t w[MOST / 8] = {0};
        if (!(kinds >> i & 1))
            continue;
        (void)!uaccess_read(w, uaddr(i ? arg[i] : first), MOST);
        for (uint64_t *v = w; v < w + ARRAY_LEN(w); v += 6)
            trace_syscall_data(i, v[0], v[1], v[2], v[3], v[4], v[5]);
    }
}

/* Stands between a trap and its call while calls are traced, so that they
 * cost nothing for it while they are not. Structures are recorded when they
 * are complete, be they arguments or results. */
static void
dispatch_traced(struct trapframe *frame)
{
    uint64_t number = frame->a[7], pc = frame->sepc, first = frame->a[0];
    unsigned kinds = number < ARRAY_LEN(kinds_of) ? kinds_of[number] : 0;
    trace_syscall_enter(number, first, frame->a[1], frame->a[2], frame->a[3],
                        frame->a[4], frame->a[5]);
    if (((kinds & 15) || number == WRITE) && !cpu_thread()->untraced)
        record_texts(number, frame->a);
    sys_dispatch(frame);
    if (kinds >> 4)
        record_structures(kinds >> 4, frame->a, first);
    /* What a signal interrupted is to be made again, so far. */
    bool is_interrupted = frame->sepc == pc - 4;
    trace_syscall_exit(number, is_interrupted ? -EINTR : (int64_t)frame->a[0]);
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
