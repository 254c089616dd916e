#include "mm/memmap.h"
#include "arch/layout.h"

/* Finds the first part of [*start, end) that nothing reserved touches, and
 * sets [*start, *stop) to it. Returns false if there is none. */
static bool
skip_reserved(const struct memmap *map, bool only_unmapped, uint64_t *start,
              uint64_t end, uint64_t *stop)
{
    bool moved;
    /* Leaving one range may end inside another: until none covers *start. */
    do {
        moved = false;
        *stop = end;
        for (unsigned i = 0; i < map->nreserved; i++) {
            uint64_t base = map->reserved[i].base;
            uint64_t limit = base + map->reserved[i].size;
            if (only_unmapped && !map->no_map[i])
                continue;
            if (base <= *start && *start < limit) {
                *start = limit;
                moved = true;
            } else if (base > *start && base < *stop) {
                *stop = base;
            }
        }
    } while (moved && *start < end);
    return *start < end;
}

bool
memmap_next(const struct memmap *map, bool only_unmapped, uint64_t limit,
            uint64_t *start, uint64_t *stop)
{
    for (unsigned i = 0; i < map->nram; i++) {
        uint64_t end = MIN(map->ram[i].base + map->ram[i].size, limit);
        uint64_t at = MAX(*start, map->ram[i].base), to;
        for (; skip_reserved(map, only_unmapped, &at, end, &to); at = to) {
            *start = ALIGN_UP(at, PAGE_SIZE);
            *stop = ALIGN_DOWN(to, PAGE_SIZE);
            if (*start < *stop)
                return true;
        }
    }
    return false;
}
