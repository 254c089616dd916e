#include "fs/eclipsefs/record.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/extent.h"
#include "lib/bits.h"
#include "lib/crc32c.h"
#include "lib/panic.h"
#include "lib/string.h"

#define HEAD_SIZE sizeof(struct eclipsefs_tlv)
#define CRC_SIZE  sizeof(uint32_t)

/* The TLVs that are numbers: bytes on the disk, and the field of struct
 * efs_node, an uint32_t or, for numbers of eight bytes, an uint64_t. Records
 * are written in this order. */
static const struct number {
    enum eclipsefs_tag tag;
    size_t size;
    size_t field;
} numbers[] = {
    {ECLIPSEFS_NODE_TYPE, 1, offsetof(struct efs_node, type)},
    {ECLIPSEFS_MODE, 4, offsetof(struct efs_node, mode)},
    {ECLIPSEFS_UID, 4, offsetof(struct efs_node, uid)},
    {ECLIPSEFS_GID, 4, offsetof(struct efs_node, gid)},
    {ECLIPSEFS_NLINK, 4, offsetof(struct efs_node, nlink)},
    {ECLIPSEFS_SIZE, 8, offsetof(struct efs_node, size)},
    {ECLIPSEFS_ATIME, 8, offsetof(struct efs_node, atime)},
    {ECLIPSEFS_MTIME, 8, offsetof(struct efs_node, mtime)},
    {ECLIPSEFS_CTIME, 8, offsetof(struct efs_node, ctime)},
    {EFSX_RDEV, 8, offsetof(struct efs_node, rdev)},
};

/* The TLVs that hold what a node is for. */
static const struct kind {
    enum eclipsefs_tag tag;
    bool directory;
    enum efs_layout layout;
} kinds[] = {
    {ECLIPSEFS_CONTENT, false, EFS_INLINE},
    {EFSX_EXTENTS, false, EFS_EXTENTS},
    {EFSX_EXTENT_INDEX, false, EFS_EXTENT_INDEX},
    {ECLIPSEFS_ENTRIES, true, EFS_INLINE},
    {EFSX_HASH_INDEX, true, EFS_HASH_INDEX},
};

/* Where a value lies. */
struct value {
    enum efs_layout layout;
    uint64_t address;
    uint32_t len;
};

struct parse {
    struct efs *fs;
    struct efs_node *node;
    struct value values[2]; /* by kind.directory */
    bool rdev;              /* met its TLV */
    uint64_t at, end; /* addresses: of the next TLV, and the record's end */
};

static bool
is_device(uint32_t mode)
{
    return S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode) || S_ISSOCK(mode);
}

/* ---- Blocks ---- */

/* Finds the last TLV with tag in what a block holds of the record that it
 * begins with: the offset of its value, and its length; 0: none. */
static uint32_t
find_tlv(const uint8_t *block, unsigned tag, uint32_t *len)
{
    const struct eclipsefs_record *record = (const void *)block;
    uint32_t end = MIN(le32_load(record->size), ECLIPSEFS_BLOCK_SIZE);
    uint32_t at = sizeof *record, found = 0;

    while (at + HEAD_SIZE <= end) {
        const struct eclipsefs_tlv *tlv = (const void *)(block + at);
        uint32_t length = le32_load(tlv->length);
        at += HEAD_SIZE;
        if (length > end - at)
            break;
        if (le16_load(tlv->tag) == tag) {
            found = at;
            *len = length;
        }
        at += length;
    }
    return found;
}

/* Whether the record that block begins with has its checksum, and that is
 * right: at its end or, if it is longer than the block, before the one TLV
 * that does not fit. */
static bool
record_is_sound(const uint8_t *block)
{
    const struct eclipsefs_record *record = (const void *)block;
    uint32_t size = le32_load(record->size), len;
    uint32_t at = find_tlv(block, EFSX_CRC, &len);

    if (at == 0 || len != CRC_SIZE ||
        le32_load(block + at) != crc32c(0, block, at))
        return false;
    at += CRC_SIZE;
    if (size <= ECLIPSEFS_BLOCK_SIZE)
        return at == size;
    const struct eclipsefs_tlv *tlv = (const void *)(block + at);
    return at + HEAD_SIZE <= ECLIPSEFS_BLOCK_SIZE &&
           le16_load(tlv->tag) < EFSX_EXTENTS &&
           le32_load(tlv->length) == size - at - HEAD_SIZE;
}

int
efs_node_block(struct efs *fs, uint32_t ino, uint64_t address, struct buf **buf)
{
    int err = bcache_get(fs->dev, address / ECLIPSEFS_BLOCK_SIZE, buf);
    if (err || READ_ONCE(*bcache_checked(*buf)))
        return err;
    if (!record_is_sound(bcache_data(*buf))) {
        bcache_put(*buf);
        return efs_broken(fs, ino, address, "record has a wrong checksum");
    }
    WRITE_ONCE(*bcache_checked(*buf), true);
    return 0;
}

/* ---- Reading ---- */

/* Takes a number from bytes, of which at least eight are there. */
static void
set_number(struct efs_node *node, const struct number *number,
           const uint8_t *bytes)
{
    void *field = (char *)node + number->field;
    uint64_t value = le64_load(bytes);

    if (number->size == sizeof(uint64_t))
        *(uint64_t *)field = value;
    else
        *(uint32_t *)field = (uint32_t)(value & ~(~0ull << 8 * number->size));
}

/* Reads one TLV and moves past it. */
static int
parse_tlv(struct parse *p)
{
    uint8_t bytes[HEAD_SIZE + sizeof(uint64_t)] = {0}; /* any number fits */
    const struct eclipsefs_tlv *tlv = (void *)bytes;
    struct value value = {.address = p->at + HEAD_SIZE};

    int err = efs_read(p->fs, p->at, bytes, MIN(sizeof bytes, p->end - p->at));
    if (err)
        return err;
    unsigned tag = le16_load(tlv->tag);
    value.len = le32_load(tlv->length);
    if (value.len > p->end - value.address)
        return efs_damaged(p->fs, p->node->ino, p->at,
                           "TLV reaches past its record");

    if (tag >= EFSX_EXTENTS && !p->fs->extended)
        tag = 0; /* unknown to plain images */
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (tag == kinds[i].tag) {
            value.layout = kinds[i].layout;
            p->values[kinds[i].directory] = value;
        }
    p->rdev |= tag == EFSX_RDEV;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (tag == numbers[i].tag && value.len >= numbers[i].size)
            set_number(p->node, &numbers[i], bytes + HEAD_SIZE);
    p->at = value.address + value.len;
    return 0;
}

/* Reads the head of the record at address. */
static int
parse_head(struct parse *p, uint64_t address)
{
    struct eclipsefs_record record;
    uint32_t ino = p->node->ino;

    int err = efs_read(p->fs, address, &record, sizeof record);
    if (err)
        return err;
    uint32_t size = le32_load(record.size);
    if (le32_load(record.inode) != ino)
        return efs_damaged(p->fs, ino, address, "record of another inode");
    if (size < sizeof record || size > p->fs->size - address)
        return efs_damaged(p->fs, ino, address, "record has a wrong size");
    p->at = address + sizeof record;
    p->end = address + size;
    return 0;
}

/* Makes type, mode and data agree. */
static int
finish_node(struct parse *p, uint64_t address)
{
    static const uint32_t type_bits[] = {
        [ECLIPSEFS_FILE] = S_IFREG,
        [ECLIPSEFS_DIRECTORY] = S_IFDIR,
        [ECLIPSEFS_SYMLINK] = S_IFLNK,
    };
    struct efs_node *node = p->node;
    struct value *value = &p->values[efs_node_is_dir(node)];

    if (node->type == 0 || node->type >= ARRAY_LEN(type_bits))
        return efs_damaged(p->fs, node->ino, address, "unknown node type");
    if (node->type == ECLIPSEFS_FILE && p->rdev && is_device(node->mode))
        value->len = 0;
    else
        node->mode = type_bits[node->type] | (node->mode & ~(uint32_t)S_IFMT);
    node->layout = value->layout;
    node->data = value->address;
    node->data_len = value->len;
    if (node->layout == EFS_EXTENTS || node->layout == EFS_EXTENT_INDEX)
        return efs_extent_check(p->fs, node);
    return 0;
}

int
efs_node_read(struct efs *fs, uint32_t ino, struct efs_node *node)
{
    struct parse p = {.fs = fs, .node = node};
    uint64_t address;

    *node = (struct efs_node){
        .ino = ino,
        .type = ECLIPSEFS_DEFAULT_TYPE,
        .mode = ECLIPSEFS_DEFAULT_MODE,
        .nlink = ECLIPSEFS_DEFAULT_NLINK,
    };
    int err = efs_find_record(fs, ino, &address);
    if (err)
        return err;
    if (fs->extended) {
        struct buf *buf;
        err = efs_node_block(fs, ino, address, &buf);
        if (err)
            return err;
        bcache_put(buf);
    }
    p.values[false].address = p.values[true].address = address;
    err = parse_head(&p, address);
    while (!err && p.end - p.at >= HEAD_SIZE)
        err = parse_tlv(&p);
    return err ? err : finish_node(&p, address);
}

/* ---- Writing ---- */

static uint8_t *
put_head(uint8_t *at, unsigned tag, uint32_t len)
{
    struct eclipsefs_tlv *tlv = (void *)at;

    le16_store(tlv->tag, (uint16_t)tag);
    le32_store(tlv->length, len);
    return at + HEAD_SIZE;
}

/* Writes the TLVs that are numbers. */
static uint8_t *
put_numbers(uint8_t *at, const struct efs_node *node)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        const char *field = (const char *)node + numbers[i].field;
        size_t size = numbers[i].size;
        if (numbers[i].tag == EFSX_RDEV && !is_device(node->mode))
            continue;
        uint64_t number = size == sizeof(uint64_t)
                              ? *(const uint64_t *)(const void *)field
                              : *(const uint32_t *)(const void *)field;
        at = put_head(at, numbers[i].tag, (uint32_t)size);
        for (size_t byte = 0; byte < size; byte++)
            *at++ = (uint8_t)(number >> 8 * byte);
    }
    return at;
}

static unsigned
tag_of(const struct efs_node *node)
{
    bool directory = node->type == ECLIPSEFS_DIRECTORY;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (kinds[i].directory == directory && kinds[i].layout == node->layout)
            return kinds[i].tag;
    panic("inode %u: no such layout", node->ino);
}

/* The value is moved first, as in a record that others have written it may
 * stand anywhere. One of another layout has another tag, and is not found. */
uint8_t *
efs_node_lay_out(uint8_t *block, const struct efs_node *node, uint32_t len)
{
    struct eclipsefs_record *record = (void *)block;
    uint8_t prefix[128]; /* holds all numbers and a head */
    uint8_t *at = put_numbers(prefix, node);
    uint32_t old_len = 0, old = find_tlv(block, tag_of(node), &old_len);

    if (len > 0 || node->layout != EFS_INLINE)
        at = put_head(at, tag_of(node), len);
    size_t prefix_len = (size_t)(at - prefix);
    size_t start = sizeof *record + prefix_len, kept = MIN(old_len, len);
    size_t size = start + len + HEAD_SIZE + CRC_SIZE;
    assert(size <= ECLIPSEFS_BLOCK_SIZE);

    memmove(block + start, block + old, kept);
    memset(block + start + kept, 0, ECLIPSEFS_BLOCK_SIZE - start - kept);
    le32_store(record->inode, node->ino);
    le32_store(record->size, (uint32_t)size);
    memcpy(block + sizeof *record, prefix, prefix_len);
    put_head(block + start + len, EFSX_CRC, CRC_SIZE);
    return block + start;
}

void
efs_node_seal(uint8_t *block)
{
    const struct eclipsefs_record *record = (const void *)block;
    uint32_t size = le32_load(record->size);

    assert(size > CRC_SIZE && size <= ECLIPSEFS_BLOCK_SIZE);
    size -= CRC_SIZE;
    le32_store(block + size, crc32c(0, block, size));
}

int
efs_node_write(struct efs *fs, struct efs_node *node, uint32_t len,
               uint8_t **value)
{
    uint64_t address;
    struct buf *buf;

    int err = efs_find_record(fs, node->ino, &address);
    if (!err)
        err = efs_node_block(fs, node->ino, address, &buf);
    if (err)
        return err;
    const struct eclipsefs_record *record = (void *)bcache_data(buf);
    uint8_t *block = NULL;
    if (le32_load(record->size) > ECLIPSEFS_BLOCK_SIZE)
        err = -EOPNOTSUPP;
    else
        block = journal_edit(fs->journal, buf, efs_node_seal);
    if (block) {
        if (node->layout == EFS_INLINE && node->type != ECLIPSEFS_DIRECTORY)
            node->size = len;
        uint8_t *start = efs_node_lay_out(block, node, len);
        node->data = address + (uint64_t)(start - block);
        node->data_len = len;
        if (value)
            *value = start;
    } else if (!err) {
        err = -ENOMEM;
    }
    bcache_put(buf);
    return err;
}
