/* Leaving one thread's registers and taking another's. */

#include "asm-offsets.h"

    .text
    /* void cpu_switch(struct arch_thread *prev, struct arch_thread *next)
     *
     * Keeps what a call preserves in prev, and continues where next left off.
     * tp goes with the thread. */
    .globl cpu_switch
cpu_switch:
    addi    a0, a0, THREAD_CONTEXT
    addi    t0, a1, THREAD_CONTEXT
    sd      ra, 0(a0)
    sd      sp, 8(a0)
    .irp    i, 0,1,2,3,4,5,6,7,8,9,10,11
    sd      s\i, 16 + 8 * \i(a0)
    .endr
    ld      ra, 0(t0)
    ld      sp, 8(t0)
    .irp    i, 0,1,2,3,4,5,6,7,8,9,10,11
    ld      s\i, 16 + 8 * \i(t0)
    .endr
    mv      tp, a1
    ret

    /* Saving and loading the F and D registers [riscv-unpriv §11.2, §12]. The
     * kernel's C is compiled without them, its assembly with them; sstatus.FS
     * is turned on first, since a kernel thread may have entered with it off
     * [riscv-priv §3.1.6.6]. */
    .macro EACH_FPU_REGISTER op
    li      t0, 3 << 13                 /* FS */
    csrs    sstatus, t0
    .irp    i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22, \
               23,24,25,26,27,28,29,30,31
    \op     f\i, 8 * \i(a0)
    .endr
    .endm

    .globl fpu_save
fpu_save:
    EACH_FPU_REGISTER fsd
    frcsr   t0
    sd      t0, FPU_FCSR(a0)
    ret

    .globl fpu_load
fpu_load:
    EACH_FPU_REGISTER fld
    ld      t0, FPU_FCSR(a0)
    fscsr   t0
    ret
