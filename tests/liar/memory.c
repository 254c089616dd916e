#include "memory.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

int
memory_add(struct memory *m, uint64_t guest, uint64_t user, uint64_t size,
           uint64_t offset, int fd)
{
    if (m->count == MEMORY_REGIONS)
        return -ENOSPC;
    uint64_t bytes = size + offset;
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return -errno;
    m->regions[m->count++] = (struct memory_region){
        .guest = guest,
        .user = user,
        .size = size,
        .base = (uint8_t *)map + offset,
        .map = map,
        .map_bytes = bytes,
    };
    return 0;
}

void
memory_clear(struct memory *m)
{
    while (m->count > 0) {
        struct memory_region *r = &m->regions[--m->count];
        munmap(r->map, r->map_bytes);
    }
}

static void *
find(const struct memory *m, uint64_t address, uint64_t n, size_t start)
{
    for (unsigned i = 0; i < m->count; i++) {
        const struct memory_region *r = &m->regions[i];
        uint64_t first = *(const uint64_t *)((const char *)r + start);
        uint64_t offset = address - first;
        if (address >= first && offset <= r->size && n <= r->size - offset)
            return r->base + offset;
    }
    return NULL;
}

void *
memory_guest(const struct memory *m, uint64_t address, uint64_t n)
{
    return find(m, address, n, offsetof(struct memory_region, guest));
}

void *
memory_user(const struct memory *m, uint64_t address, uint64_t n)
{
    return find(m, address, n, offsetof(struct memory_region, user));
}
