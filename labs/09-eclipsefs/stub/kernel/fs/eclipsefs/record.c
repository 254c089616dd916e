#include "fs/eclipsefs/record.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "fs/eclipsefs/extent.h"
#include "fs/eclipsefs/record_block.h"
#include "lib/bits.h"
#include "lib/todo.h"

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

/* Takes a number, of number->size bytes, from bytes, of which at least eight
 * are there, and sets its field (number->field bytes from the beginning of
 * *node), which is an uint64_t if the number has eight bytes, else an uint32_t.
 */
static void
set_number(struct efs_node *node, const struct efs_number *number,
           const uint8_t *bytes)
{
    LAB_TODO(9);
}

/* Reads one TLV and moves past it (docs/eclipsefs.md, section 3). Its head is
 * there, but maybe nothing else: its length is the disk's, and must not lead
 * out of the record (efs_damaged at the TLV's address).
 *
 * efs_kinds has the tags whose value is not read but remembered, in p->values;
 * in plain images those from EFSX_EXTENTS on are tags like any unknown one.
 * p->rdev says whether EFSX_RDEV was met. efs_numbers has those that are
 * numbers: one that is shorter than it should be is ignored. Of a repeated TLV
 * the last counts. */
static int
parse_tlv(struct parse *p)
{
    LAB_TODO(9);
}

/* Reads the head of the record at address, and sets p->at to where its TLVs
 * begin and p->end to where it ends: within the image, behind its own head. A
 * record that says it is another inode's is damage, too. */
static int
parse_head(struct parse *p, uint64_t address)
{
    LAB_TODO(9);
}

/* Makes type, mode and data agree. Types are 1 to 3; NODE_TYPE counts, so the
 * type bits of MODE become its. (But the MODE of a file for which EFSX_RDEV was
 * met, and that is efs_mode_is_device, stays, and it has no data.) Then the
 * node gets the value that its type calls for: layout, data, data_len. What
 * extents say is checked by efs_extent_check. */
static int
finish_node(struct parse *p, uint64_t address)
{
    LAB_TODO(9);
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
