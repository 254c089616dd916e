/* Program entry. The kernel leaves argc, argv, envp and the auxiliary vector
 * at sp, and sp aligned to 16 [psabi §2.1]; every other register is
 * unspecified. */
    .section .text.start, "ax"
    .globl _start
    .type _start, @function
_start:
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    mv      fp, zero            /* ends every backtrace */
    mv      a0, sp
    andi    sp, sp, -16
    tail    libc_start
    .size _start, . - _start
    .section .note.GNU-stack, "", @progbits
