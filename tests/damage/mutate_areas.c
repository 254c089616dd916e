/* Damage to what lies at fixed places: headers, journal, bitmap and inode
 * table; and to any block. */
#include "mutate_impl.h"

#include "fs/journal_log.h"
#include "lib/crc32c.h"

#include <string.h>

/* ---- The headers ---- */

#define HEADER_FIELD(name, bits)                     \
    void mutate_header_##name(struct mutation *m)    \
    {                                                \
        mutate_odd##bits(m, mutate_header(m)->name); \
        mutate_seal_header(m);                       \
    }
#define EXT_FIELD(name, bits)                     \
    void mutate_ext_##name(struct mutation *m)    \
    {                                             \
        mutate_odd##bits(m, mutate_ext(m)->name); \
        mutate_seal_header(m);                    \
    }

HEADER_FIELD(version, 32)
HEADER_FIELD(inode_table_offset, 64)
HEADER_FIELD(inode_table_size, 64)
HEADER_FIELD(total_inodes, 32)
HEADER_FIELD(flags, 32)
EXT_FIELD(version, 32)
EXT_FIELD(block_size, 32)
EXT_FIELD(state, 32)
EXT_FIELD(total_blocks, 64)
EXT_FIELD(journal_start, 64)
EXT_FIELD(journal_blocks, 32)
EXT_FIELD(bitmap_start, 64)
EXT_FIELD(bitmap_blocks, 32)
EXT_FIELD(free_blocks, 64)
EXT_FIELD(free_inodes, 32)

void
mutate_header_magic(struct mutation *m)
{
    mutate_header(m)->magic[mutate_any(m, 9)] ^= 1;
}

void
mutate_header_checksum(struct mutation *m)
{
    mutate_header(m)->header_checksum[mutate_any(m, 4)] ^= 1;
}

void
mutate_ext_magic(struct mutation *m)
{
    mutate_ext(m)->magic[mutate_any(m, 4)] ^= 1;
    mutate_seal_header(m);
}

void
mutate_ext_uuid(struct mutation *m)
{
    mutate_ext(m)->uuid[mutate_any(m, 4)] ^= 1; /* the seed of all hashes */
    mutate_seal_header(m);
}

void
mutate_ext_checksum(struct mutation *m)
{
    mutate_ext(m)->checksum[mutate_any(m, 4)] ^= 1;
}

void
mutate_header_copy(struct mutation *m)
{
    m->image[EFSX_COPY_AT + mutate_any(m, EFSX_OFFSET)] ^= 1;
}

/* With its copy. */
void
mutate_header_lost(struct mutation *m)
{
    mutate_header_magic(m);
    m->image[EFSX_COPY_AT] ^= 1;
}

/* ---- The journal ---- */

static uint8_t *
journal_block(struct mutation *m, unsigned kind)
{
    for (unsigned i = 0; i < TRIES; i++) {
        uint8_t *block = mutate_block(m, EFSX_JOURNAL_MAGIC);
        if (!block || le32_load(block + 4) == kind)
            return block;
    }
    return NULL;
}

void
mutate_journal_head(struct mutation *m)
{
    uint8_t *block = journal_block(m, EFSX_JOURNAL_HEAD);
    struct efsx_journal_head *head = (void *)block;

    if (!block)
        return;
    mutate_odd64(m, head->head.sequence);
    if (m->reseal)
        le32_store(
            head->checksum,
            crc32c(0, block, offsetof(struct efsx_journal_head, checksum)));
}

/* Makes the checksum of the transaction right that a descriptor begins. */
static void
seal_transaction(struct mutation *m, uint8_t *block, uint32_t count)
{
    uint8_t *commit = block + (1ull + count) * BLOCK;
    uint64_t sum = 0;

    if (!m->reseal || commit + BLOCK > m->image + m->size)
        return;
    for (; block < commit; block += BLOCK)
        sum = journal_log_sum(sum, block);
    le64_store(((struct efsx_journal_commit *)(void *)commit)->checksum, sum);
}

void
mutate_journal_counts(struct mutation *m)
{
    uint8_t *block = journal_block(m, EFSX_JOURNAL_DESCRIPTOR);
    struct efsx_journal_descriptor *d = (void *)block;

    if (!block)
        return;
    uint32_t count = le32_load(d->count);
    mutate_odd32(m, mutate_any(m, 2) ? d->count : d->revoked);
    seal_transaction(m, block, MIN(count, 1024u));
}

void
mutate_journal_tag(struct mutation *m)
{
    uint8_t *block = journal_block(m, EFSX_JOURNAL_DESCRIPTOR);
    struct efsx_journal_descriptor *d = (void *)block;

    if (!block)
        return;
    uint32_t count = MIN(le32_load(d->count), (uint32_t)EFSX_JOURNAL_TAGS);
    mutate_odd32(m, block + sizeof *d + 4 * mutate_any(m, count));
    seal_transaction(m, block, count);
}

void
mutate_journal_sequence(struct mutation *m)
{
    uint8_t *block = mutate_block(m, EFSX_JOURNAL_MAGIC);
    if (block)
        mutate_odd64(m, block + 8);
}

void
mutate_journal_kind(struct mutation *m)
{
    uint8_t *block = mutate_block(m, EFSX_JOURNAL_MAGIC);
    if (block)
        mutate_odd32(m, block + 4);
}

void
mutate_journal_bytes(struct mutation *m)
{
    uint8_t *block = journal_block(m, EFSX_JOURNAL_DESCRIPTOR);
    if (block)
        block[mutate_any(m, 4ull * BLOCK) %
              (size_t)(m->image + m->size - block)] ^=
            (uint8_t)(1 + mutate_any(m, 255));
}

/* ---- The bitmap ---- */

static uint8_t *
bitmap_block(struct mutation *m)
{
    uint64_t n = MAX(le32_load(mutate_ext(m)->bitmap_blocks), 1u);
    return m->image + mutate_clamp(m, (le64_load(mutate_ext(m)->bitmap_start) +
                                       mutate_any(m, n)) *
                                          BLOCK);
}

void
mutate_bitmap_bit(struct mutation *m)
{
    uint8_t *block = bitmap_block(m);
    for (unsigned i = 0; i < 1 + mutate_any(m, 4); i++)
        block[mutate_any(m, m->size / BLOCK / 8)] ^=
            (uint8_t)(1u << mutate_any(m, 8));
    mutate_seal_block(m, block);
}

void
mutate_bitmap_zero(struct mutation *m)
{
    uint8_t *block = bitmap_block(m);
    memset(block, 0, BLOCK);
    mutate_seal_block(m, block);
}

void
mutate_bitmap_ones(struct mutation *m)
{
    uint8_t *block = bitmap_block(m);
    memset(block, 0xff, BLOCK);
    mutate_seal_block(m, block);
}

void
mutate_bitmap_checksum(struct mutation *m)
{
    bitmap_block(m)[BLOCK - 1] ^= 1;
}

/* ---- The inode table ---- */

void
mutate_slot_empty(struct mutation *m)
{
    uint32_t ino;
    mutate_record(m, &ino);
    memset(mutate_slot(m, ino), 0, 8);
}

void
mutate_slot_root(struct mutation *m)
{
    memset(mutate_slot(m, ECLIPSEFS_ROOT_INO), 0, 8);
}

void
mutate_slot_offset(struct mutation *m)
{
    uint32_t ino;
    mutate_record(m, &ino);
    mutate_odd32(m, mutate_slot(m, ino)->offset);
}

void
mutate_slot_shared(struct mutation *m)
{
    uint32_t a, b;
    mutate_record(m, &a);
    mutate_record(m, &b);
    memcpy(mutate_slot(m, a)->offset, mutate_slot(m, b)->offset, 4);
}

void
mutate_slot_orphan(struct mutation *m)
{
    uint32_t ino;
    mutate_record(m, &ino);
    mutate_slot(m, ino)->inode[3] ^= 0x80;
}

void
mutate_slot_inode(struct mutation *m)
{
    uint32_t ino;
    mutate_record(m, &ino);
    mutate_odd32(m, mutate_slot(m, ino)->inode);
}

/* ---- Whole blocks ---- */

static uint8_t *
some_block(struct mutation *m)
{
    return m->image + mutate_any(m, m->size / BLOCK) * BLOCK;
}

void
mutate_blocks_swapped(struct mutation *m)
{
    uint8_t *a = some_block(m), *b = some_block(m), kept[BLOCK];
    memcpy(kept, a, BLOCK);
    memmove(a, b, BLOCK);
    memcpy(b, kept, BLOCK);
}

void
mutate_records_swapped(struct mutation *m)
{
    uint32_t ino;
    uint8_t *a = mutate_record(m, &ino), *b = mutate_record(m, &ino),
            kept[BLOCK];
    memcpy(kept, a, BLOCK);
    memmove(a, b, BLOCK);
    memcpy(b, kept, BLOCK);
}

void
mutate_block_zeroed(struct mutation *m)
{
    memset(some_block(m), 0, BLOCK);
}

void
mutate_block_random(struct mutation *m)
{
    uint8_t *block = some_block(m);
    for (size_t i = 0; i < BLOCK; i++)
        block[i] = (uint8_t)mutate_any(m, 256);
}

void
mutate_bits_anywhere(struct mutation *m)
{
    for (unsigned i = 0; i < 1 + mutate_any(m, 30); i++)
        m->image[mutate_any(m, m->size)] ^= (uint8_t)(1u << mutate_any(m, 8));
}

void
mutate_half_written(struct mutation *m)
{
    uint8_t *block = some_block(m);
    memset(block + 512 * (1 + mutate_any(m, 7)), 0, 512);
}
