/* Address translation: which page table this hart uses, and fences for the
 * TLB [riscv-priv §4.2.1]. Any context. */
#pragma once

#include "arch/csr.h"

/* Earlier writes to page tables are seen by later accesses through va in the
 * address space numbered asid. */
static inline void
tlb_flush_page(uint64_t va, uint64_t asid)
{
    __asm__ volatile("sfence.vma %0, %1" ::"r"(va), "r"(asid) : "memory");
}

/* The same for all of that space, or for everything. */
static inline void
tlb_flush_space(uint64_t asid)
{
    __asm__ volatile("sfence.vma zero, %0" ::"r"(asid) : "memory");
}

static inline void
tlb_flush_all(void)
{
    __asm__ volatile("sfence.vma zero, zero" ::: "memory");
}

/* Uses the page table whose root is at physical address root_pa, and what is
 * cached under the number asid, which is still to be flushed if that was
 * another table's. */
static inline void
tlb_set_root(uint64_t root_pa, uint64_t asid)
{
    csr_write(satp, SATP_SV39 | asid << SATP_ASID_SHIFT | root_pa >> 12);
}

/* How many numbers this hart tells apart: it keeps the lower bits of those
 * written, all of them or none [riscv-priv §4.1.11]. */
static inline uint64_t
tlb_count_asids(void)
{
    uint64_t satp = csr_read(satp);
    csr_write(satp, satp | SATP_ASID);
    uint64_t most = (csr_read(satp) & SATP_ASID) >> SATP_ASID_SHIFT;
    csr_write(satp, satp);
    return most + 1;
}

/* Earlier writes to memory are seen by this hart's later instruction fetches
 * [riscv-unpriv §3]. */
static inline void
tlb_sync_instructions(void)
{
    __asm__ volatile("fence.i" ::: "memory");
}
