#include "mm/pagetable.h"
#include "arch/barrier.h"
#include "arch/layout.h"
#include "lib/panic.h"
#include "mm/frame.h"

static uint64_t *
table_of(uint64_t pte)
{
    return phys_to_virt(pte_address(pte));
}

uint64_t *
pt_walk(uint64_t *root, uint64_t va, unsigned level, bool create)
{
    uint64_t *table = root;
    for (unsigned l = PT_LEVELS - 1; l > level; l--) {
        uint64_t *entry = &table[pte_index(va, l)];
        if (!(*entry & PTE_V)) {
            uint64_t *fresh = create ? frame_alloc_zeroed(0) : NULL;
            if (!fresh)
                return NULL;
            barrier_write(); /* a hart may walk here: zeros first */
            *entry = pte_make(virt_to_phys(fresh), PTE_V);
        } else if (pte_is_leaf(*entry) || (create && *entry & PTE_COW)) {
            return NULL;
        }
        table = table_of(*entry);
    }
    return &table[pte_index(va, level)];
}

int
pt_map(uint64_t *root, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
    assert((va | pa | size) % PAGE_SIZE == 0);
    while (size > 0) {
        unsigned level = PT_LEVELS - 1;
        while ((va | pa) & (pte_span(level) - 1) || size < pte_span(level))
            level--;
        uint64_t *entry = pt_walk(root, va, level, true);
        if (!entry)
            return -ENOMEM;
        assert_eq(*entry & PTE_V, 0);
        *entry = pt_leaf(pa, flags);
        va += pte_span(level);
        pa += pte_span(level);
        size -= pte_span(level);
    }
    return 0;
}

void
pt_free_user_tables(uint64_t *root)
{
    for (unsigned i = 0; i < PT_ENTRIES / 2; i++) {
        if (!(root[i] & PTE_V))
            continue;
        uint64_t *middle = table_of(root[i]);
        root[i] = 0; /* before the frames may be used for something else */
        for (unsigned j = 0; j < PT_ENTRIES; j++)
            if (middle[j] & PTE_V)
                frame_free(table_of(middle[j]), 0);
        frame_free(middle, 0);
    }
}
