#include "plain.h"

#include "beside.h"
#include "complain.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/super.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLE_OFFSET ECLIPSEFS_BLOCK_SIZE
#define COPY_SIZE    (128u * 1024)
#define WORD_SIZE    8u

/* The numbers of a record, in the order they are written. */
#define NUMBERS_SIZE                                               \
    (9 * sizeof(struct eclipsefs_tlv) + 1 + 4 * sizeof(uint32_t) + \
     4 * sizeof(uint64_t))

/* Where records go; [i] is for inode i + 1. */
struct plain_layout {
    uint32_t slots;
    uint64_t records;  /* end of the table */
    uint64_t *address; /* of each record */
    uint64_t *size;
    uint64_t end; /* of the last record */
};

/* A file being written from its beginning to its end. */
struct out {
    FILE *file;
    const char *path;
    uint64_t pos;
    bool failed; /* and reported */
};

/* ---- Output ---- */

static void
put_bytes(struct out *out, const void *data, size_t n)
{
    if (!out->failed && fwrite(data, 1, n, out->file) != n) {
        complain(out->path, strerror(errno));
        out->failed = true;
    }
    out->pos += n;
}

static void
put_zeros(struct out *out, uint64_t until)
{
    static const uint8_t zeros[ECLIPSEFS_BLOCK_SIZE];

    while (out->pos < until)
        put_bytes(out, zeros, MIN(sizeof zeros, until - out->pos));
}

/* Little-endian, whatever the host is. */
static void
store(uint8_t *field, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++)
        field[i] = (uint8_t)(value >> 8 * i);
}

#define STORE(field, value) store(field, sizeof(field), value)

static void
put_tlv_head(struct out *out, enum eclipsefs_tag tag, uint64_t len)
{
    struct eclipsefs_tlv tlv;
    STORE(tlv.tag, tag);
    STORE(tlv.length, len);
    put_bytes(out, &tlv, sizeof tlv);
}

static void
put_number(struct out *out, enum eclipsefs_tag tag, size_t size, uint64_t value)
{
    uint8_t bytes[sizeof(uint64_t)];
    put_tlv_head(out, tag, size);
    store(bytes, size, value);
    put_bytes(out, bytes, size);
}

/* ---- Layout ---- */

/* Bytes of a node's CONTENT or DIRECTORY_ENTRIES. */
static uint64_t
data_size(const struct tree_node *node)
{
    uint64_t size = node->size;
    for (size_t i = 0; i < node->entry_count; i++)
        size += sizeof(struct eclipsefs_dirent) + strlen(node->entries[i].name);
    return size;
}

static uint64_t
record_size(const struct tree_node *node)
{
    uint64_t data = data_size(node);
    return sizeof(struct eclipsefs_record) + NUMBERS_SIZE +
           (data ? sizeof(struct eclipsefs_tlv) + data : 0);
}

/* The first address from pos on where the record's data is aligned. */
static uint64_t
place_record(const struct tree_node *node, uint64_t pos)
{
    uint64_t before_data = sizeof(struct eclipsefs_record) + NUMBERS_SIZE +
                           sizeof(struct eclipsefs_tlv);
    uint64_t unit =
        node->size >= ECLIPSEFS_BLOCK_SIZE ? ECLIPSEFS_BLOCK_SIZE : WORD_SIZE;
    return ALIGN_UP(pos + before_data, unit) - before_data;
}

/* Returns whether everything fits the format's 32-bit fields. */
static bool
lay_out(struct plain_layout *layout, const struct tree *tree, uint32_t slots)
{
    layout->slots = MAX(slots, tree->count);
    layout->records =
        TABLE_OFFSET + (uint64_t)layout->slots * sizeof(struct eclipsefs_slot);
    layout->end = layout->records;
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct tree_node *node = &tree->nodes[i];
        const char *path = node->path ? node->path : "/";
        uint64_t size = record_size(node);
        if (size > UINT32_MAX)
            return complain(path, "too large: a record of a plain image "
                                  "holds less than 4 GiB");
        uint64_t address = place_record(node, layout->end);
        if (address - layout->records > UINT32_MAX)
            return complain(path, "the tree is too large: records of a plain "
                                  "image start within 4 GiB");
        layout->address[i] = address;
        layout->size[i] = size;
        layout->end = address + size;
    }
    return true;
}

/* ---- Parts of the image ---- */

static void
put_header(struct out *out, const struct plain_layout *layout, uint32_t count,
           uint64_t created)
{
    struct eclipsefs_header header = {0};

    memcpy(header.magic, ECLIPSEFS_MAGIC, sizeof header.magic);
    STORE(header.version, ECLIPSEFS_VERSION);
    STORE(header.inode_table_offset, TABLE_OFFSET);
    STORE(header.inode_table_size, layout->records - TABLE_OFFSET);
    STORE(header.total_inodes, count);
    STORE(header.creation_time, created);
    STORE(header.last_check, created);
    STORE(header.header_checksum, efs_header_checksum(&header));
    put_bytes(out, &header, sizeof header);
    put_zeros(out, TABLE_OFFSET);
}

static void
put_table(struct out *out, const struct plain_layout *layout, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct eclipsefs_slot slot;
        STORE(slot.inode, i + 1);
        STORE(slot.offset, layout->address[i] - layout->records);
        put_bytes(out, &slot, sizeof slot);
    }
    put_zeros(out, layout->records);
}

static void
put_numbers(struct out *out, const struct tree_node *node)
{
    uint64_t size = node->type == ECLIPSEFS_DIRECTORY ? 0 : node->size;

    put_number(out, ECLIPSEFS_NODE_TYPE, sizeof(uint8_t), node->type);
    put_number(out, ECLIPSEFS_MODE, sizeof(uint32_t), node->mode);
    put_number(out, ECLIPSEFS_UID, sizeof(uint32_t), node->uid);
    put_number(out, ECLIPSEFS_GID, sizeof(uint32_t), node->gid);
    put_number(out, ECLIPSEFS_SIZE, sizeof(uint64_t), size);
    put_number(out, ECLIPSEFS_ATIME, sizeof(uint64_t), node->atime);
    put_number(out, ECLIPSEFS_MTIME, sizeof(uint64_t), node->mtime);
    put_number(out, ECLIPSEFS_CTIME, sizeof(uint64_t), node->ctime);
    put_number(out, ECLIPSEFS_NLINK, sizeof(uint32_t), node->nlink);
}

static void
put_entries(struct out *out, const struct tree_node *node)
{
    for (size_t i = 0; i < node->entry_count; i++) {
        const struct tree_entry *entry = &node->entries[i];
        struct eclipsefs_dirent dirent;
        size_t len = strlen(entry->name);
        STORE(dirent.name_len, len);
        STORE(dirent.inode, entry->ino);
        put_bytes(out, &dirent, sizeof dirent);
        put_bytes(out, entry->name, len);
    }
}

/* Copies a file of the host, which must have the size it had when the tree
 * was read: the records behind it are placed already. */
static void
put_file(struct out *out, const struct tree_node *node)
{
    static uint8_t piece[COPY_SIZE];
    uint64_t left = node->size;
    FILE *in = fopen(node->path, "rb");

    if (!in) {
        complain(node->path, strerror(errno));
        out->failed = true;
        return;
    }
    while (left > 0 && !out->failed) {
        size_t n = fread(piece, 1, MIN(left, sizeof piece), in);
        if (n == 0)
            break;
        put_bytes(out, piece, n);
        left -= n;
    }
    if (!out->failed && (left > 0 || getc(in) != EOF || ferror(in))) {
        complain(node->path, ferror(in) ? strerror(errno)
                                        : "changed while it was being copied");
        out->failed = true;
    }
    fclose(in);
}

static void
put_record(struct out *out, const struct tree_node *node, uint32_t ino,
           uint64_t size)
{
    uint64_t data = data_size(node);
    struct eclipsefs_record record;

    STORE(record.inode, ino);
    STORE(record.size, size);
    put_bytes(out, &record, sizeof record);
    put_numbers(out, node);
    if (data == 0)
        return;
    put_tlv_head(out,
                 node->type == ECLIPSEFS_DIRECTORY ? ECLIPSEFS_ENTRIES
                                                   : ECLIPSEFS_CONTENT,
                 data);
    if (node->type == ECLIPSEFS_DIRECTORY)
        put_entries(out, node);
    else if (node->type == ECLIPSEFS_SYMLINK)
        put_bytes(out, node->target, node->size);
    else
        put_file(out, node);
}

static bool
put_image(struct out *out, const struct tree *tree, struct plain_layout *layout,
          const struct plain_options *options)
{
    uint64_t end = ALIGN_UP(layout->end, ECLIPSEFS_BLOCK_SIZE);

    if (options->min_size && options->min_size < layout->end)
        return complain(out->path, "the size given is too small for the tree");
    put_header(out, layout, tree->count, options->created);
    put_table(out, layout, tree->count);
    for (uint32_t i = 0; i < tree->count && !out->failed; i++) {
        put_zeros(out, layout->address[i]);
        put_record(out, &tree->nodes[i], i + 1, layout->size[i]);
    }
    if (options->min_size)
        end = options->min_size;
    /* The rest is a hole of the host's file, not gigabytes of zeros. */
    if (!out->failed &&
        (fflush(out->file) || ftruncate(fileno(out->file), (off_t)end))) {
        complain(out->path, strerror(errno));
        out->failed = true;
    }
    return !out->failed;
}

/* ---- The file ---- */

static bool
write_file(const struct tree *tree, struct plain_layout *layout,
           const char *path, const struct plain_options *options)
{
    struct beside beside;

    if (!beside_open(&beside, path))
        return false;
    struct out out = {.file = fdopen(dup(beside.fd), "wb"), .path = path};
    bool ok = out.file ? put_image(&out, tree, layout, options)
                       : complain(path, strerror(errno));
    if (out.file && fclose(out.file) && ok)
        ok = complain(path, strerror(errno));
    return beside_close(&beside, ok);
}

bool
plain_write(const struct tree *tree, const char *path,
            const struct plain_options *options)
{
    struct plain_layout layout = {
        .address = calloc(tree->count, sizeof(uint64_t)),
        .size = calloc(tree->count, sizeof(uint64_t)),
    };
    bool ok = false;

    if (!layout.address || !layout.size)
        complain(path, strerror(ENOMEM));
    else if (lay_out(&layout, tree, options->slots))
        ok = write_file(tree, &layout, path, options);
    free(layout.address);
    free(layout.size);
    return ok;
}
