#include "arch/report.h"
#include "arch/boot.h"
#include "lib/print.h"
#include "lib/string.h"

const char *
report_cause_name(uint64_t scause)
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
report_frame(const struct trapframe *f)
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
           report_cause_name(f->scause), f->stval);
}

/* trap.S */
void trap_capture(struct trapframe *frame);

void
report_registers(void)
{
    struct trapframe now;
    trap_capture(&now);
    now.scause = csr_read(scause);
    now.stval = csr_read(stval);
    report_frame(&now);
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
 * units of 2 bytes, and its name, in which a byte may stand for two. */
extern const uint32_t ksyms_count;
extern const uint8_t ksyms_pairs[256][2];
extern const uint16_t ksyms_table[];
extern const uint8_t ksyms_names[];

#define NAME_MAX 64

/* Puts what a byte of a name stands for at `to`. Returns where that ends. */
static char *
spell(char *to, const char *end, uint8_t byte)
{
    const uint8_t *pair = ksyms_pairs[byte];
    if (pair[0] != 0)
        return spell(spell(to, end, pair[0]), end, pair[1]);
    if (to < end)
        *to++ = (char)byte;
    return to;
}

/* Finds the function that holds addr, and the distance from its start. Returns
 * false outside the kernel's text. */
static bool
look_up(uintptr_t addr, char name[NAME_MAX], size_t *offset)
{
    if (addr < (uintptr_t)_text || addr >= (uintptr_t)_etext)
        return false;
    const uint8_t *spelled = NULL, *next = ksyms_names;
    uintptr_t start = (uintptr_t)_text;
    for (uint32_t i = 0; i < ksyms_count; i++) {
        start += 2ul * ksyms_table[i];
        if (start > addr)
            break;
        *offset = addr - start;
        for (spelled = next; *next != 0; next++)
            ;
        next++;
    }
    if (!spelled)
        return false;
    char *to = name;
    while (*spelled != 0)
        to = spell(to, name + NAME_MAX - 1, *spelled++);
    *to = '\0';
    return true;
}

/* pc may be behind the call, and so behind the function; `inside` is not. */
static void
print_place(uint64_t pc, uint64_t inside)
{
    char name[NAME_MAX];
    size_t offset;
    if (look_up(inside, name, &offset))
        pr_err("  %016lx %s+%#zx", pc, name, offset + (pc - inside));
    else
        pr_err("  %016lx", pc);
}

/* From one call to the one that led to it. Returns false behind the outermost.
 * With frame pointers, ra is at fp - 8 and the caller's fp at fp - 16
 * [psabi §2.1]. */
static bool
step_out(uint64_t *pc, uint64_t *fp)
{
    if (!is_on_stack(*fp))
        return false;
    *pc = ((const uint64_t *)*fp)[-1];
    uint64_t caller = ((const uint64_t *)*fp)[-2];
    if (caller <= *fp)
        return false; /* the outermost frame has none */
    *fp = caller;
    return true;
}

void
report_backtrace(uint64_t pc, uint64_t fp)
{
    print_place(pc, pc);
    for (unsigned depth = 1; depth < 24 && step_out(&pc, &fp); depth++)
        print_place(pc, pc - 1);
}

void
report_callers(uint64_t pc, uint64_t fp, uint64_t *callers, unsigned n)
{
    unsigned i = 0;
    do
        callers[i++] = pc;
    while (i < n && step_out(&pc, &fp));
    while (i < n)
        callers[i++] = 0;
}

void
report_names(const uint64_t *callers, unsigned n)
{
    for (unsigned i = 0; i < n && callers[i] != 0; i++)
        print_place(callers[i], callers[i] - 1);
}
