#include "mm/memmap.h"

bool
memmap_next_free(const struct memmap *map, bool unmapped_only, uint64_t *start,
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
            if (unmapped_only && !map->no_map[i])
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
