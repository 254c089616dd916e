#include "arch/trap.h"
#include "arch/boot.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"

/* trap.S */
void trap_entry(void);
void trap_user(struct trapframe *frame);
void trap_kernel(struct trapframe *frame);
NORETURN void trap_stack_overflow(uint64_t sp, uint64_t pc, uint64_t fp);
void trap_capture(struct trapframe *frame);

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
    trap_print_frame(frame);
    trap_print_backtrace(frame->sepc, frame->s0);
    panic("%s in the kernel at %#lx, address %#lx",
          trap_cause_name(frame->scause), frame->sepc, frame->stval);
}

void
trap_stack_overflow(uint64_t sp, uint64_t pc, uint64_t fp)
{
    pr_err("kernel stack overflow: sp %#lx", sp);
    trap_print_backtrace(pc, fp);
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

const char *
trap_cause_name(uint64_t scause)
{
    static const char *const exceptions[] = {
        "misaligned instruction",
        "instruction access fault",
        "illegal instruction",
        "breakpoint",
        "misaligned load",
        "load access fault",
        "misaligned store",
        "store access fault",
        "system call",
        "system call",
        NULL,
        NULL,
        "instruction page fault",
        "load page fault",
        NULL,
        "store page fault",
    };
    if (scause & SCAUSE_INTERRUPT)
        return "interrupt";
    if (scause >= ARRAY_LEN(exceptions) || !exceptions[scause])
        return "unknown exception";
    return exceptions[scause];
}

void
trap_print_frame(const struct trapframe *f)
{
    static const char names[31][4] = {
        "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0", "a1",
        "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5", "s6",
        "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    };
    const uint64_t *r = &f->ra;
    for (unsigned i = 0; i < 30; i += 3)
        pr_err("%4s %016lx %4s %016lx %4s %016lx", names[i], r[i], names[i + 1],
               r[i + 1], names[i + 2], r[i + 2]);
    pr_err("%4s %016lx %4s %016lx", names[30], r[30], "sepc", f->sepc);
    pr_err("sstatus %lx  scause %lx (%s)  stval %lx", f->sstatus, f->scause,
           trap_cause_name(f->scause), f->stval);
}

void
trap_print_registers(void)
{
    struct trapframe now;
    trap_capture(&now);
    read_cause(&now);
    trap_print_frame(&now);
    pr_err("satp %lx  sscratch %lx  sie %lx  sip %lx", csr_read(satp),
           csr_read(sscratch), csr_read(sie), csr_read(sip));
}

/* Whether the 16 bytes below fp are on a kernel stack, and so readable. */
static bool
is_on_stack(uint64_t fp)
{
    uint64_t boot = (uint64_t)boot_stack_top;
    if (fp % 16 != 0)
        return false;
    if (fp > boot - KSTACK_SIZE && fp <= boot)
        return true;
    return fp > STACKS_BASE && fp <= STACKS_BASE + STACKS_SIZE &&
           ((fp - 1) >> KSTACK_SHIFT & 1);
}

/* Names for code addresses, from the table that the second link leaves in the
 * image (tools/ksyms): of each function, how far it is from the one before, in
 * units of 2 bytes, and its name. */
extern const uint32_t ksyms_count;
extern const uint16_t ksyms_table[];
extern const char ksyms_names[];

/* Finds the function that holds addr, and the distance from its start. Returns
 * false outside the kernel's text. */
static bool
look_up(uintptr_t addr, const char **name, size_t *offset)
{
    if (addr < (uintptr_t)_text || addr >= (uintptr_t)_etext)
        return false;
    const char *next = ksyms_names;
    uintptr_t start = (uintptr_t)_text;
    bool found = false;
    for (uint32_t i = 0; i < ksyms_count; i++) {
        start += 2ul * ksyms_table[i];
        if (start > addr)
            break;
        *name = next;
        *offset = addr - start;
        next += strlen(next) + 1;
        found = true;
    }
    return found;
}

void
trap_print_backtrace(uint64_t pc, uint64_t fp)
{
    uint64_t inside = pc;
    for (unsigned depth = 0; depth < 24; depth++) {
        const char *name;
        size_t offset;

        if (look_up(inside, &name, &offset))
            pr_err("  %016lx %s+%#zx", pc, name, offset + (pc - inside));
        else
            pr_err("  %016lx", pc);
        /* With frame pointers, ra is at fp - 8 and the caller's fp at
         * fp - 16 [psabi §2.1]. */
        if (!is_on_stack(fp))
            return;
        pc = ((const uint64_t *)fp)[-1];
        uint64_t caller = ((const uint64_t *)fp)[-2];
        if (caller <= fp)
            return; /* the outermost frame has none */
        fp = caller;
        inside = pc - 1; /* the call, even if it was the function's end */
    }
}
