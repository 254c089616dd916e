/* Saving and loading the F and D registers [riscv-unpriv §11.2, §12].
 *
 * The kernel's C is compiled without them, its assembly with them; sstatus.FS
 * is turned on first, since a kernel thread may have entered with it off. */

#include "asm-offsets.h"

#define ALL_32 0,1,2,3,4,5,6,7,8,9,10,11,12, \
    13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31

    .text
    .globl fpu_save
fpu_save:
    li      t0, 3 << 13                 /* FS [riscv-priv §3.1.6.6] */
    csrs    sstatus, t0
    .irp    i, ALL_32
    fsd     f\i, 8 * \i(a0)
    .endr
    frcsr   t0
    sd      t0, FPU_FCSR(a0)
    ret

    .globl fpu_load
fpu_load:
    li      t0, 3 << 13
    csrs    sstatus, t0
    .irp    i, ALL_32
    fld     f\i, 8 * \i(a0)
    .endr
    ld      t0, FPU_FCSR(a0)
    fscsr   t0
    ret
