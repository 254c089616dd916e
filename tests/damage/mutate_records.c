/* Damage to inodes' records, and to the extents and indexes in and below
 * them. */
#include "mutate_impl.h"

#include <string.h>

/* ---- Records ---- */

void
mutate_record_inode(struct mutation *m)
{
    uint32_t ino;
    uint8_t *record = mutate_record(m, &ino);
    mutate_odd32(m, record);
    mutate_seal_record(m, record);
}

void
mutate_record_size(struct mutation *m)
{
    uint32_t ino;
    uint8_t *record = mutate_record(m, &ino);
    mutate_odd32(m, record + 4);
    mutate_seal_record(m, record);
}

void
mutate_record_bytes(struct mutation *m)
{
    uint32_t ino;
    uint8_t *record = mutate_record(m, &ino);
    uint32_t size = MIN(MAX(le32_load(record + 4), 8u), BLOCK);
    for (unsigned i = 0; i < 1 + mutate_any(m, 3); i++)
        record[mutate_any(m, size)] ^= (uint8_t)(1 + mutate_any(m, 255));
    mutate_seal_record(m, record);
}

void
mutate_record_zero(struct mutation *m)
{
    uint32_t ino;
    memset(mutate_record(m, &ino), 0, BLOCK);
}

/* Changes the value of a TLV, up to eight bytes of it. */
static void
change_tlv(struct mutation *m, unsigned tag)
{
    uint8_t *record;
    struct eclipsefs_tlv *tlv = mutate_tlv(m, tag, &record);

    if (!tlv)
        return;
    uint64_t value = mutate_odd(m, le32_load((uint8_t *)(tlv + 1)));
    memcpy(tlv + 1, &value, MIN(le32_load(tlv->length), 8u));
    mutate_seal_record(m, record);
}

#define TLV_VALUE(name, tag)                   \
    void mutate_tlv_##name(struct mutation *m) \
    {                                          \
        change_tlv(m, tag);                    \
    }

TLV_VALUE(type, ECLIPSEFS_NODE_TYPE)
TLV_VALUE(mode, ECLIPSEFS_MODE)
TLV_VALUE(nlink, ECLIPSEFS_NLINK)
TLV_VALUE(size, ECLIPSEFS_SIZE)
TLV_VALUE(uid, ECLIPSEFS_UID)
TLV_VALUE(mtime, ECLIPSEFS_MTIME)
TLV_VALUE(rdev, EFSX_RDEV)
TLV_VALUE(depth, EFSX_HASH_INDEX)

static const unsigned some_tags[] = {
    ECLIPSEFS_NODE_TYPE, ECLIPSEFS_MODE,    ECLIPSEFS_NLINK,
    ECLIPSEFS_CONTENT,   ECLIPSEFS_ENTRIES, EFSX_EXTENTS,
    EFSX_EXTENT_INDEX,   EFSX_HASH_INDEX,   EFSX_CRC,
};

void
mutate_tlv_tag(struct mutation *m)
{
    uint8_t *record;
    struct eclipsefs_tlv *tlv =
        mutate_tlv(m, some_tags[mutate_any(m, ARRAY_LEN(some_tags))], &record);

    if (!tlv)
        return;
    le16_store(tlv->tag,
               (uint16_t)some_tags[mutate_any(m, ARRAY_LEN(some_tags))]);
    mutate_seal_record(m, record);
}

void
mutate_tlv_length(struct mutation *m)
{
    uint8_t *record;
    struct eclipsefs_tlv *tlv =
        mutate_tlv(m, some_tags[mutate_any(m, ARRAY_LEN(some_tags))], &record);

    if (!tlv)
        return;
    uint32_t length = le32_load(tlv->length);
    le32_store(tlv->length, mutate_any(m, 2)
                                ? (uint32_t)mutate_odd(m, length)
                                : length - (uint32_t)mutate_any(m, 9));
    mutate_seal_record(m, record);
}

void
mutate_tlv_checksum(struct mutation *m)
{
    uint8_t *record;
    struct eclipsefs_tlv *tlv = mutate_tlv(m, EFSX_CRC, &record);
    if (tlv)
        *(uint8_t *)(tlv + 1) ^= 1;
}

/* ---- Extents ---- */

/* Some extent in a record, or in a block of extents. */
static struct efsx_extent *
any_extent(struct mutation *m, uint8_t **block, bool *in_record)
{
    uint8_t *at = mutate_any(m, 2) ? mutate_block(m, EFSX_EXTENT_MAGIC) : NULL;
    struct eclipsefs_tlv *tlv = NULL;
    uint32_t len;

    *in_record = !at;
    if (at) {
        *block = at;
        len = MIN(le32_load(at + 8), (uint32_t)EFSX_BLOCK_ROOM);
        at += sizeof(struct efsx_block);
    } else {
        tlv = mutate_tlv(m, EFSX_EXTENTS, block);
        if (!tlv)
            return NULL;
        len = le32_load(tlv->length);
        at = (uint8_t *)(tlv + 1);
    }
    uint32_t n = len / (uint32_t)sizeof(struct efsx_extent);
    if (n == 0)
        return NULL;
    return (struct efsx_extent *)(void *)at + mutate_any(m, n);
}

static void
change_extent(struct mutation *m, size_t field)
{
    bool in_record;
    uint8_t *block;
    struct efsx_extent *extent = any_extent(m, &block, &in_record);

    if (!extent)
        return;
    mutate_odd32(m, (uint8_t *)extent + field);
    if (in_record)
        mutate_seal_record(m, block);
    else
        mutate_seal_block(m, block);
}

void
mutate_extent_logical(struct mutation *m)
{
    change_extent(m, offsetof(struct efsx_extent, logical));
}

void
mutate_extent_count(struct mutation *m)
{
    change_extent(m, offsetof(struct efsx_extent, count));
}

void
mutate_extent_physical(struct mutation *m)
{
    change_extent(m, offsetof(struct efsx_extent, physical));
}

/* Two files with one block. */
void
mutate_extent_shared(struct mutation *m)
{
    bool in_a, in_b;
    uint8_t *a_block, *b_block;
    struct efsx_extent *a = any_extent(m, &a_block, &in_a);
    struct efsx_extent *b = any_extent(m, &b_block, &in_b);

    if (!a || !b)
        return;
    memcpy(a->physical, b->physical, 4);
    if (in_a)
        mutate_seal_record(m, a_block);
    else
        mutate_seal_block(m, a_block);
}

/* ---- Index entries, and blocks of any kind ---- */

static void
change_index(struct mutation *m, unsigned tag, size_t skip, size_t field)
{
    uint8_t *block = tag == EFSX_HASH_INDEX && mutate_any(m, 2)
                         ? mutate_block(m, EFSX_INDEX_MAGIC)
                         : NULL;
    uint32_t len;
    uint8_t *at;

    if (block) {
        len = MIN(le32_load(block + 8), (uint32_t)EFSX_BLOCK_ROOM);
        at = block + sizeof(struct efsx_block);
        if (len >= 8)
            mutate_odd32(m, at + mutate_any(m, len / 8) * 8 + field);
        mutate_seal_block(m, block);
        return;
    }
    struct eclipsefs_tlv *tlv = mutate_tlv(m, tag, &block);
    if (!tlv || le32_load(tlv->length) < skip + 8)
        return;
    len = le32_load(tlv->length) - (uint32_t)skip;
    at = (uint8_t *)(tlv + 1) + skip;
    mutate_odd32(m, at + mutate_any(m, len / 8) * 8 + field);
    mutate_seal_record(m, block);
}

void
mutate_extent_index_first(struct mutation *m)
{
    change_index(m, EFSX_EXTENT_INDEX, 0, 0);
}

void
mutate_extent_index_block(struct mutation *m)
{
    change_index(m, EFSX_EXTENT_INDEX, 0, 4);
}

void
mutate_hash_index_first(struct mutation *m)
{
    change_index(m, EFSX_HASH_INDEX, 4, 0);
}

void
mutate_hash_index_block(struct mutation *m)
{
    change_index(m, EFSX_HASH_INDEX, 4, 4);
}

static void
change_block(struct mutation *m, size_t field, bool keep_seal)
{
    static const uint32_t magics[] = {EFSX_EXTENT_MAGIC, EFSX_INDEX_MAGIC,
                                      EFSX_LEAF_MAGIC};
    uint8_t *block = mutate_block(m, magics[mutate_any(m, ARRAY_LEN(magics))]);

    if (!block)
        return;
    mutate_odd32(m, block + field);
    if (!keep_seal)
        mutate_seal_block(m, block);
}

void
mutate_block_magic(struct mutation *m)
{
    change_block(m, offsetof(struct efsx_block, magic), false);
}

void
mutate_block_owner(struct mutation *m)
{
    change_block(m, offsetof(struct efsx_block, owner), false);
}

void
mutate_block_used(struct mutation *m)
{
    change_block(m, offsetof(struct efsx_block, used), false);
}

void
mutate_block_checksum(struct mutation *m)
{
    change_block(m, BLOCK - 4, true);
}

void
mutate_block_bytes(struct mutation *m)
{
    change_block(m, 16 + mutate_any(m, BLOCK - 24), false);
}
