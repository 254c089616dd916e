#include "fs/eclipsefs/record.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "fs/eclipsefs/cursor.h"
#include "lib/bits.h"

/* Where a TLV with bytes or entries lies. */
struct extent {
    uint64_t address;
    uint32_t len;
};

struct parse {
    struct efs *fs;
    struct efs_node *node;
    struct extent content, entries;
    struct efs_cursor cursor;
};

/* The TLVs that are numbers: bytes on the disk, and the field of struct
 * efs_node, an uint32_t or, for numbers of eight bytes, an uint64_t. */
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
};

/* Reads the number that stands at the cursor. */
static int
read_number(struct parse *p, const struct number *number)
{
    char *field = (char *)p->node + number->field;
    uint8_t bytes[8] = {0};

    int err = efs_cursor_read(&p->cursor, bytes, number->size);
    if (err)
        return err;
    if (number->size == sizeof(uint64_t))
        *(uint64_t *)(void *)field = le64_load(bytes);
    else
        *(uint32_t *)(void *)field = le32_load(bytes);
    return 0;
}

/* Reads one TLV and moves past it. */
static int
parse_tlv(struct parse *p)
{
    struct efs_cursor *cursor = &p->cursor;
    uint64_t start = cursor->pos;
    struct eclipsefs_tlv tlv;

    int err = efs_cursor_read(cursor, &tlv, sizeof tlv);
    if (err)
        return err;
    unsigned tag = le16_load(tlv.tag);
    struct extent value = {cursor->pos, le32_load(tlv.length)};
    if (value.len > efs_cursor_left(cursor))
        return efs_damaged(p->fs, p->node->ino, start,
                           "TLV reaches past its record");

    if (tag == ECLIPSEFS_CONTENT)
        p->content = value;
    if (tag == ECLIPSEFS_ENTRIES)
        p->entries = value;
    for (size_t i = 0; i < ARRAY_LEN(numbers) && !err; i++) {
        if (tag == numbers[i].tag && value.len >= numbers[i].size)
            err = read_number(p, &numbers[i]);
    }
    if (!err)
        cursor->pos = value.address + value.len;
    return err;
}

/* Reads the head of the record at address, and sets the cursor's end to the
 * record's. */
static int
parse_head(struct parse *p, uint64_t address)
{
    struct eclipsefs_record record;
    uint32_t ino = p->node->ino;

    efs_cursor_init(&p->cursor, p->fs->dev, address, p->fs->size);
    int err = efs_cursor_read(&p->cursor, &record, sizeof record);
    if (err)
        return err;
    uint32_t size = le32_load(record.size);
    if (le32_load(record.inode) != ino)
        return efs_damaged(p->fs, ino, address, "record of another inode");
    if (size < sizeof record || size > p->fs->size - address)
        return efs_damaged(p->fs, ino, address, "record has a wrong size");
    p->cursor.end = address + size;
    return 0;
}

/* Makes type, mode and data agree. */
static int
finish_node(struct parse *p, uint64_t address)
{
    struct efs_node *node = p->node;
    struct extent data = p->content;
    uint32_t type_bits;

    switch (node->type) {
    case ECLIPSEFS_FILE:
        type_bits = S_IFREG;
        break;
    case ECLIPSEFS_SYMLINK:
        type_bits = S_IFLNK;
        break;
    case ECLIPSEFS_DIRECTORY:
        type_bits = S_IFDIR;
        data = p->entries;
        break;
    default:
        return efs_damaged(p->fs, node->ino, address, "unknown node type");
    }
    node->mode = type_bits | (node->mode & ~(uint32_t)S_IFMT);
    node->data = data.address;
    node->data_len = data.len;
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
    err = parse_head(&p, address);
    while (!err && efs_cursor_left(&p.cursor) >= sizeof(struct eclipsefs_tlv))
        err = parse_tlv(&p);
    efs_cursor_close(&p.cursor);
    return err ? err : finish_node(&p, address);
}
