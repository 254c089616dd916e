/* Where a signal handler returns to. Unwinders know it by these very two
 * instructions, which is why the number is not loaded in another way. */

    .section .text
    .balign 4
    .globl __vdso_rt_sigreturn
    .type __vdso_rt_sigreturn, @function
__vdso_rt_sigreturn:
    li      a7, 139                     /* rt_sigreturn */
    ecall
    .size __vdso_rt_sigreturn, . - __vdso_rt_sigreturn
