/* The host's stand-in for kernel/arch/tlb.h: a test has TLBs of its own, which
 * forget nothing unless they are told. */
#pragma once

#include "lib/compiler.h"

void tlb_flush_page(uint64_t va, uint64_t asid);
void tlb_flush_space(uint64_t asid);
void tlb_set_root(uint64_t root_pa, uint64_t asid);
uint64_t tlb_count_asids(void);
void tlb_sync_instructions(void);
