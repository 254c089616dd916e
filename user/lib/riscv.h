/* The only inline assembly of user land: system calls, counters and marks.
 *
 * Owns nothing. riscv_syscall* return what the kernel returned, a negated
 * error number included; <unistd.h> has the forms that set errno. The number
 * goes in a7, arguments in a0 to a5, the result in a0; the kernel keeps every
 * other register. */
#pragma once

#include <stdint.h>

static inline long
riscv_syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a5 __asm__("a5") = f;
    __asm__ volatile("ecall"
                     : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                     : "memory");
    return a0;
}

static inline long
riscv_syscall3(long number, long a, long b, long c)
{
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return a0;
}

static inline long
riscv_syscall0(long number)
{
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0");
    __asm__ volatile("ecall" : "=r"(a0) : "r"(a7) : "memory");
    return a0;
}

/* Instructions this hart has retired [riscv-unpriv §10.1]. */
static inline uint64_t
riscv_instret(void)
{
    uint64_t n;
    __asm__ volatile("rdinstret %0" : "=r"(n) : : "memory");
    return n;
}

/* Ticks of the machine's timebase [riscv-unpriv §10.1]. */
static inline uint64_t
riscv_time(void)
{
    uint64_t n;
    __asm__ volatile("rdtime %0" : "=r"(n) : : "memory");
    return n;
}

/* Marks between which somebody outside the machine counts instructions
 * (bench/count.c): SLTI to x0, a hint for custom use [riscv-unpriv §2.9]. */
static inline void
riscv_mark_begin(void)
{
    __asm__ volatile("slti zero, zero, 1" : : : "memory");
}

static inline void
riscv_mark_end(void)
{
    __asm__ volatile("slti zero, zero, 2" : : : "memory");
}
