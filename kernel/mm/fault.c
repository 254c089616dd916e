#include "mm/space.h"
#include "abi/errno.h"
#include "abi/mman.h"
#include "arch/tlb.h"
#include "lib/string.h"
#include "mm/area.h"
#include "mm/frame.h"
#include "mm/pagetable.h"

bool (*space_find_memory)(unsigned tries);

/* Gives the space a copy of its own of a shared page. */
static int
break_sharing(uint64_t *entry, uint64_t rights)
{
    void *shared = phys_to_virt(pte_address(*entry));
    if (frame_refs(shared) == 1) {
        *entry = pt_leaf(virt_to_phys(shared), rights);
        return 0;
    }
    void *copy = frame_alloc(0);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, shared, PAGE_SIZE);
    *entry = pt_leaf(virt_to_phys(copy), rights);
    frame_unref(shared);
    return 0;
}

static int
fault_locked(struct space *space, uint64_t va, unsigned access)
    REQUIRES(space->lock)
{
    struct area *area = area_find(space, va);
    if (access == PROT_READ) /* any right lets it be read */
        access |= PROT_WRITE | PROT_EXEC;
    if (!area || !(area->prot & access))
        return -EFAULT;
    uint64_t *entry = pt_walk(space->root, va, 0, true);
    if (!entry)
        return -ENOMEM;

    uint64_t rights = area_rights(area->prot);
    if (!(*entry & PTE_V)) {
        void *frame = frame_alloc_zeroed(0);
        if (!frame)
            return -ENOMEM;
        *entry = pt_leaf(virt_to_phys(frame), rights);
        space->resident += PAGE_SIZE;
        return 0;
    }
    if (*entry & PTE_COW) {
        if (access == PROT_WRITE) {
            int error = break_sharing(entry, rights);
            /* No hart may go on using the shared frame. */
            space_revoke(space, va, va + 1);
            return error;
        }
        rights = (rights & ~PTE_W) | PTE_COW;
    }
    /* mprotect gave rights, or this hart had cached their absence. */
    *entry = pt_leaf(pte_address(*entry), rights);
    tlb_flush_page(va);
    return 0;
}

int
space_fault(struct space *space, uint64_t va, unsigned access)
{
    for (unsigned tries = 0;; tries++) {
        spin_lock(&space->lock);
        int error = fault_locked(space, va, access);
        spin_unlock(&space->lock);
        if (error != -ENOMEM || !space_find_memory || !space_find_memory(tries))
            return error;
    }
}

void *
space_translate(const struct space *space, uint64_t va, bool write)
{
    uint64_t need = PTE_V | PTE_U | (write ? PTE_W : 0);
    const uint64_t *table = space->root;
    if (va >= USER_END)
        return NULL;
    for (unsigned level = PT_LEVELS - 1; level > 0; level--) {
        uint64_t entry = table[pte_index(va, level)];
        if (!(entry & PTE_V))
            return NULL;
        table = phys_to_virt(pte_address(entry));
    }
    uint64_t leaf = table[pte_index(va, 0)];
    if ((leaf & need) != need)
        return NULL;
    return (char *)phys_to_virt(pte_address(leaf)) + va % PAGE_SIZE;
}
