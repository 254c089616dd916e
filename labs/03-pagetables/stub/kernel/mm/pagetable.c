#include "mm/pagetable.h"
#include "arch/barrier.h"
#include "arch/layout.h"
#include "lib/panic.h"
#include "lib/todo.h"
#include "mm/frame.h"

/* The table that an entry leads to, as the kernel reaches it. */
static uint64_t *
table_of(uint64_t pte)
{
    return phys_to_virt(pte_address(pte));
}

/* From the root down to `level`, by the index of va in each table
 * [riscv-priv §4.3.2]. An entry without V is nothing: with `create` it gets a
 * table of zeros. A hart may walk here at this moment; what must it never
 * find? The header says when the way ends in NULL. */
uint64_t *
pt_walk(uint64_t *root, uint64_t va, unsigned level, bool create)
{
    LAB_TODO(3);
}

/* At each address the largest page for which both addresses are aligned and
 * that is not larger than what is left [riscv-priv §4.4.1]. */
int
pt_map(uint64_t *root, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
    LAB_TODO(3);
}

/* The user half is the lower half of the root's entries; below it there are
 * pages of 4 KiB only. A table that is free may be anybody's at once: who could
 * still come to it? */
void
pt_free_user_tables(uint64_t *root)
{
    LAB_TODO(3);
}
