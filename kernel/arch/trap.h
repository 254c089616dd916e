/* Traps: how control enters and leaves the kernel [riscv-priv §4.1].
 *
 * Owns stvec and the hooks through which arch calls upwards. */
#pragma once

#include "arch/cpu.h"

/* The interrupted registers, on the kernel stack; trap.S knows the layout. */
struct trapframe {
    uint64_t ra, sp, gp, tp;
    uint64_t t0, t1, t2;
    uint64_t s0, s1;
    uint64_t a[8];
    uint64_t s2_11[10];
    uint64_t t3, t4, t5, t6;
    uint64_t sepc, sstatus;
    uint64_t scause, stval; /* not filled in for system calls */
    uint64_t pad_;          /* keeps sp 16-byte aligned [psabi §2.1] */
};

/* What the layers above do about traps. All are called with interrupts off,
 * in the context of the thread that trapped. */
struct trap_hooks {
    /* A system call; frame->a[0..5] hold arguments, a[7] the number. The
     * hook turns interrupts on for the call and stores the result. */
    void (*syscall)(struct trapframe *frame);

    /* Any other exception in user mode. */
    void (*user_exception)(struct trapframe *frame);

    void (*timer)(void);
    void (*external)(void);
    void (*ipi)(void);

    /* Before each return to user mode: reschedule, deliver signals. */
    void (*user_return)(struct trapframe *frame);
};

extern struct trap_hooks trap_hooks; /* set once, before the first trap */

/* Points this hart's traps at the kernel and lets interrupts pend. */
void trap_init_hart(void);

/* The frame at the top of a user thread's kernel stack. */
static inline struct trapframe *
trap_user_frame(const struct arch_thread *t)
{
    return (struct trapframe *)(t->kernel_sp - sizeof(struct trapframe));
}

/* In the handler of an interrupt: whether that came in user mode. */
static inline bool
trap_was_in_user(void)
{
    return !(csr_read(sstatus) & SSTATUS_SPP);
}

/* Prepares frame for a fresh program: entry point, stack, clear registers. */
void trap_init_user_frame(struct trapframe *frame, uint64_t entry,
                          uint64_t stack);

/* Leaves the kernel for the user mode that frame describes. */
NORETURN void trap_return_to_user(struct trapframe *frame);
