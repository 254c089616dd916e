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

/* Bytes of the number that tag stands for; 0 if it is no number. */
static size_t
number_size(unsigned tag)
{
    switch (tag) {
    case ECLIPSEFS_NODE_TYPE:
        return sizeof(uint8_t);
    case ECLIPSEFS_MODE:
    case ECLIPSEFS_UID:
    case ECLIPSEFS_GID:
    case ECLIPSEFS_NLINK:
        return sizeof(uint32_t);
    case ECLIPSEFS_SIZE:
    case ECLIPSEFS_ATIME:
    case ECLIPSEFS_MTIME:
    case ECLIPSEFS_CTIME:
        return sizeof(uint64_t);
    default:
        return 0;
    }
}

static void
set_number(struct efs_node *node, unsigned tag, const uint8_t *value)
{
    switch (tag) {
    case ECLIPSEFS_NODE_TYPE:
        node->type = value[0];
        break;
    case ECLIPSEFS_MODE:
        node->mode = le32_load(value);
        break;
    case ECLIPSEFS_UID:
        node->uid = le32_load(value);
        break;
    case ECLIPSEFS_GID:
        node->gid = le32_load(value);
        break;
    case ECLIPSEFS_NLINK:
        node->nlink = le32_load(value);
        break;
    case ECLIPSEFS_SIZE:
        node->size = le64_load(value);
        break;
    case ECLIPSEFS_ATIME:
        node->atime = le64_load(value);
        break;
    case ECLIPSEFS_MTIME:
        node->mtime = le64_load(value);
        break;
    case ECLIPSEFS_CTIME:
        node->ctime = le64_load(value);
        break;
    }
}

/* Reads one TLV and moves past it. */
static int
parse_tlv(struct parse *p)
{
    struct efs_cursor *cursor = &p->cursor;
    struct eclipsefs_tlv head;
    uint64_t start = cursor->pos;
    const uint8_t *data;

    int err = efs_cursor_take(cursor, sizeof head, &head, &data);
    if (err)
        return err;
    const struct eclipsefs_tlv *tlv = (const struct eclipsefs_tlv *)data;
    unsigned tag = le16_load(tlv->tag);
    uint32_t len = le32_load(tlv->length);
    if (len > efs_cursor_left(cursor))
        return efs_damaged(p->fs, p->node->ino, start,
                           "TLV reaches past its record");

    struct extent value = {cursor->pos, len};
    if (tag == ECLIPSEFS_CONTENT)
        p->content = value;
    if (tag == ECLIPSEFS_ENTRIES)
        p->entries = value;

    uint8_t copy[sizeof(uint64_t)];
    size_t size = number_size(tag);
    if (size > 0 && len >= size) {
        err = efs_cursor_take(cursor, size, copy, &data);
        if (err)
            return err;
        set_number(p->node, tag, data);
        len -= size;
    }
    efs_cursor_skip(cursor, len);
    return 0;
}

/* Reads the head of the record at address, and sets the cursor's end to the
 * record's. */
static int
parse_head(struct parse *p, uint64_t address)
{
    struct eclipsefs_record head;
    uint32_t ino = p->node->ino;
    const uint8_t *data;

    efs_cursor_init(&p->cursor, p->fs->dev, address, p->fs->size);
    int err = efs_cursor_take(&p->cursor, sizeof head, &head, &data);
    if (err)
        return err;
    const struct eclipsefs_record *record =
        (const struct eclipsefs_record *)data;
    uint32_t size = le32_load(record->size);
    if (le32_load(record->inode) != ino)
        return efs_damaged(p->fs, ino, address, "record of another inode");
    if (size < sizeof head || size > p->fs->size - address)
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
