/* Where things are in the kernel's half of an Sv39 address space.
 *
 *   0xffffffc0_00000000  direct map: physical address p at DIRECT_BASE + p,
 *                        RAM in the largest pages, device registers by 4 KiB
 *   0xffffffe0_00000000  kernel stacks, each under a guard page
 *   0xffffffff_80000000  kernel image, as linked
 *
 * Owns nothing; any context. */
#pragma once

#include "lib/compiler.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ul

#define DIRECT_BASE 0xffffffc000000000ul
#define DIRECT_SIZE 0x2000000000ul
#define STACKS_BASE 0xffffffe000000000ul
#define STACKS_SIZE 0x40000000ul

/* A kernel stack fills the upper half of a slot of twice its size and leaves
 * the lower half unmapped: bit KSTACK_SHIFT of a stack pointer is 1 on the
 * stack and 0 once it has overflowed, which trap.S tests before it stores. */
#define KSTACK_SHIFT 14
#define KSTACK_SIZE  (1ul << KSTACK_SHIFT)

#define USER_END 0x4000000000ul /* first address user space cannot have */

/* The kernel image, from kernel.ld. */
extern char _text[], _etext[], _rodata[], _erodata[], _data[], _edata[], _bss[],
    _end[];

/* Physical minus link address of the kernel image, set while booting. */
extern uint64_t kernel_phys_offset;

/* The direct-map address of physical address pa. */
static inline void *
phys_to_virt(uint64_t pa)
{
    return (void *)(DIRECT_BASE + pa);
}

/* The physical address of kva, which is in the direct map or the kernel
 * image; never a stack address. */
static inline uint64_t
virt_to_phys(const void *kva)
{
    uint64_t va = (uint64_t)kva;
    if (va >= STACKS_BASE + STACKS_SIZE)
        return va + kernel_phys_offset;
    return va - DIRECT_BASE;
}
