/* RAM that a question makes up, and a frame allocator that begins anew with it.
 * One program's own copy. */
#pragma once

#include "anew.h"
#include "arch/cpu.h"
#include "arch/layout.h"
#include "mm/frame.h"
#include "sync/spinlock.h"

/* The RAM that cases give to frame_init lies here: behind the image and what is
 * kept of it, in the smallest machine that a seed draws. tests/_memory.py knows
 * it. */
#define WINDOW_BASE   0x81000000ul
#define WINDOW_FRAMES 12288u
#define LITTER        (64ul << 10)

/* ranges, then reserved ranges: how many, and of each the base and the size */
static unsigned
read_ranges(struct grade *g, struct fdt_range *ranges)
{
    unsigned n = grade_u32(g);
    for (unsigned i = 0; i < n; i++) {
        ranges[i].base = grade_u64(g);
        ranges[i].size = grade_u64(g);
    }
    return n;
}

/* Fills memory around the beginning of RAM, where the allocator's table will
 * be, with 16 bits. */
static void
litter(uint64_t first, uint16_t bits)
{
    uint16_t *at = phys_to_virt(MAX(first - LITTER, WINDOW_BASE));
    while (at < (uint16_t *)phys_to_virt(first + LITTER))
        *at++ = bits;
}

/* Starts the frame allocator of a new kernel with the question's RAM. */
static void
start_frames(struct grade *g)
{
    static struct memmap map;
    begin_anew(g, WINDOW_BASE);
    memset(&map, 0, sizeof(map));
    map.nram = read_ranges(g, map.ram);
    map.nreserved = read_ranges(g, map.reserved);
    litter(map.ram[0].base, grade_u16(g));
    frame_init(&map);
}

/* Holds a lock behind which nobody may take another, or lets it go. */
static NO_LOCK_CHECK void
hold_last_lock(bool hold)
{
    static struct spinlock last = SPINLOCK_INIT("last", RANK_UART);
    if (hold)
        spin_lock(&last);
    else
        spin_unlock(&last);
}
