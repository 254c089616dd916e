#include "fs/eclipsefs/record_block.h"

#include "abi/errno.h"
#include "fs/eclipsefs/change.h"
#include "lib/bits.h"
#include "lib/crc32c.h"
#include "lib/panic.h"
#include "lib/string.h"

#define HEAD_SIZE sizeof(struct eclipsefs_tlv)
#define CRC_SIZE  sizeof(uint32_t)

const struct efs_number efs_numbers[EFS_NUMBERS] = {
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

const struct efs_kind efs_kinds[EFS_KINDS] = {
    {ECLIPSEFS_CONTENT, false, EFS_INLINE},
    {EFSX_EXTENTS, false, EFS_EXTENTS},
    {EFSX_EXTENT_INDEX, false, EFS_EXTENT_INDEX},
    {ECLIPSEFS_ENTRIES, true, EFS_INLINE},
    {EFSX_HASH_INDEX, true, EFS_HASH_INDEX},
};

/* ---- Checking ---- */

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
    for (size_t i = 0; i < EFS_NUMBERS; i++) {
        const char *field = (const char *)node + efs_numbers[i].field;
        size_t size = efs_numbers[i].size;
        if (efs_numbers[i].tag == EFSX_RDEV && !efs_mode_is_device(node->mode))
            continue;
        uint64_t number = size == sizeof(uint64_t)
                              ? *(const uint64_t *)(const void *)field
                              : *(const uint32_t *)(const void *)field;
        at = put_head(at, efs_numbers[i].tag, (uint32_t)size);
        for (size_t byte = 0; byte < size; byte++)
            *at++ = (uint8_t)(number >> 8 * byte);
    }
    return at;
}

static unsigned
tag_of(const struct efs_node *node)
{
    bool directory = node->type == ECLIPSEFS_DIRECTORY;

    for (size_t i = 0; i < EFS_KINDS; i++)
        if (efs_kinds[i].directory == directory &&
            efs_kinds[i].layout == node->layout)
            return efs_kinds[i].tag;
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
    if (le32_load(record->size) > ECLIPSEFS_BLOCK_SIZE || len > EFS_VALUE_MAX)
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
