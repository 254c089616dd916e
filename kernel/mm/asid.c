#include "mm/asid.h"
#include "arch/tlb.h"
#include "mm/space.h"

/* Translations are tagged with the number of their space, so that those of
 * several spaces can be in one TLB. There are fewer numbers than spaces: they
 * are given in turn, and for each, a hart keeps in `known` the generation of
 * the space whose translations it has. */

/* atomic */
static uint64_t asids = ASID_MAX; /* as many as every hart tells apart */
static uint64_t generations, created;

void
asid_init_hart(uint64_t most)
{
    most = MIN(most, tlb_count_asids());
    asids = MIN(asids, most);
}

uint64_t
asid_new_generation(void)
{
    return __atomic_add_fetch(&generations, 1, __ATOMIC_RELAXED);
}

void
asid_assign(struct space *space)
{
    space->asid = __atomic_fetch_add(&created, 1, __ATOMIC_RELAXED) % asids;
    space->generation = asid_new_generation();
}
