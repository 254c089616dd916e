/* This hart's interrupt file for S-mode, by its registers [aia §3.7].
 *
 * Owns siselect and sireg; with interrupts off, since the two go together.
 * Numbers instead of names: assemblers may not know them. */
#pragma once

#include "arch/csr.h"

/* Registers of the file, each of 64 bits; of eip and eie, which are numbered
 * by 32 bits, only the even ones exist [aia §3.8]. */
#define IMSIC_EIDELIVERY  0x70u
#define IMSIC_EITHRESHOLD 0x72u
#define IMSIC_EIP(id)     (0x80u + (id) / 64 * 2)
#define IMSIC_EIE(id)     (0xc0u + (id) / 64 * 2)

/* Whether the hart has such a file, and the firmware lets S-mode have it. */
static inline bool
imsic_present(void)
{
    uint64_t stvec, present;
    /* Without it, stopei is an illegal instruction [aia §2.5]. */
    __asm__ volatile("la %1, 1f\n\t"
                     "csrrw %0, stvec, %1\n\t"
                     "li %1, 0\n\t"
                     "csrr %1, 0x15c\n\t"
                     "li %1, 1\n\t"
                     ".balign 4\n"
                     "1:\n\t"
                     "csrw stvec, %0"
                     : "=&r"(stvec), "=&r"(present)::"memory");
    return present;
}

static inline uint64_t
imsic_read(unsigned reg)
{
    csr_write(0x150, reg);  /* siselect */
    return csr_read(0x151); /* sireg */
}

static inline void
imsic_write(unsigned reg, uint64_t value)
{
    csr_write(0x150, reg);
    csr_write(0x151, value);
}

/* Takes the most urgent interrupt that is pending and enabled. Returns its
 * identity, 0 if there is none [aia §3.9]. */
static inline unsigned
imsic_claim(void)
{
    uint64_t stopei;
    __asm__ volatile("csrrw %0, 0x15c, zero" : "=r"(stopei)::"memory");
    return stopei >> 16;
}
