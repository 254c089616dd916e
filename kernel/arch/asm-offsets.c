/* Numbers that assembly needs of C's structures. The build compiles this file
 * to assembly and turns the marked lines into asm-offsets.h. */
#include "arch/trap.h"

#define DEFINE(name, value) \
    __asm__ volatile(".ascii \"->" #name " %0\"" ::"i"((uint64_t)(value)))

void asm_offsets(void);

void
asm_offsets(void)
{
    DEFINE(THREAD_KERNEL_SP, offsetof(struct arch_thread, kernel_sp));
    DEFINE(THREAD_USER_SP, offsetof(struct arch_thread, user_sp));
    DEFINE(THREAD_CONTEXT, offsetof(struct arch_thread, context));
    DEFINE(FRAME_SIZE, sizeof(struct trapframe));
    DEFINE(FRAME_SP, offsetof(struct trapframe, sp));
    DEFINE(FRAME_TP, offsetof(struct trapframe, tp));
    DEFINE(FRAME_SEPC, offsetof(struct trapframe, sepc));
    DEFINE(FRAME_SSTATUS, offsetof(struct trapframe, sstatus));
    DEFINE(FPU_FCSR, offsetof(struct fpu_state, fcsr));
    DEFINE(STACK_SIZE, KSTACK_SIZE);
    DEFINE(STACK_SHIFT, KSTACK_SHIFT);
}
