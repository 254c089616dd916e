#include "parents.h"

#include "abi/errno.h"
#include "mm/slab.h"

#define CHUNK 512u /* entries: one page */

int
efs_parents_init(struct efs_parents *parents, uint32_t inode_count)
{
    parents->chunk_count = inode_count / CHUNK + 1;
    parents->chunks = kzalloc(parents->chunk_count * sizeof parents->chunks[0]);
    return parents->chunks ? 0 : -ENOMEM;
}

void
efs_parents_destroy(struct efs_parents *parents)
{
    for (size_t i = 0; i < parents->chunk_count; i++)
        kfree(parents->chunks[i]);
    kfree(parents->chunks);
}

/* Finds the place of ino, making its chunk if need be; NULL without memory. */
static uint64_t *
place_of(struct efs_parents *parents, uint32_t ino)
{
    uint64_t **slot = &parents->chunks[ino / CHUNK];
    uint64_t *chunk = __atomic_load_n(slot, __ATOMIC_ACQUIRE);

    if (!chunk) {
        uint64_t *fresh = kzalloc(CHUNK * sizeof *fresh);
        if (!fresh)
            return NULL;
        /* Somebody else may have been quicker; his chunk is in chunk then. */
        if (__atomic_compare_exchange_n(slot, &chunk, fresh, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            chunk = fresh;
        else
            kfree(fresh);
    }
    return &chunk[ino % CHUNK];
}

int
efs_parents_claim(struct efs_parents *parents, uint32_t parent,
                  const struct efs_link *link)
{
    if (link->ino == ECLIPSEFS_ROOT_INO)
        return -EUCLEAN;
    uint64_t *place = place_of(parents, link->ino);
    if (!place)
        return -ENOMEM;

    uint64_t claim = (uint64_t)parent << 32 | link->pos;
    uint64_t known = 0;
    if (__atomic_compare_exchange_n(place, &known, claim, false,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return 0;
    return known == claim ? 0 : -EUCLEAN;
}

uint32_t
efs_parents_get(const struct efs_parents *parents, uint32_t ino)
{
    if (ino == ECLIPSEFS_ROOT_INO)
        return ino;
    const uint64_t *chunk =
        __atomic_load_n(&parents->chunks[ino / CHUNK], __ATOMIC_ACQUIRE);
    return chunk ? (uint32_t)(chunk[ino % CHUNK] >> 32) : 0;
}
