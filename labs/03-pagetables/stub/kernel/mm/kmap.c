#include "mm/kmap.h"
#include "arch/boot.h"
#include "arch/layout.h"
#include "arch/sbi.h"
#include "arch/tlb.h"
#include "lib/panic.h"
#include "lib/todo.h"
#include "mm/frame.h"
#include "mm/pagetable.h"
#include "sync/spinlock.h"

#define SLOT_SIZE (2 * KSTACK_SIZE)

static struct spinlock kmap_lock = SPINLOCK_INIT("kmap", RANK_PAGETABLE);

/* constant after kmap_init, but for what devices and stacks add */
static uint64_t kernel_root[PT_ENTRIES] ALIGNED(PAGE_SIZE);

/* guarded by kmap_lock */
static uint64_t next_slot = STACKS_BASE;
static void *free_stacks; /* each holds the next one's top in its last word */

static void
map_or_panic(uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
    if (pt_map(kernel_root, va, pa, size, flags | PTE_G) != 0)
        panic("no memory for the kernel's page table");
}

/* Maps a part of the image where it is linked. */
static void
map_image(const char *start, const char *end, uint64_t flags)
{
    LAB_TODO(3);
}

/* Maps physical memory [start, end), which is RAM, at the direct map: to be
 * read and written. But the image lies in RAM, too, and what must not be
 * written to at one address must not be at another. */
static void
map_direct(uint64_t start, uint64_t end)
{
    LAB_TODO(3);
}

/* The image in four parts (arch/layout.h, kernel.ld): code, constants, and
 * variables, which the boot stack's guard page interrupts (arch/boot.h,
 * KSTACK_SIZE bytes; it stays unmapped). Then all of RAM that may be mapped
 * (memmap_next, only_unmapped, up to DIRECT_SIZE), and a table for STACKS_BASE,
 * so that its entry of the root is there for who copies the root. Other harts
 * will write boot_satp to satp [riscv-priv §4.1.11]; this hart changes now
 * (arch/tlb.h), and forgets what it knew. */
void
kmap_init(const struct memmap *map)
{
    LAB_TODO(3);
}

const uint64_t *
kmap_root(void)
{
    return kernel_root;
}

/* By 4 KiB pages, of which the first and the last may be wanted in part only.
 * All harts must see it (sbi_remote_sfence): some may have noted that there
 * was nothing [riscv-priv §4.2.1]. */
void *
kmap_device(uint64_t pa, uint64_t size)
{
    LAB_TODO(3);
}

/* Maps the stack of a slot that was never used, next_slot: the upper half, of
 * frames of its own. NULL without memory, or when all slots are used. A try
 * that failed half-way has left some of it: the next one goes on there. */
static void *
new_stack_locked(void)
{
    LAB_TODO(3);
}

/* Stacks stay mapped when they are freed, and are given out again;
 * new_stack_locked is for when there is none. A new one must be seen by all
 * harts. */
void *
kmap_stack_alloc(void)
{
    LAB_TODO(3);
}

/* Links it to the free stacks. */
void
kmap_stack_free(void *top)
{
    LAB_TODO(3);
}
