/* Traps: what the kernel does about one, and user mode, with hooks that are the
 * test's. tests/_traps.py reads the answers. */
#include "pool.h"
#include "arch/boot.h"
#include "arch/sbi.h"
#include "arch/trap.h"

// WRAP: panic
// WRAP: frame_alloc
// WRAP: frame_alloc_zeroed
// WRAP: frame_free
// WRAP: frame_unref

GRADE_ENTRY(GRADE_AT_KMAIN);

/* trap.S calls these. */
void trap_user(struct trapframe *frame);
void trap_kernel(struct trapframe *frame);

#define WORDS (sizeof(struct trapframe) / sizeof(uint64_t) - 1)
#define LOG   64u

/* Who was called, and how things stood. */
static struct called {
    uint64_t who;
    uint64_t interrupts, in_interrupt;
    uint64_t sepc, scause, stval;
} calls[LOG];
static unsigned ncalls;
static uint64_t mix; /* what a call of the kernel makes of its number */
static unsigned works;

static void
note(char who, const struct trapframe *frame)
{
    if (ncalls == LOG)
        __real_panic("hooks are called without end");
    calls[ncalls++] = (struct called){
        (uint64_t)who,
        csr_read(sstatus) & SSTATUS_SIE ? 1 : 0,
        this_cpu()->in_interrupt,
        frame ? frame->sepc : 0,
        frame ? frame->scause : 0,
        frame ? frame->stval : 0,
    };
}

static void
on_syscall(struct trapframe *frame)
{
    note('s', frame);
    cpu_irq_enable();
    /* Another trap meanwhile leaves something else there. */
    csr_write(scause, SCAUSE_INT_TIMER);
    csr_write(stval, 0x666);
    frame->a[0] = frame->a[7] ^ mix;
}

static void
on_exception(struct trapframe *frame)
{
    note('e', frame);
    cpu_irq_enable();
}

static void
on_timer(void)
{
    note('t', NULL);
}

static void
on_external(void)
{
    note('x', NULL);
}

static void
on_ipi(void)
{
    note('i', NULL);
    calls[ncalls - 1].sepc = csr_read(sip) & SIE_SSIE;
}

static void
on_return(struct trapframe *frame)
{
    note('r', frame);
    works--;
    cpu_thread()->work = works;
    cpu_irq_enable();
    (void)cpu_irq_save();
}

static void
set_hooks(void)
{
    trap_hooks = (struct trap_hooks){
        .syscall = on_syscall,
        .user_exception = on_exception,
        .timer = on_timer,
        .external = on_external,
        .ipi = on_ipi,
        .user_return = on_return,
    };
}

static void
put_calls(struct grade *g)
{
    grade_put_bytes(g, calls, ncalls * sizeof(calls[0]));
    ncalls = 0;
}

/* The kernel's part of a trap, without the trap: from user mode or not, the
 * words of a frame, what caused it and where, how much work waits for the way
 * back. Whether it panicked; who was called; the frame; interrupts and
 * in_interrupt afterwards. */
static NOINLINE void
handle(struct grade *g)
{
    static struct trapframe frame;
    size_t size;
    bool from_user = grade_u8(g);
    const void *words = grade_bytes(g, &size);
    uint64_t cause = grade_u64(g), value = grade_u64(g);
    assert(size == WORDS * sizeof(uint64_t));
    memcpy(&frame, words, size);
    works = grade_u32(g);
    mix = grade_u64(g);
    set_hooks();
    ncalls = 0;
    csr_write(sie, 0);
    cpu_thread()->work = works;
    csr_write(scause, cause);
    csr_write(stval, value);
    if (cause == SCAUSE_INT_SOFTWARE)
        csr_set(sip, SIE_SSIE); /* who is poked finds it so */
    bool panicked = true;
    if (__builtin_setjmp(out) == 0) {
        armed = true;
        if (from_user)
            trap_user(&frame);
        else
            trap_kernel(&frame);
        panicked = false;
    }
    armed = false;
    csr_clear(sip, SIE_SSIE);
    grade_put_u8(g, panicked);
    put_calls(g);
    grade_put_bytes(g, &frame, WORDS * sizeof(uint64_t));
    grade_put_u8(g, cpu_irq_save() ? 1 : 0);
    grade_put_u8(g, this_cpu()->in_interrupt);
    this_cpu()->in_interrupt = false;
    cpu_thread()->work = 0;
}

/* What trap_init_user_frame makes of a frame that was full of junk. */
static void
fresh(struct grade *g)
{
    static struct trapframe frame;
    memset(&frame, 0xa5, sizeof(frame));
    uint64_t entry = grade_u64(g);
    trap_init_user_frame(&frame, entry, grade_u64(g));
    grade_put_bytes(g, &frame, WORDS * sizeof(uint64_t));
}

/* What trap_init_hart makes of the hart's registers. */
static void
hart(struct grade *g)
{
    uint64_t before = csr_read(stvec);
    csr_write(stvec, (uint64_t)hart & ~3ul);
    csr_write(sie, 0);
    csr_write(scounteren, 0);
    trap_init_hart();
    grade_put_u8(g, csr_read(stvec) == before);
    csr_write(stvec, before);
    grade_put_u64(g, csr_read(sie));
    grade_put_u64(g, csr_read(scounteren));
    grade_put_u8(g, csr_read(sstatus) & SSTATUS_SIE ? 1 : 0);
    csr_write(sie, 0);
}

/* ---- User mode ---- */

#define CODE  0x10000ul
#define DATA  0x20000ul
#define TRIPS 24u

static char kernel_stack[2 * KSTACK_SIZE] ALIGNED(2 * KSTACK_SIZE);

static struct trip {
    uint64_t who;
    uint64_t words[WORDS];
} trips[TRIPS];
static unsigned ntrips, most_trips;
static const uint64_t *answers; /* to calls, one each */
static size_t nanswers;

static void
end_or_go_on(char who, const struct trapframe *frame)
{
    trips[ntrips].who = (uint64_t)who;
    if (frame)
        memcpy(trips[ntrips].words, frame, sizeof(trips[0].words));
    else
        memset(trips[ntrips].words, 0, sizeof(trips[0].words));
    if (++ntrips >= most_trips)
        __builtin_longjmp(out, 1);
}

static void
user_syscall(struct trapframe *frame)
{
    unsigned n = ntrips;
    end_or_go_on('s', frame);
    cpu_irq_enable();
    frame->a[0] = n < nanswers ? answers[n] : 0;
}

/* What cannot be run is gone over. */
static void
user_exception(struct trapframe *frame)
{
    end_or_go_on('e', frame);
    frame->sepc += 4;
}

static void
user_timer(void)
{
    sbi_set_timer(UINT64_MAX);
    cpu_thread()->work = 1;
}

/* On the way back from the timer: a loop of one jump is left behind. */
static void
user_return(struct trapframe *frame)
{
    cpu_thread()->work = 0;
    end_or_go_on('r', frame);
    frame->sepc += 4;
}

static void
enter_user_mode(const void *registers, uint64_t ticks)
{
    static struct trapframe frame;
    trap_init_user_frame(&frame, CODE, 0);
    memcpy(&frame, registers, 31 * sizeof(uint64_t));
    cpu_thread()->kernel_sp = (uint64_t)kernel_stack + sizeof(kernel_stack);
    if (ticks > 0)
        sbi_set_timer(csr_read(time) + ticks);
    trap_return_to_user(&frame);
}

/* Code, all registers, answers to calls, how many traps until the end, ticks
 * until the timer's interrupt or 0; what was seen at each trap. */
static NOINLINE void
user(struct grade *g)
{
    size_t size, given;
    start_pool(g);
    const void *code = grade_bytes(g, &size);
    uint64_t *root = own_frame();
    const uint64_t *mine =
        phys_to_virt((boot_root_satp & ((1ul << 44) - 1)) << PAGE_SHIFT);
    memcpy(root + PT_ENTRIES / 2, mine + PT_ENTRIES / 2, PAGE_SIZE / 2);
    char *page = own_frame(), *data = own_frame();
    memcpy(page, code, MIN(size, PAGE_SIZE));
    *entry_of(root, CODE, 0) = pte_make(
        virt_to_phys(page), PTE_V | PTE_R | PTE_X | PTE_U | PTE_A | PTE_D);
    *entry_of(root, DATA, 0) = pte_make(
        virt_to_phys(data), PTE_V | PTE_R | PTE_W | PTE_U | PTE_A | PTE_D);
    const void *registers = grade_bytes(g, &given);
    assert(given == 31 * sizeof(uint64_t));
    answers = grade_bytes(g, &nanswers);
    nanswers /= sizeof(uint64_t);
    ntrips = 0;
    most_trips = MIN(grade_u32(g), TRIPS);
    uint64_t ticks = grade_u64(g);
    trap_hooks = (struct trap_hooks){
        .syscall = user_syscall,
        .user_exception = user_exception,
        .timer = user_timer,
        .user_return = user_return,
    };
    csr_write(sie, 0);
    trap_init_hart();
    tlb_set_root(virt_to_phys(root), 1);
    tlb_flush_all();
    tlb_sync_instructions();
    if (__builtin_setjmp(out) == 0)
        enter_user_mode(registers, ticks);
    csr_clear(sstatus, SSTATUS_SIE);
    csr_write(sie, 0);
    sbi_set_timer(UINT64_MAX);
    grade_put_bytes(g, trips, ntrips * sizeof(trips[0]));
}

GRADE_CASES({"handle", handle}, {"fresh", fresh}, {"hart", hart},
            {"user", user});
