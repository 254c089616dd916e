#include "fs/eclipsefs/record.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "fs/eclipsefs/extent.h"
#include "fs/eclipsefs/record_block.h"
#include "lib/bits.h"

#define HEAD_SIZE sizeof(struct eclipsefs_tlv)

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

/* Takes a number from bytes, of which at least eight are there. */
static void
set_number(struct efs_node *node, const struct efs_number *number,
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
    for (size_t i = 0; i < EFS_KINDS; i++)
        if (tag == efs_kinds[i].tag) {
            value.layout = efs_kinds[i].layout;
            p->values[efs_kinds[i].directory] = value;
        }
    p->rdev |= tag == EFSX_RDEV;
    for (size_t i = 0; i < EFS_NUMBERS; i++)
        if (tag == efs_numbers[i].tag && value.len >= efs_numbers[i].size)
            set_number(p->node, &efs_numbers[i], bytes + HEAD_SIZE);
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
    if (node->type == ECLIPSEFS_FILE && p->rdev &&
        efs_mode_is_device(node->mode))
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
