#include "fs/eclipsefs/change.h"
#include "mutate_impl.h"

#include "fs/eclipsefs/super.h"
#include "lib/crc32c.h"

/* ---- Finding things ---- */

uint64_t
mutate_any(struct mutation *m, uint64_t below)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return below ? m->random % below : 0;
}

struct eclipsefs_header *
mutate_header(struct mutation *m)
{
    return (void *)m->image;
}

struct efsx_header *
mutate_ext(struct mutation *m)
{
    return (void *)(m->image + EFSX_OFFSET);
}

uint64_t
mutate_clamp(struct mutation *m, uint64_t address)
{
    return MIN(address, m->size - BLOCK);
}

static uint64_t
table_at(struct mutation *m)
{
    return mutate_clamp(m, le64_load(mutate_header(m)->inode_table_offset));
}

static uint64_t
records_at(struct mutation *m)
{
    return table_at(m) + le64_load(mutate_header(m)->inode_table_size);
}

struct eclipsefs_slot *
mutate_slot(struct mutation *m, uint32_t ino)
{
    return (void *)(m->image + mutate_clamp(m, table_at(m) + (ino - 1ull) * 8));
}

uint8_t *
mutate_record(struct mutation *m, uint32_t *ino)
{
    uint32_t count = le32_load(mutate_header(m)->total_inodes);
    uint64_t records = records_at(m);

    for (unsigned i = 0; i < 64 * TRIES; i++) {
        *ino = 1 + (uint32_t)mutate_any(m, i < TRIES ? MIN(count, 60u) : count);
        const struct eclipsefs_slot *slot = mutate_slot(m, *ino);
        uint32_t offset = le32_load(slot->offset);
        uint64_t at = records + offset;
        if ((offset || le32_load(slot->inode)) && at <= m->size - BLOCK)
            return m->image + at;
    }
    *ino = ECLIPSEFS_ROOT_INO;
    return m->image + mutate_clamp(m, records_at(m));
}

/* The TLV of a tag in a record block, or NULL. */
static struct eclipsefs_tlv *
find_tlv(uint8_t *record, unsigned tag)
{
    uint32_t size = MIN(le32_load(record + 4), BLOCK), at = 8;

    while (at + 6 <= size) {
        struct eclipsefs_tlv *tlv = (void *)(record + at);
        uint32_t len = le32_load(tlv->length);
        if (le16_load(tlv->tag) == tag)
            return tlv;
        if (len > size - at - 6)
            return NULL;
        at += 6 + len;
    }
    return NULL;
}

struct eclipsefs_tlv *
mutate_tlv(struct mutation *m, unsigned tag, uint8_t **record)
{
    for (unsigned i = 0; i < TRIES; i++) {
        uint32_t ino;
        *record = mutate_record(m, &ino);
        struct eclipsefs_tlv *tlv = find_tlv(*record, tag);
        if (tlv && le32_load(tlv->length) <= BLOCK)
            return tlv;
    }
    return NULL;
}

uint8_t *
mutate_block(struct mutation *m, uint32_t magic)
{
    uint64_t blocks = m->size / BLOCK, start = mutate_any(m, blocks);

    for (uint64_t i = 0; i < blocks; i++) {
        uint8_t *block = m->image + (start + i) % blocks * BLOCK;
        if (le32_load(block) == magic)
            return block;
    }
    return NULL;
}

/* ---- Checksums ---- */

void
mutate_seal_header(struct mutation *m)
{
    if (!m->reseal)
        return;
    le32_store(mutate_header(m)->header_checksum,
               efs_header_checksum(mutate_header(m)));
    le32_store(
        mutate_ext(m)->checksum,
        crc32c(0, mutate_ext(m), offsetof(struct efsx_header, checksum)));
}

void
mutate_seal_record(struct mutation *m, uint8_t *record)
{
    struct eclipsefs_tlv *crc = find_tlv(record, EFSX_CRC);

    if (m->reseal && crc)
        le32_store(crc + 1,
                   crc32c(0, record, (size_t)((uint8_t *)(crc + 1) - record)));
}

void
mutate_seal_block(struct mutation *m, uint8_t *block)
{
    if (m->reseal)
        le32_store(block + BLOCK - 4, crc32c(0, block, BLOCK - 4));
}

uint64_t
mutate_odd(struct mutation *m, uint64_t now)
{
    const uint64_t choices[] = {
        0,
        1,
        now + 1,
        now - 1,
        now * 2,
        now ^ (1ull << mutate_any(m, 32)),
        UINT32_MAX,
        UINT64_MAX,
        1ull << 31,
        m->size / BLOCK,
        m->size,
        4095,
        mutate_any(m, m->size / BLOCK),
        mutate_any(m, m->size),
        mutate_any(m, 0x100000000),
    };
    return choices[mutate_any(m, ARRAY_LEN(choices))];
}

void
mutate_odd32(struct mutation *m, uint8_t *field)
{
    le32_store(field, (uint32_t)mutate_odd(m, le32_load(field)));
}

void
mutate_odd64(struct mutation *m, uint8_t *field)
{
    le64_store(field, mutate_odd(m, le64_load(field)));
}

/* ---- The kinds ---- */

static const struct {
    const char *name;
    void (*apply)(struct mutation *m);
} kinds[] = {
#define KIND(name) {#name, mutate_##name},
#include "kinds.def"
#undef KIND
};

unsigned
mutation_kinds(void)
{
    return ARRAY_LEN(kinds);
}

const char *
mutation_name(unsigned kind)
{
    return kinds[kind].name;
}

void
mutation_apply(struct mutation *m, unsigned kind)
{
    kinds[kind].apply(m);
}
