#include "mutate.h"

#include "abi/eclipsefs.h"
#include "fs/eclipsefs/super.h"
#include "lib/bits.h"
#include "lib/crc32c.h"

#include <string.h>

#define BLOCK   4096u
#define NO_SPOT SIZE_MAX
#define TRIES   64u

/* ---- Finding things ---- */

static uint64_t
any(struct mutation *m, uint64_t below)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return below ? m->random % below : 0;
}

static struct eclipsefs_header *
header(struct mutation *m)
{
    return (void *)m->image;
}

static struct efsx_header *
ext(struct mutation *m)
{
    return (void *)(m->image + EFSX_OFFSET);
}

static uint64_t
clamp(struct mutation *m, uint64_t address)
{
    return MIN(address, m->size - BLOCK);
}

static uint64_t
table_at(struct mutation *m)
{
    return clamp(m, le64_load(header(m)->inode_table_offset));
}

static uint64_t
records_at(struct mutation *m)
{
    return table_at(m) + le64_load(header(m)->inode_table_size);
}

static struct eclipsefs_slot *
slot_of(struct mutation *m, uint32_t ino)
{
    return (void *)(m->image + clamp(m, table_at(m) + (ino - 1ull) * 8));
}

/* The block of a random inode that is in use. */
static uint8_t *
any_record(struct mutation *m, uint32_t *ino)
{
    uint32_t count = le32_load(header(m)->total_inodes);

    for (unsigned i = 0; i < 64 * TRIES; i++) {
        *ino = 1 + (uint32_t)any(m, i < TRIES ? MIN(count, 60u) : count);
        uint32_t offset = le32_load(slot_of(m, *ino)->offset);
        uint64_t at = records_at(m) + offset;
        if ((offset || le32_load(slot_of(m, *ino)->inode)) &&
            at <= m->size - BLOCK)
            return m->image + at;
    }
    *ino = ECLIPSEFS_ROOT_INO;
    return m->image + clamp(m, records_at(m));
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

/* A record that has a TLV of that tag, and that TLV. */
static struct eclipsefs_tlv *
any_tlv(struct mutation *m, unsigned tag, uint8_t **record)
{
    for (unsigned i = 0; i < TRIES; i++) {
        uint32_t ino;
        *record = any_record(m, &ino);
        struct eclipsefs_tlv *tlv = find_tlv(*record, tag);
        if (tlv && le32_load(tlv->length) <= BLOCK)
            return tlv;
    }
    return NULL;
}

/* A block that begins with magic, or NULL. */
static uint8_t *
any_block(struct mutation *m, uint32_t magic)
{
    uint64_t blocks = m->size / BLOCK, start = any(m, blocks);

    for (uint64_t i = 0; i < blocks; i++) {
        uint8_t *block = m->image + (start + i) % blocks * BLOCK;
        if (le32_load(block) == magic)
            return block;
    }
    return NULL;
}

/* ---- Checksums ---- */

static void
seal_header(struct mutation *m)
{
    if (!m->reseal)
        return;
    le32_store(header(m)->header_checksum, efs_header_checksum(header(m)));
    le32_store(ext(m)->checksum,
               crc32c(0, ext(m), offsetof(struct efsx_header, checksum)));
}

static void
seal_record(struct mutation *m, uint8_t *record)
{
    struct eclipsefs_tlv *crc = find_tlv(record, EFSX_CRC);

    if (m->reseal && crc)
        le32_store(crc + 1,
                   crc32c(0, record, (size_t)((uint8_t *)(crc + 1) - record)));
}

static void
seal_block(struct mutation *m, uint8_t *block)
{
    if (m->reseal)
        le32_store(block + BLOCK - 4, crc32c(0, block, BLOCK - 4));
}

/* A number that is more likely to matter than any. */
static uint64_t
odd_number(struct mutation *m, uint64_t now)
{
    const uint64_t choices[] = {
        0,
        1,
        now + 1,
        now - 1,
        now * 2,
        now ^ (1ull << any(m, 32)),
        UINT32_MAX,
        UINT64_MAX,
        1ull << 31,
        m->size / BLOCK,
        m->size,
        4095,
        any(m, m->size / BLOCK),
        any(m, m->size),
        any(m, 0x100000000),
    };
    return choices[any(m, ARRAY_LEN(choices))];
}

static void
odd32(struct mutation *m, uint8_t *field)
{
    le32_store(field, (uint32_t)odd_number(m, le32_load(field)));
}

static void
odd64(struct mutation *m, uint8_t *field)
{
    le64_store(field, odd_number(m, le64_load(field)));
}

/* ---- The headers ---- */

#define HEADER_FIELD(name, bits)                  \
    static void header_##name(struct mutation *m) \
    {                                             \
        odd##bits(m, header(m)->name);            \
        seal_header(m);                           \
    }
#define EXT_FIELD(name, bits)                  \
    static void ext_##name(struct mutation *m) \
    {                                          \
        odd##bits(m, ext(m)->name);            \
        seal_header(m);                        \
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

static void
header_magic(struct mutation *m)
{
    header(m)->magic[any(m, 9)] ^= 1;
}

static void
header_checksum(struct mutation *m)
{
    header(m)->header_checksum[any(m, 4)] ^= 1;
}

static void
ext_magic(struct mutation *m)
{
    ext(m)->magic[any(m, 4)] ^= 1;
    seal_header(m);
}

static void
ext_uuid(struct mutation *m)
{
    ext(m)->uuid[any(m, 4)] ^= 1; /* the seed of all hashes */
    seal_header(m);
}

static void
ext_checksum(struct mutation *m)
{
    ext(m)->checksum[any(m, 4)] ^= 1;
}

/* ---- The journal ---- */

static uint8_t *
journal_block(struct mutation *m, unsigned kind)
{
    for (unsigned i = 0; i < TRIES; i++) {
        uint8_t *block = any_block(m, EFSX_JOURNAL_MAGIC);
        if (!block || le32_load(block + 4) == kind)
            return block;
    }
    return NULL;
}

static void
journal_head(struct mutation *m)
{
    uint8_t *block = journal_block(m, EFSX_JOURNAL_HEAD);
    struct efsx_journal_head *head = (void *)block;

    if (!block)
        return;
    odd64(m, head->head.sequence);
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

    if (m->reseal && commit + BLOCK <= m->image + m->size)
        le32_store(commit + sizeof(struct efsx_journal_block),
                   crc32c(0, block, (1ull + count) * BLOCK));
}

static void
journal_counts(struct mutation *m)
{
    uint8_t *block = journal_block(m, EFSX_JOURNAL_DESCRIPTOR);
    struct efsx_journal_descriptor *d = (void *)block;

    if (!block)
        return;
    uint32_t count = le32_load(d->count);
    odd32(m, any(m, 2) ? d->count : d->revoked);
    seal_transaction(m, block, MIN(count, 1024u));
}

static void
journal_tag(struct mutation *m)
{
    uint8_t *block = journal_block(m, EFSX_JOURNAL_DESCRIPTOR);
    struct efsx_journal_descriptor *d = (void *)block;

    if (!block)
        return;
    uint32_t count = MIN(le32_load(d->count), (uint32_t)EFSX_JOURNAL_TAGS);
    odd32(m, block + sizeof *d + 4 * any(m, count));
    seal_transaction(m, block, count);
}

static void
journal_sequence(struct mutation *m)
{
    uint8_t *block = any_block(m, EFSX_JOURNAL_MAGIC);
    if (block)
        odd64(m, block + 8);
}

static void
journal_kind(struct mutation *m)
{
    uint8_t *block = any_block(m, EFSX_JOURNAL_MAGIC);
    if (block)
        odd32(m, block + 4);
}

static void
journal_bytes(struct mutation *m)
{
    uint8_t *block = journal_block(m, EFSX_JOURNAL_DESCRIPTOR);
    if (block)
        block[any(m, 4ull * BLOCK) % (size_t)(m->image + m->size - block)] ^=
            (uint8_t)(1 + any(m, 255));
}

/* ---- The bitmap ---- */

static uint8_t *
bitmap_block(struct mutation *m)
{
    uint64_t n = MAX(le32_load(ext(m)->bitmap_blocks), 1u);
    return m->image +
           clamp(m, (le64_load(ext(m)->bitmap_start) + any(m, n)) * BLOCK);
}

static void
bitmap_bit(struct mutation *m)
{
    uint8_t *block = bitmap_block(m);
    for (unsigned i = 0; i < 1 + any(m, 4); i++)
        block[any(m, m->size / BLOCK / 8)] ^= (uint8_t)(1u << any(m, 8));
    seal_block(m, block);
}

static void
bitmap_zero(struct mutation *m)
{
    uint8_t *block = bitmap_block(m);
    memset(block, 0, BLOCK);
    seal_block(m, block);
}

static void
bitmap_ones(struct mutation *m)
{
    uint8_t *block = bitmap_block(m);
    memset(block, 0xff, BLOCK);
    seal_block(m, block);
}

static void
bitmap_checksum(struct mutation *m)
{
    bitmap_block(m)[BLOCK - 1] ^= 1;
}

/* ---- The inode table ---- */

static void
slot_empty(struct mutation *m)
{
    uint32_t ino;
    any_record(m, &ino);
    memset(slot_of(m, ino), 0, 8);
}

static void
slot_root(struct mutation *m)
{
    memset(slot_of(m, ECLIPSEFS_ROOT_INO), 0, 8);
}

static void
slot_offset(struct mutation *m)
{
    uint32_t ino;
    any_record(m, &ino);
    odd32(m, slot_of(m, ino)->offset);
}

static void
slot_shared(struct mutation *m)
{
    uint32_t a, b;
    any_record(m, &a);
    any_record(m, &b);
    memcpy(slot_of(m, a)->offset, slot_of(m, b)->offset, 4);
}

static void
slot_orphan(struct mutation *m)
{
    uint32_t ino;
    any_record(m, &ino);
    slot_of(m, ino)->inode[3] ^= 0x80;
}

static void
slot_inode(struct mutation *m)
{
    uint32_t ino;
    any_record(m, &ino);
    odd32(m, slot_of(m, ino)->inode);
}

/* ---- Records ---- */

static void
record_inode(struct mutation *m)
{
    uint32_t ino;
    uint8_t *record = any_record(m, &ino);
    odd32(m, record);
    seal_record(m, record);
}

static void
record_size(struct mutation *m)
{
    uint32_t ino;
    uint8_t *record = any_record(m, &ino);
    odd32(m, record + 4);
    seal_record(m, record);
}

static void
record_bytes(struct mutation *m)
{
    uint32_t ino;
    uint8_t *record = any_record(m, &ino);
    uint32_t size = MIN(MAX(le32_load(record + 4), 8u), BLOCK);
    for (unsigned i = 0; i < 1 + any(m, 3); i++)
        record[any(m, size)] ^= (uint8_t)(1 + any(m, 255));
    seal_record(m, record);
}

static void
record_zero(struct mutation *m)
{
    uint32_t ino;
    memset(any_record(m, &ino), 0, BLOCK);
}

/* Changes the value of a TLV, up to eight bytes of it. */
static void
change_tlv(struct mutation *m, unsigned tag)
{
    uint8_t *record;
    struct eclipsefs_tlv *tlv = any_tlv(m, tag, &record);

    if (!tlv)
        return;
    uint64_t value = odd_number(m, le32_load((uint8_t *)(tlv + 1)));
    memcpy(tlv + 1, &value, MIN(le32_load(tlv->length), 8u));
    seal_record(m, record);
}

#define TLV_VALUE(name, tag)                   \
    static void tlv_##name(struct mutation *m) \
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

static void
tlv_tag(struct mutation *m)
{
    uint8_t *record;
    struct eclipsefs_tlv *tlv =
        any_tlv(m, some_tags[any(m, ARRAY_LEN(some_tags))], &record);

    if (!tlv)
        return;
    le16_store(tlv->tag, (uint16_t)some_tags[any(m, ARRAY_LEN(some_tags))]);
    seal_record(m, record);
}

static void
tlv_length(struct mutation *m)
{
    uint8_t *record;
    struct eclipsefs_tlv *tlv =
        any_tlv(m, some_tags[any(m, ARRAY_LEN(some_tags))], &record);

    if (!tlv)
        return;
    uint32_t length = le32_load(tlv->length);
    le32_store(tlv->length, any(m, 2) ? (uint32_t)odd_number(m, length)
                                      : length - (uint32_t)any(m, 9));
    seal_record(m, record);
}

static void
tlv_checksum(struct mutation *m)
{
    uint8_t *record;
    struct eclipsefs_tlv *tlv = any_tlv(m, EFSX_CRC, &record);
    if (tlv)
        *(uint8_t *)(tlv + 1) ^= 1;
}

/* ---- Extents ---- */

/* Some extent in a record, or in a block of extents. */
static struct efsx_extent *
any_extent(struct mutation *m, uint8_t **block, bool *in_record)
{
    uint8_t *at = any(m, 2) ? any_block(m, EFSX_EXTENT_MAGIC) : NULL;
    struct eclipsefs_tlv *tlv = NULL;
    uint32_t len;

    *in_record = !at;
    if (at) {
        *block = at;
        len = MIN(le32_load(at + 8), (uint32_t)EFSX_BLOCK_ROOM);
        at += sizeof(struct efsx_block);
    } else {
        tlv = any_tlv(m, EFSX_EXTENTS, block);
        if (!tlv)
            return NULL;
        len = le32_load(tlv->length);
        at = (uint8_t *)(tlv + 1);
    }
    uint32_t n = len / (uint32_t)sizeof(struct efsx_extent);
    if (n == 0)
        return NULL;
    return (struct efsx_extent *)(void *)at + any(m, n);
}

static void
change_extent(struct mutation *m, size_t field)
{
    bool in_record;
    uint8_t *block;
    struct efsx_extent *extent = any_extent(m, &block, &in_record);

    if (!extent)
        return;
    odd32(m, (uint8_t *)extent + field);
    if (in_record)
        seal_record(m, block);
    else
        seal_block(m, block);
}

static void
extent_logical(struct mutation *m)
{
    change_extent(m, offsetof(struct efsx_extent, logical));
}

static void
extent_count(struct mutation *m)
{
    change_extent(m, offsetof(struct efsx_extent, count));
}

static void
extent_physical(struct mutation *m)
{
    change_extent(m, offsetof(struct efsx_extent, physical));
}

/* Two files with one block. */
static void
extent_shared(struct mutation *m)
{
    bool in_a, in_b;
    uint8_t *a_block, *b_block;
    struct efsx_extent *a = any_extent(m, &a_block, &in_a);
    struct efsx_extent *b = any_extent(m, &b_block, &in_b);

    if (!a || !b)
        return;
    memcpy(a->physical, b->physical, 4);
    if (in_a)
        seal_record(m, a_block);
    else
        seal_block(m, a_block);
}

/* ---- Index entries, and blocks of any kind ---- */

static void
change_index(struct mutation *m, unsigned tag, size_t skip, size_t field)
{
    uint8_t *block = tag == EFSX_HASH_INDEX && any(m, 2)
                         ? any_block(m, EFSX_INDEX_MAGIC)
                         : NULL;
    uint32_t len;
    uint8_t *at;

    if (block) {
        len = MIN(le32_load(block + 8), (uint32_t)EFSX_BLOCK_ROOM);
        at = block + sizeof(struct efsx_block);
        if (len >= 8)
            odd32(m, at + any(m, len / 8) * 8 + field);
        seal_block(m, block);
        return;
    }
    struct eclipsefs_tlv *tlv = any_tlv(m, tag, &block);
    if (!tlv || le32_load(tlv->length) < skip + 8)
        return;
    len = le32_load(tlv->length) - (uint32_t)skip;
    at = (uint8_t *)(tlv + 1) + skip;
    odd32(m, at + any(m, len / 8) * 8 + field);
    seal_record(m, block);
}

static void
extent_index_first(struct mutation *m)
{
    change_index(m, EFSX_EXTENT_INDEX, 0, 0);
}

static void
extent_index_block(struct mutation *m)
{
    change_index(m, EFSX_EXTENT_INDEX, 0, 4);
}

static void
hash_index_first(struct mutation *m)
{
    change_index(m, EFSX_HASH_INDEX, 4, 0);
}

static void
hash_index_block(struct mutation *m)
{
    change_index(m, EFSX_HASH_INDEX, 4, 4);
}

static void
change_block(struct mutation *m, size_t field, bool keep_seal)
{
    static const uint32_t magics[] = {EFSX_EXTENT_MAGIC, EFSX_INDEX_MAGIC,
                                      EFSX_LEAF_MAGIC};
    uint8_t *block = any_block(m, magics[any(m, ARRAY_LEN(magics))]);

    if (!block)
        return;
    odd32(m, block + field);
    if (!keep_seal)
        seal_block(m, block);
}

static void
block_magic(struct mutation *m)
{
    change_block(m, offsetof(struct efsx_block, magic), false);
}

static void
block_owner(struct mutation *m)
{
    change_block(m, offsetof(struct efsx_block, owner), false);
}

static void
block_used(struct mutation *m)
{
    change_block(m, offsetof(struct efsx_block, used), false);
}

static void
block_checksum(struct mutation *m)
{
    change_block(m, BLOCK - 4, true);
}

static void
block_bytes(struct mutation *m)
{
    change_block(m, 16 + any(m, BLOCK - 24), false);
}

/* ---- Names ---- */

/* Some entry, in a record or in a leaf; *len is the room up to the end of its
 * run. */
static struct eclipsefs_dirent *
any_name(struct mutation *m, uint8_t **block, bool *in_record, uint32_t *room)
{
    uint8_t *at = any(m, 2) ? any_block(m, EFSX_LEAF_MAGIC) : NULL;

    *in_record = !at;
    if (at) {
        *block = at;
        *room = MIN(le32_load(at + 8), (uint32_t)EFSX_BLOCK_ROOM);
        at += sizeof(struct efsx_block);
    } else {
        struct eclipsefs_tlv *tlv = any_tlv(m, ECLIPSEFS_ENTRIES, block);
        if (!tlv)
            return NULL;
        *room = le32_load(tlv->length);
        at = (uint8_t *)(tlv + 1);
    }
    for (uint64_t skip = any(m, 40); skip > 0 && *room >= 8; skip--) {
        uint32_t len = 8 + le32_load(at);
        if (len >= *room || len < 8)
            break;
        at += len;
        *room -= len;
    }
    return *room >= 9 ? (void *)at : NULL;
}

static void
seal_names(struct mutation *m, uint8_t *block, bool in_record)
{
    if (in_record)
        seal_record(m, block);
    else
        seal_block(m, block);
}

static void
name_length(struct mutation *m)
{
    bool in_record;
    uint8_t *block;
    uint32_t room;
    struct eclipsefs_dirent *e = any_name(m, &block, &in_record, &room);

    if (!e)
        return;
    odd32(m, e->name_len);
    seal_names(m, block, in_record);
}

static void
name_inode(struct mutation *m)
{
    bool in_record;
    uint8_t *block;
    uint32_t room, ino;
    struct eclipsefs_dirent *e = any_name(m, &block, &in_record, &room);

    if (!e)
        return;
    if (any(m, 2))
        odd32(m, e->inode);
    else if (any_record(m, &ino)) /* a second name, a cycle */
        le32_store(e->inode, ino);
    seal_names(m, block, in_record);
}

static void
name_bytes(struct mutation *m)
{
    static const char odd[] = {'/', '\0', '.', 'x', '\xff'};
    bool in_record;
    uint8_t *block;
    uint32_t room;
    struct eclipsefs_dirent *e = any_name(m, &block, &in_record, &room);

    if (!e)
        return;
    uint32_t len = MAX(le32_load(e->name_len), 1u);
    len = MIN(len, room - 8);
    ((uint8_t *)(e + 1))[any(m, len)] = (uint8_t)odd[any(m, sizeof odd)];
    seal_names(m, block, in_record);
}

static void
name_dots(struct mutation *m)
{
    bool in_record;
    uint8_t *block;
    uint32_t room;
    struct eclipsefs_dirent *e = any_name(m, &block, &in_record, &room);

    if (!e)
        return;
    uint32_t len = MIN(le32_load(e->name_len), 2u);
    memset(e + 1, '.', MIN(len, room - 8));
    seal_names(m, block, in_record);
}

/* ---- Whole blocks ---- */

static uint8_t *
some_block(struct mutation *m)
{
    return m->image + any(m, m->size / BLOCK) * BLOCK;
}

static void
blocks_swapped(struct mutation *m)
{
    uint8_t *a = some_block(m), *b = some_block(m), kept[BLOCK];
    memcpy(kept, a, BLOCK);
    memmove(a, b, BLOCK);
    memcpy(b, kept, BLOCK);
}

static void
records_swapped(struct mutation *m)
{
    uint32_t ino;
    uint8_t *a = any_record(m, &ino), *b = any_record(m, &ino), kept[BLOCK];
    memcpy(kept, a, BLOCK);
    memmove(a, b, BLOCK);
    memcpy(b, kept, BLOCK);
}

static void
block_zeroed(struct mutation *m)
{
    memset(some_block(m), 0, BLOCK);
}

static void
block_random(struct mutation *m)
{
    uint8_t *block = some_block(m);
    for (size_t i = 0; i < BLOCK; i++)
        block[i] = (uint8_t)any(m, 256);
}

static void
bits_anywhere(struct mutation *m)
{
    for (unsigned i = 0; i < 1 + any(m, 30); i++)
        m->image[any(m, m->size)] ^= (uint8_t)(1u << any(m, 8));
}

static void
half_written(struct mutation *m)
{
    uint8_t *block = some_block(m);
    memset(block + 512 * (1 + any(m, 7)), 0, 512);
}

#define KIND(fn) \
    {            \
#fn, fn  \
    }
static const struct {
    const char *name;
    void (*apply)(struct mutation *m);
} kinds[] = {
    KIND(header_magic),
    KIND(header_version),
    KIND(header_checksum),
    KIND(header_inode_table_offset),
    KIND(header_inode_table_size),
    KIND(header_total_inodes),
    KIND(header_flags),
    KIND(ext_magic),
    KIND(ext_version),
    KIND(ext_block_size),
    KIND(ext_state),
    KIND(ext_total_blocks),
    KIND(ext_journal_start),
    KIND(ext_journal_blocks),
    KIND(ext_bitmap_start),
    KIND(ext_bitmap_blocks),
    KIND(ext_free_blocks),
    KIND(ext_free_inodes),
    KIND(ext_uuid),
    KIND(ext_checksum),
    KIND(journal_head),
    KIND(journal_counts),
    KIND(journal_tag),
    KIND(journal_sequence),
    KIND(journal_kind),
    KIND(journal_bytes),
    KIND(bitmap_bit),
    KIND(bitmap_zero),
    KIND(bitmap_ones),
    KIND(bitmap_checksum),
    KIND(slot_empty),
    KIND(slot_root),
    KIND(slot_offset),
    KIND(slot_shared),
    KIND(slot_orphan),
    KIND(slot_inode),
    KIND(record_inode),
    KIND(record_size),
    KIND(record_bytes),
    KIND(record_zero),
    KIND(tlv_type),
    KIND(tlv_mode),
    KIND(tlv_nlink),
    KIND(tlv_size),
    KIND(tlv_uid),
    KIND(tlv_mtime),
    KIND(tlv_rdev),
    KIND(tlv_depth),
    KIND(tlv_tag),
    KIND(tlv_length),
    KIND(tlv_checksum),
    KIND(extent_logical),
    KIND(extent_count),
    KIND(extent_physical),
    KIND(extent_shared),
    KIND(extent_index_first),
    KIND(extent_index_block),
    KIND(hash_index_first),
    KIND(hash_index_block),
    KIND(block_magic),
    KIND(block_owner),
    KIND(block_used),
    KIND(block_checksum),
    KIND(block_bytes),
    KIND(name_length),
    KIND(name_inode),
    KIND(name_bytes),
    KIND(name_dots),
    KIND(blocks_swapped),
    KIND(records_swapped),
    KIND(block_zeroed),
    KIND(block_random),
    KIND(bits_anywhere),
    KIND(half_written),
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
