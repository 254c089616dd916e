/* Memory ordering against devices and other harts, named by purpose.
 *
 * RVWMO orders nothing between different addresses by itself; device
 * registers are I/O, RAM is memory [riscv-unpriv §2.7]. Any context. */
#pragma once

/* Earlier writes to RAM are visible to other harts and devices before later
 * writes to RAM. */
static inline void
barrier_write(void)
{
    __asm__ volatile("fence w, w" ::: "memory");
}

/* Earlier reads of RAM are done before later reads of RAM. */
static inline void
barrier_read(void)
{
    __asm__ volatile("fence r, r" ::: "memory");
}

/* Earlier writes to RAM are visible before later reads of RAM are done. */
static inline void
barrier_full(void)
{
    __asm__ volatile("fence rw, rw" ::: "memory");
}

/* Earlier writes to RAM are visible before later device register writes:
 * "ring first, bell afterwards". */
static inline void
barrier_before_mmio(void)
{
    __asm__ volatile("fence w, o" ::: "memory");
}

/* Earlier device register reads are done before later reads of RAM. */
static inline void
barrier_after_mmio(void)
{
    __asm__ volatile("fence i, r" ::: "memory");
}
