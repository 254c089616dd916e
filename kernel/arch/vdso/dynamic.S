/* What makes a shared object of the vDSO: the tables by which a C library finds
 * its functions [elf §5]. They are written out by hand because linkers for
 * bare machines make no shared objects; all addresses count from 0, where
 * vdso.ld begins. */

    .equ    DT_HASH, 4
    .equ    DT_STRTAB, 5
    .equ    DT_SYMTAB, 6
    .equ    DT_STRSZ, 10
    .equ    DT_SYMENT, 11
    .equ    DT_SONAME, 14
    .equ    DT_VERSYM, 0x6ffffff0
    .equ    DT_VERDEF, 0x6ffffffc
    .equ    DT_VERDEFNUM, 0x6ffffffd

    /* Calls `each` with the name of every function and its number. */
    .macro EACH_FUNCTION each
    \each   __vdso_rt_sigreturn, 1
    \each   __vdso_clock_gettime, 2
    \each   __vdso_clock_getres, 3
    \each   __vdso_gettimeofday, 4
    .endm
    .equ    FUNCTIONS, 4

    .section .dynamic, "a"
    .balign 8
    .quad   DT_SONAME, soname - strings
    .quad   DT_HASH, hash
    .quad   DT_STRTAB, strings
    .quad   DT_STRSZ, strings_end - strings
    .quad   DT_SYMTAB, symbols
    .quad   DT_SYMENT, 24
    .quad   DT_VERSYM, versions
    .quad   DT_VERDEF, definitions
    .quad   DT_VERDEFNUM, 2
    .quad   0, 0

    .section .rodata
    .balign 8
symbols:
    .zero   24
    .macro SYMBOL name, number
    .word   .Lname\number - strings
    .byte   0x12, 0                     /* a global function, visible */
    .half   1                           /* defined: not section 0 */
    .quad   \name, 0
    .endm
    EACH_FUNCTION SYMBOL

    /* One bucket: every symbol is in its chain, and no hash matters. */
hash:
    .word   1, FUNCTIONS + 1, 1
    .word   0
    .macro CHAIN name, number
    .word   (\number + 1) % (FUNCTIONS + 1)
    .endm
    EACH_FUNCTION CHAIN

    /* The version of each symbol; version 1 is the object itself. */
    .balign 8
versions:
    .half   0
    .macro VERSION name, number
    .half   2
    .endm
    EACH_FUNCTION VERSION

    .balign 8
    .macro DEFINE flags, index, hash, name, next
    .half   1, \flags, \index, 1
    .word   \hash, 20, \next
    .word   \name - strings, 0
    .endm
definitions:
    /* the numbers are the hashes of the names */
    DEFINE  1, 1, 0x0deebfa1, soname, 28
    DEFINE  0, 2, 0x0ae77f75, version, 0

strings:
    .byte   0
soname:
    .string "linux-vdso.so.1"
version:
    .string "LINUX_4.15"
    .macro NAME name, number
.Lname\number:
    .string "\name"
    .endm
    EACH_FUNCTION NAME
strings_end:
