/* Address translation: which page table this hart uses, and fences for the
 * TLB [riscv-priv §4.2.1]. Any context. */
#pragma once

#include "arch/csr.h"

/* Earlier writes to page tables are seen by later accesses through va. */
static inline void
tlb_flush_page(uint64_t va)
{
    __asm__ volatile("sfence.vma %0, zero" ::"r"(va) : "memory");
}

static inline void
tlb_flush_all(void)
{
    __asm__ volatile("sfence.vma zero, zero" ::: "memory");
}

/* Uses the page table whose root is at physical address root_pa. All entries
 * of the table before are dropped: there are no address space numbers. */
static inline void
tlb_set_root(uint64_t root_pa)
{
    csr_write(satp, SATP_SV39 | root_pa >> 12);
    tlb_flush_all();
}

/* Earlier writes to memory are seen by this hart's later instruction fetches
 * [riscv-unpriv §3]. */
static inline void
tlb_sync_instructions(void)
{
    __asm__ volatile("fence.i" ::: "memory");
}
