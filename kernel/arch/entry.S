/* The first instructions on each hart.
 *
 * OpenSBI enters with address translation and interrupts off, a0 = hartid,
 * a1 = an argument: the device tree's address on the boot hart, what
 * sbi_hart_start passed on the others [sbi §9.1]. Symbols reached by lla are
 * physical addresses until satp is written; link addresses come from memory.
 *
 * There is no identity map: the instruction after the write of satp faults,
 * and the fault goes to stvec, which holds its virtual address. */

#include "asm-offsets.h"

    .section .text.entry, "ax"
    .globl _start
_start:
    csrw    sie, zero
    lla     t0, boot_taken
    li      t1, 1
    amoswap.w.aq t1, t1, (t0)
    bnez    t1, late_start
    mv      s0, a0
    mv      s1, a1
    rdinstret s2

    lla     t0, _bss
    lla     t1, _end
1:  sd      zero, 0(t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b

    lla     sp, boot_stack_top
    call    boot_map                    /* returns the value for satp */

    ld      t0, boot_entered_va
    csrw    stvec, t0
    sfence.vma
    csrw    satp, a0
    call    boot_without_mmu

    .balign 4
boot_entered:
    sfence.vma
    lla     sp, boot_stack_top
    lla     tp, boot_thread
    csrw    sscratch, zero
    lla     t0, trap_entry
    csrw    stvec, t0
    mv      a0, s0
    mv      a1, s1
    mv      a2, s2
    li      s0, 0                       /* ends backtraces */
    call    kmain
1:  wfi
    j       1b

    /* Another hart has booted before: this one was started by cpu_start, but
     * OpenSBI 1.1 has been seen to start a hart before it stored where. What
     * it should have been told is in cpu_starting: hartid, thread. */
late_start:
    lla     t0, cpu_starting
1:  ld      a1, 8(t0)
    fence   r, r
    ld      t1, 0(t0)
    fence   r, r
    ld      t2, 8(t0)
    beqz    a1, 1b
    bne     a1, t2, 1b                  /* just being changed */
    bne     t1, a0, 1b

    /* a1 = virtual address of the hart's idle thread, whose context says
     * what to run on which stack. */
    .globl secondary_start
    .balign 4
secondary_start:
    csrw    sie, zero
    ld      a0, boot_satp
    ld      t0, secondary_entered_va
    csrw    stvec, t0
    sfence.vma
    csrw    satp, a0

    .balign 4
secondary_entered:
    sfence.vma
    mv      tp, a1
    csrw    sscratch, zero
    lla     t0, trap_entry
    csrw    stvec, t0
    ld      ra, THREAD_CONTEXT+0(tp)
    ld      sp, THREAD_CONTEXT+8(tp)
    li      s0, 0
    ret

    .data
    .balign 4
boot_taken:
    .word   0

    .section .rodata
    .balign 8
boot_entered_va:      .dword boot_entered
secondary_entered_va: .dword secondary_entered

    .section .bss.boot_stack, "aw", @nobits
    .balign 2 * STACK_SIZE
    .globl boot_stack_guard
boot_stack_guard:
    .zero   STACK_SIZE
    .zero   STACK_SIZE
    .globl boot_stack_top
boot_stack_top:
