/* Trap entry and exit [riscv-priv §4.1.1, §4.1.6].
 *
 * In user mode sscratch holds the thread's address; in the kernel it is zero
 * and tp holds it. That tells trap_entry where it came from. */

#include "asm-offsets.h"

    .macro SAVE_ALL_BUT_SP_TP
    sd      ra, FRAME_RA(sp)
    sd      gp, FRAME_GP(sp)
    sd      t0, FRAME_T0+0(sp)
    sd      t1, FRAME_T0+8(sp)
    sd      t2, FRAME_T0+16(sp)
    sd      s0, FRAME_S0+0(sp)
    sd      s1, FRAME_S0+8(sp)
    sd      a0, FRAME_A0+0(sp)
    sd      a1, FRAME_A0+8(sp)
    sd      a2, FRAME_A0+16(sp)
    sd      a3, FRAME_A0+24(sp)
    sd      a4, FRAME_A0+32(sp)
    sd      a5, FRAME_A0+40(sp)
    sd      a6, FRAME_A0+48(sp)
    sd      a7, FRAME_A0+56(sp)
    sd      s2, FRAME_S2+0(sp)
    sd      s3, FRAME_S2+8(sp)
    sd      s4, FRAME_S2+16(sp)
    sd      s5, FRAME_S2+24(sp)
    sd      s6, FRAME_S2+32(sp)
    sd      s7, FRAME_S2+40(sp)
    sd      s8, FRAME_S2+48(sp)
    sd      s9, FRAME_S2+56(sp)
    sd      s10, FRAME_S2+64(sp)
    sd      s11, FRAME_S2+72(sp)
    sd      t3, FRAME_T3+0(sp)
    sd      t4, FRAME_T3+8(sp)
    sd      t5, FRAME_T3+16(sp)
    sd      t6, FRAME_T3+24(sp)
    csrr    t0, sepc
    csrr    t1, sstatus
    sd      t0, FRAME_SEPC(sp)
    sd      t1, FRAME_SSTATUS(sp)
    .endm

    .macro RESTORE_ALL_BUT_SP_TP
    ld      t0, FRAME_SEPC(sp)
    ld      t1, FRAME_SSTATUS(sp)
    csrw    sepc, t0
    csrw    sstatus, t1
    ld      ra, FRAME_RA(sp)
    ld      gp, FRAME_GP(sp)
    ld      t0, FRAME_T0+0(sp)
    ld      t1, FRAME_T0+8(sp)
    ld      t2, FRAME_T0+16(sp)
    ld      s0, FRAME_S0+0(sp)
    ld      s1, FRAME_S0+8(sp)
    ld      a0, FRAME_A0+0(sp)
    ld      a1, FRAME_A0+8(sp)
    ld      a2, FRAME_A0+16(sp)
    ld      a3, FRAME_A0+24(sp)
    ld      a4, FRAME_A0+32(sp)
    ld      a5, FRAME_A0+40(sp)
    ld      a6, FRAME_A0+48(sp)
    ld      a7, FRAME_A0+56(sp)
    ld      s2, FRAME_S2+0(sp)
    ld      s3, FRAME_S2+8(sp)
    ld      s4, FRAME_S2+16(sp)
    ld      s5, FRAME_S2+24(sp)
    ld      s6, FRAME_S2+32(sp)
    ld      s7, FRAME_S2+40(sp)
    ld      s8, FRAME_S2+48(sp)
    ld      s9, FRAME_S2+56(sp)
    ld      s10, FRAME_S2+64(sp)
    ld      s11, FRAME_S2+72(sp)
    ld      t3, FRAME_T3+0(sp)
    ld      t4, FRAME_T3+8(sp)
    ld      t5, FRAME_T3+16(sp)
    ld      t6, FRAME_T3+24(sp)
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
    SAVE_ALL_BUT_SP_TP
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
    RESTORE_ALL_BUT_SP_TP
    ld      sp, FRAME_SP(sp)
    sret

    /* tp is free until it is read back from sscratch. */
from_kernel:
    addi    sp, sp, -FRAME_SIZE
    srli    tp, sp, STACK_SHIFT
    andi    tp, tp, 1
    beqz    tp, stack_overflow
    csrrw   tp, sscratch, zero
    SAVE_ALL_BUT_SP_TP
    addi    t0, sp, FRAME_SIZE
    sd      t0, FRAME_SP(sp)
    sd      tp, FRAME_TP(sp)
    mv      a0, sp
    call    trap_kernel
    RESTORE_ALL_BUT_SP_TP
    ld      sp, FRAME_SP(sp)
    sret

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

    .section .bss
    .balign 16
    .zero   4096
overflow_stack_top:
