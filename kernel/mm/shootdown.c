#include "mm/shootdown.h"
#include "arch/barrier.h"
#include "arch/sbi.h"
#include "arch/tlb.h"
#include "mm/asid.h"
#include "mm/frame.h"
#include "mm/pagetable.h"

/* A generation is never given twice, and who takes rights away from a space
 * gives it a new one. So a hart that comes to a space and knows another
 * generation for its number has to flush that: it may have missed something, or
 * has another space's translations (mm/asid.c).
 *
 * A hart whose thread lives in a space says so in `active` before it looks at
 * the space's generation; who takes rights away changes the generation before
 * it looks who is active. So either the one sees that it has to flush, or the
 * other that it has to be told. A user copy says which page table it walks in
 * `copying`, before it looks into it, and is over soon: it is waited for. */

#define FEW_PAGES 16u /* flushing more one by one costs more than all */

static void
tell_harts(const struct space *space, uint64_t start, uint64_t size)
{
    for (unsigned i = 0; i < cpu_count(); i++) {
        const struct cpu *cpu = cpu_get(i);
        if (cpu == this_cpu())
            continue;
        if (READ_ONCE(cpu->active) == space)
            sbi_remote_sfence(cpu->hartid, start, size, space->asid);
        while (__atomic_load_n(&cpu->copying, __ATOMIC_ACQUIRE) == space)
            cpu_relax();
    }
}

void
space_revoke(struct space *space, uint64_t start, uint64_t end)
{
    bool few = end - start <= FEW_PAGES * PAGE_SIZE;
    struct cpu *self = this_cpu();
    WRITE_ONCE(space->generation, asid_new_generation());
    barrier_full();
    tell_harts(space, few ? start : 0, few ? end - start : UINT64_MAX);
    if (self->active != space)
        return; /* it may have missed more than this */
    self->known[space->asid] = space->generation;
    if (!few)
        tlb_flush_space(space->asid);
    for (uint64_t va = start; few && va < end; va += PAGE_SIZE)
        tlb_flush_page(va, space->asid);
}

void
space_switch(struct space *space)
{
    struct cpu *cpu = this_cpu();
    struct space *old = cpu->space;
    WRITE_ONCE(cpu->active, space);
    if (!space)
        return;
    barrier_full();
    uint64_t generation = READ_ONCE(space->generation);
    bool flushes = cpu->known[space->asid] != generation;
    cpu->known[space->asid] = generation;
    if (old != space) {
        cpu->space = space_ref(space);
        tlb_set_root(virt_to_phys(space->root), space->asid);
    }
    if (flushes)
        tlb_flush_space(space->asid);
    if (flushes || old != space)
        tlb_sync_instructions(); /* a program may have come from elsewhere */
    if (old && old != space)
        space_unref(old);
}

/* ---- Taking pages away ---- */

uint64_t
space_end_of_table(const struct space *space, uint64_t va, uint64_t end)
{
    bool there = space->root[pte_index(va, PT_LEVELS - 1)] & PTE_V;
    uint64_t span = pte_span(there ? 1 : PT_LEVELS - 1);
    return MIN(end, ALIGN_DOWN(va, span) + span);
}

void
space_for_each_page(struct space *space, uint64_t start, uint64_t end,
                    void (*visit)(struct space *space, uint64_t *entry,
                                  uint64_t arg),
                    uint64_t arg)
{
    for (uint64_t va = start, table_end; va < end; va = table_end) {
        uint64_t *entry = pt_walk(space->root, va, 0, false);
        table_end = space_end_of_table(space, va, end);
        for (; entry && va < table_end; va += PAGE_SIZE, entry++)
            if (*entry)
                visit(space, entry, arg);
    }
}

static void
invalidate_page(struct space *space UNUSED, uint64_t *entry, uint64_t any)
{
    *entry &= ~PTE_V;
    *(bool *)any = true;
}

static void
drop_page(struct space *space, uint64_t *entry, uint64_t arg UNUSED)
{
    frame_unref(phys_to_virt(pte_address(*entry)));
    *entry = 0;
    space->resident -= PAGE_SIZE;
}

/* First nobody must be able to find a frame, then it may go: an entry keeps
 * it in mind in between. */
void
space_drop_pages(struct space *space, uint64_t start, uint64_t end, bool alone)
{
    space->peak = MAX(space->peak, space->resident);
    bool any = alone;
    if (!alone)
        space_for_each_page(space, start, end, invalidate_page, (uint64_t)&any);
    if (!any)
        return;
    if (!alone)
        space_revoke(space, start, end);
    space_for_each_page(space, start, end, drop_page, 0);
}
