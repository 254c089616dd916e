#include "mm/kmap.h"
#include "arch/boot.h"
#include "arch/layout.h"
#include "arch/sbi.h"
#include "arch/tlb.h"
#include "lib/panic.h"
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

static void
map_image(const char *start, const char *end, uint64_t flags)
{
    map_or_panic((uint64_t)start, virt_to_phys(start), (uint64_t)(end - start),
                 flags);
}

/* RAM is writable, except where the image is not: the direct map must not
 * be a way around that. */
static void
map_direct(uint64_t start, uint64_t end)
{
    uint64_t fixed = virt_to_phys(_text), fixed_end = virt_to_phys(_erodata);
    uint64_t cuts[4] = {
        start,
        MAX(start, MIN(fixed, end)),
        MAX(start, MIN(fixed_end, end)),
        end,
    };
    for (unsigned i = 0; i < 3; i++)
        map_or_panic(DIRECT_BASE + cuts[i], cuts[i], cuts[i + 1] - cuts[i],
                     i == 1 ? PTE_R : PTE_R | PTE_W);
}

void
kmap_init(const struct memmap *map)
{
    map_image(_text, _etext, PTE_R | PTE_X);
    map_image(_rodata, _erodata, PTE_R);
    map_image(_data, boot_stack_guard, PTE_R | PTE_W);
    map_image(boot_stack_guard + KSTACK_SIZE, _end, PTE_R | PTE_W);

    uint64_t stop;
    for (uint64_t at = 0; memmap_next(map, true, DIRECT_SIZE, &at, &stop);
         at = stop)
        map_direct(at, stop);

    /* The stacks' root entry must be there before it is copied. */
    if (!pt_walk(kernel_root, STACKS_BASE, 1, true))
        panic("no memory for the kernel's page table");
    boot_satp = SATP_SV39 | virt_to_phys(kernel_root) >> PAGE_SHIFT;
    tlb_set_root(virt_to_phys(kernel_root), 0);
    tlb_flush_all();
}

const uint64_t *
kmap_root(void)
{
    return kernel_root;
}

void *
kmap_device(uint64_t pa, uint64_t size)
{
    uint64_t start = ALIGN_DOWN(pa, PAGE_SIZE);
    uint64_t end = ALIGN_UP(pa + size, PAGE_SIZE);
    if (end <= start || end > DIRECT_SIZE)
        return NULL;
    for (uint64_t p = start; p < end; p += PAGE_SIZE) {
        uint64_t *entry = pt_walk(kernel_root, DIRECT_BASE + p, 0, true);
        if (!entry)
            return NULL;
        *entry = pt_leaf(p, PTE_R | PTE_W | PTE_G);
    }
    tlb_flush_all();
    sbi_remote_sfence(SBI_ALL_HARTS, (uint64_t)phys_to_virt(start), end - start,
                      SBI_ALL_SPACES);
    return phys_to_virt(pa);
}

/* Maps the stack of a slot that was never used. */
static void *
new_stack_locked(void)
{
    uint64_t bottom = next_slot + KSTACK_SIZE;
    if (next_slot == STACKS_BASE + STACKS_SIZE)
        return NULL;
    for (uint64_t va = bottom; va < bottom + KSTACK_SIZE; va += PAGE_SIZE) {
        uint64_t *entry = pt_walk(kernel_root, va, 0, true);
        if (!entry)
            return NULL;
        if (*entry & PTE_V)
            continue; /* left by a try that ran out of memory */
        void *frame = frame_alloc(0);
        if (!frame)
            return NULL;
        *entry = pt_leaf(virt_to_phys(frame), PTE_R | PTE_W | PTE_G);
    }
    next_slot += SLOT_SIZE;
    return (void *)(bottom + KSTACK_SIZE);
}

/* Stacks stay mapped when they are freed: mapping one costs fences on all
 * harts, which may have cached that there is nothing [riscv-priv §4.2.1]. */
void *
kmap_stack_alloc(void)
{
    bool fresh = false;
    spin_lock(&kmap_lock);
    void *top = free_stacks;
    if (top) {
        free_stacks = ((void **)top)[-1];
    } else {
        top = new_stack_locked();
        fresh = top != NULL;
    }
    spin_unlock(&kmap_lock);
    if (fresh) {
        tlb_flush_all();
        sbi_remote_sfence(SBI_ALL_HARTS, (uint64_t)top - KSTACK_SIZE,
                          KSTACK_SIZE, SBI_ALL_SPACES);
    }
    return top;
}

void
kmap_stack_free(void *top)
{
    spin_guard(&kmap_lock);
    ((void **)top)[-1] = free_stacks;
    free_stacks = top;
}
