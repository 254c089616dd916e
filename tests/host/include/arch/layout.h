/* The host's stand-in for kernel/arch/layout.h: "physical" addresses are heap
 * addresses, moved down to where a machine has its memory. */
#pragma once

#include "lib/compiler.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ul

/* Any context. Ends the test for what is not on the heap, such as a stack. */
uint64_t virt_to_phys(const void *va);
void *phys_to_virt(uint64_t pa);
