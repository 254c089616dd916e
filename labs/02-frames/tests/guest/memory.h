/* A kernel that has just begun, for each question: what the image's variables
 * were before the first is kept, and put back before the next.
 *
 * So a case may call frame_init, which a kernel calls once. What lies on the
 * stack and what the grader keeps is left alone. One program's own copy. */
#pragma once

#include "grade.h"
#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/layout.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "sync/spinlock.h"

/* The RAM that cases give to frame_init lies here: behind the image and what is
 * kept of it, in the smallest machine that a seed draws. tests/_memory.py knows
 * it. */
#define WINDOW_BASE   0x81000000ul
#define WINDOW_FRAMES 12288u
#define LITTER        (64ul << 10)

#define GRADER_ROOM (1ul << 20) /* its questions; its answers */

extern uint8_t grade_questions[];

/* Calls f for all of the image's variables but those of the grader and the
 * stack; `kept` moves on with them. */
static void
each_variable(const struct grade *g,
              void (*f)(char *variables, char *kept, size_t bytes))
{
    char *answers = (char *)g->out_end - GRADER_ROOM - 16;
    struct {
        char *from, *to;
    } skip[] = {
        {(char *)grade_questions, (char *)grade_questions + GRADER_ROOM},
        {answers, (char *)g->out_end},
        {boot_stack_guard, boot_stack_top},
    };
    char *kept = phys_to_virt(ALIGN_UP(virt_to_phys(_end), PAGE_SIZE));
    for (char *at = _data; at < _end;) {
        char *stop = _end, *next = _end;
        for (unsigned i = 0; i < ARRAY_LEN(skip); i++)
            if (skip[i].from >= at && skip[i].from < stop) {
                stop = skip[i].from;
                next = skip[i].to;
            }
        f(at, kept, (size_t)(stop - at));
        kept += stop - at;
        at = next;
    }
    assert(virt_to_phys(kept) <= WINDOW_BASE);
}

static void
keep(char *variables, char *kept, size_t bytes)
{
    memcpy(kept, variables, bytes);
}

static void
put_back(char *variables, char *kept, size_t bytes)
{
    memcpy(variables, kept, bytes);
}

/* Makes the kernel forget all that happened since the first call. */
static void
begin_anew(const struct grade *g)
{
    static bool is_kept;
    if (is_kept) {
        each_variable(g, put_back);
    } else {
        is_kept = true;
        each_variable(g, keep);
    }
}

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
    begin_anew(g);
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
