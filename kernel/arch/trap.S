/* Trap entry and exit [riscv-priv §4.1.1, §4.1.6].
 *
 * In user mode sscratch holds the thread's address; in the kernel it is zero
 * and tp holds it. That tells trap_entry where it came from. */

#include "asm-offsets.h"

    /* Stores (op = sd) or loads (ld) all registers but sp and tp: in a struct
     * trapframe, they lie in the order of their numbers, from x1 on. */
    .macro ALL_BUT_SP_TP op, frame
    .irp    i, 1,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24, \
               25,26,27,28,29,30,31
    \op     x\i, 8 * \i - 8(\frame)
    .endr
    .endm

    .macro SAVE frame
    ALL_BUT_SP_TP sd, \frame
    csrr    t0, sepc
    csrr    t1, sstatus
    sd      t0, FRAME_SEPC(\frame)
    sd      t1, FRAME_SSTATUS(\frame)
    .endm

    .macro RESTORE
    ld      t0, FRAME_SEPC(sp)
    ld      t1, FRAME_SSTATUS(sp)
    csrw    sepc, t0
    csrw    sstatus, t1
    ALL_BUT_SP_TP ld, sp
    ld      sp, FRAME_SP(sp)
    sret
    .endm

    .text
    .globl trap_entry
    .balign 4                           /* stvec's mode bits [§4.1.2] */
trap_entry:
    csrrw   tp, sscratch, tp
    beqz    tp, from_kernel

from_user:
    sd      sp, THREAD_USER_SP(tp)
    ld      sp, THREAD_KERNEL_SP(tp)
    addi    sp, sp, -FRAME_SIZE
    SAVE    sp
    ld      t0, THREAD_USER_SP(tp)
    csrrw   t1, sscratch, zero
    sd      t0, FRAME_SP(sp)
    sd      t1, FRAME_TP(sp)
    li      s0, 0                       /* the backtrace ends here */
    mv      a0, sp
    call    trap_user

    /* sp is the frame; interrupts are off */
    .globl trap_exit
trap_exit:
    csrw    sscratch, tp
    ld      tp, FRAME_TP(sp)
    RESTORE

    /* tp is free until it is read back from sscratch. */
from_kernel:
    addi    sp, sp, -FRAME_SIZE
    srli    tp, sp, STACK_SHIFT
    andi    tp, tp, 1
    beqz    tp, stack_overflow
    csrrw   tp, sscratch, zero
    SAVE    sp
    addi    t0, sp, FRAME_SIZE
    sd      t0, FRAME_SP(sp)
    sd      tp, FRAME_TP(sp)
    mv      a0, sp
    call    trap_kernel
    RESTORE

    /* The stack that should take the frame is full: report from another. */
stack_overflow:
    addi    a0, sp, FRAME_SIZE
    csrrw   tp, sscratch, zero
    lla     sp, overflow_stack_top
    csrr    a1, sepc
    mv      a2, s0
    call    trap_stack_overflow

    .globl trap_return_to_user
trap_return_to_user:
    csrci   sstatus, 2                  /* SIE */
    mv      sp, a0
    j       trap_exit

    /* void trap_capture(struct trapframe *frame): the registers as they are */
    .globl trap_capture
trap_capture:
    SAVE    a0
    sd      sp, FRAME_SP(a0)
    sd      tp, FRAME_TP(a0)
    ret

    .section .bss
    .balign 16
    .zero   4096
overflow_stack_top:
