/* Harts, what each has of its own, and the thread each is running.
 *
 * Owns the table of harts. tp always points at the running thread's
 * struct arch_thread, which is the first member of proc's struct thread;
 * it follows the thread from hart to hart, so it is safe to read anywhere.
 * The kernel is not preempted: this_cpu() holds until the thread sleeps. */
#pragma once

#include "arch/csr.h"
#include "arch/layout.h"

#define CPU_MAX  16 /* harts beyond are left stopped, with a message */
#define ASID_MAX 64 /* numbers of address spaces that are used, at most */

/* Registers that a function call preserves: what context_switch keeps
 * [psabi §1.1]. */
struct context {
    uint64_t ra, sp;
    uint64_t s[12];
};

/* F and D registers of a user thread [riscv-unpriv §11, §12]. */
struct fpu_state {
    uint64_t f[32];
    uint64_t fcsr;
};

struct cpu;
struct space;
struct spinlock;
struct trace_ring;

#define THREAD_WORK_RESCHED 1ul
#define THREAD_WORK_SIGNAL  2ul
#define THREAD_WORK_FILES   4ul

/* Groups of trace/events.def, and which of them have events that are on. */
#define CPU_TRACE_GROUPS 16
struct ALIGNED(8) trace_switches {
    uint8_t groups[CPU_TRACE_GROUPS];
};

/* What arch and the layers up to mm need of a thread. */
struct arch_thread {
    uint64_t kernel_sp; /* stack pointer on entry from user mode */
    uint64_t user_sp;   /* scratch of the trap entry */
    struct cpu *cpu;    /* where it runs or ran last */
    uint64_t work;      /* atomic: THREAD_WORK_*, for the way to user mode */
    struct context context;
    struct space *space; /* NULL for kernel threads */
    bool no_waiting;     /* a user copy must not wait for pages of files */
    uint8_t payer;       /* whose the frames are that it takes: mm/payer.h */
    struct fpu_state fpu;
    struct cpu *fpu_cpu;          /* where fpu was last loaded into registers */
    struct trace_switches traced; /* atomic: for trace/trace.h; as is: */
    uint64_t ids;                 /* who this is: its pid, and tid << 32 */
    bool untraced;                /* it reads what is traced */
};

struct cpu {
    /* constant after cpu_init */
    unsigned index;
    uint64_t hartid;
    struct trace_ring *ring; /* for kernel/trace */

    /* atomic */
    bool online;
    struct space *active;        /* its thread's; NULL: a kernel thread */
    const struct space *copying; /* whose page table a user copy walks */

    /* private to the owner: this hart, interrupts off */
    struct spinlock *last_lock; /* of the spin locks held; NULL: none */
    bool irq_was_on;            /* before the first of them was taken */
    bool in_interrupt;
    uint64_t deadline;             /* of the timer, in its ticks */
    struct arch_thread *fpu_owner; /* whose registers the FPU has */
    struct space *space;           /* whose page table satp has */
    uint64_t known[ASID_MAX];      /* generation of what this TLB has of each */
};

/* The running thread. */
static inline struct arch_thread *
cpu_thread(void)
{
    struct arch_thread *t;
    __asm__("mv %0, tp" : "=r"(t));
    return t;
}

/* Byte `at` of the running thread's struct arch_thread, in one instruction. */
#define CPU_THREAD_BYTE(at)                                         \
    ({                                                              \
        uint64_t byte_;                                             \
        __asm__ volatile("lbu %0, %1(tp)" : "=r"(byte_) : "i"(at)); \
        byte_;                                                      \
    })

/* Says who a thread is. */
static inline void
cpu_set_ids(struct arch_thread *thread, int pid, int tid)
{
    thread->ids = (uint32_t)pid | (uint64_t)(uint32_t)tid << 32;
}

/* For the scheduler, whose idle thread takes over from the boot code. */
static inline void
cpu_set_thread(struct arch_thread *t)
{
    __asm__ volatile("mv tp, %0" ::"r"(t));
}

static inline struct cpu *
this_cpu(void)
{
    return READ_ONCE(cpu_thread()->cpu);
}

/* The i-th hart, 0 <= i < cpu_count(); 0 is the boot hart. Indices are the
 * kernel's own; hartids are the firmware's. */
struct cpu *cpu_get(unsigned i);
unsigned cpu_count(void);

/* Enters a hart into the table. Returns it, or NULL when the table is full. */
struct cpu *cpu_add(uint64_t hartid);

/* Starts cpu's hart, which continues at thread->context with translation on.
 * Returns as sbi_hart_start. Boot hart, after kmap_init. */
int cpu_start(struct cpu *cpu, struct arch_thread *thread) MUST_CHECK;

/* Makes cpu take a software interrupt. Any context. */
void cpu_poke(const struct cpu *cpu);

/* Makes every other hart stop for ever; for panics. Any context. */
void cpu_stop_others(void);

/* The software interrupt's work in arch: honours cpu_stop_others. */
void cpu_handle_poke(void);

/* switch.S: leaves prev and continues next; returns when something switches to
 * prev again, perhaps on another hart. Interrupts off. */
void cpu_switch(struct arch_thread *prev, struct arch_thread *next);

/* Floating-point registers to and from memory. */
void fpu_save(struct fpu_state *state);
void fpu_load(const struct fpu_state *state);

/* Interrupts of this hart. */
static inline void
cpu_irq_enable(void)
{
    csr_set(sstatus, SSTATUS_SIE);
}

/* Turns them off; returns whether they were on. */
static inline bool
cpu_irq_save(void)
{
    return csr_read_clear(sstatus, SSTATUS_SIE) & SSTATUS_SIE;
}

static inline void
cpu_irq_restore(bool on)
{
    if (on)
        cpu_irq_enable();
}

/* Sleeps until an interrupt is pending, enabled or not [riscv-priv §3.3.3]. */
static inline void
cpu_wait_for_interrupt(void)
{
    __asm__ volatile("wfi" ::: "memory");
}

/* A hint that this is a spin loop. */
static inline void
cpu_relax(void)
{
    /* pause, of Zihintpause, encoded as the fence it is elsewhere. */
    __asm__ volatile(".insn i 0x0f, 0, x0, x0, 0x010" ::: "memory");
}
