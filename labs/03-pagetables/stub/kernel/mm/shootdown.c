#include "mm/shootdown.h"
#include "arch/barrier.h"
#include "arch/sbi.h"
#include "arch/tlb.h"
#include "lib/todo.h"
#include "mm/asid.h"
#include "mm/frame.h"
#include "mm/pagetable.h"

/* A generation is never given twice (mm/asid.h). Each hart keeps in `known`,
 * for each number, the generation of what its TLB has under it; so it can tell,
 * when it comes to a space, whether it has missed something there, or has
 * another space's translations.
 *
 * struct cpu (arch/cpu.h) says of each hart which space its thread lives in,
 * `active`, which one satp has, `space`, and in which one a user copy is just
 * walking, `copying`. A user copy is over soon. */

#define FEW_PAGES 16u /* flushing more one by one costs more than all */

/* Makes the other harts forget: those whose thread lives in the space are told
 * (sbi_remote_sfence). And returns only when none of them is in the middle of a
 * user copy there. */
static void
tell_harts(const struct space *space, uint64_t start, uint64_t size)
{
    LAB_TODO(3);
}

/* First the space changes its generation, then others are told: a hart may come
 * to the space at any moment, also between the two. How does this one see that,
 * and what has to stand between? Then this hart itself: by pages if they are
 * few, else all of the space. If its thread is not of the space, what does it
 * know afterwards? [riscv-priv §4.2.1] */
void
space_revoke(struct space *space, uint64_t start, uint64_t end)
{
    LAB_TODO(3);
}

/* The other side of it: first says that it comes, then looks at the generation.
 * satp is written only for a space that is not in it already; flushes come
 * after. Whoever comes to another space, or has missed something, may find
 * other code there (tlb_sync_instructions). The space left last is let go of at
 * the very end. */
void
space_switch(struct space *space)
{
    LAB_TODO(3);
}

/* ---- Taking pages away ---- */

uint64_t
space_end_of_table(const struct space *space, uint64_t va, uint64_t end)
{
    bool there = space->root[pte_index(va, PT_LEVELS - 1)] & PTE_V;
    uint64_t span = pte_span(there ? 1 : PT_LEVELS - 1);
    return MIN(end, ALIGN_DOWN(va, span) + span);
}

/* Where there is no table there is nothing to look at: a walk for each table,
 * not for each page. An entry without V may still say something. */
void
space_for_each_page(struct space *space, uint64_t start, uint64_t end,
                    void (*visit)(struct space *space, uint64_t *entry,
                                  uint64_t arg),
                    uint64_t arg)
{
    LAB_TODO(3);
}

/* A frame may be given to others when it can not be reached any more: no entry,
 * no TLB, no copy. So in which order do entries, harts and frames have their
 * turn? If nothing was there nobody need be told; nor if the space is alone.
 * `resident` counts what is there, and `peak` keeps the most it was. */
void
space_drop_pages(struct space *space, uint64_t start, uint64_t end, bool alone)
{
    LAB_TODO(3);
}
