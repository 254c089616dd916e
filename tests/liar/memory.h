/* The guest's memory, as QEMU shares it: regions, each with an address in the
 * guest and one in QEMU. One owner, no locks. */
#pragma once

#include <stdint.h>

#define MEMORY_REGIONS 8

struct memory {
    struct memory_region {
        uint64_t guest, user, size;
        uint8_t *base; /* where it is here */
        void *map;     /* the whole mapping, which may begin before it */
        uint64_t map_bytes;
    } regions[MEMORY_REGIONS];
    unsigned count;
};

/* Maps a region from a file; offset: where in the file it begins.
 * Returns 0, -ENOSPC, or what mmap says. The file stays the caller's. */
int memory_add(struct memory *m, uint64_t guest, uint64_t user, uint64_t size,
               uint64_t offset, int fd);

/* Unmaps everything. */
void memory_clear(struct memory *m);

/* n bytes at an address of the guest's, or of QEMU's; NULL if they are not in
 * one region. */
void *memory_guest(const struct memory *m, uint64_t address, uint64_t n);
void *memory_user(const struct memory *m, uint64_t address, uint64_t n);
