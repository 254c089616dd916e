#include "image_builder.h"

#include "fs/bcache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t open_list; /* address of the open DIRECTORY_ENTRIES TLV */

static void
require(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "image builder: %s\n", what);
        abort();
    }
}

void
builder_store(uint8_t *field, size_t n, uint64_t value)
{
    for (size_t i = 0; i < n; i++)
        field[i] = (uint8_t)(value >> 8 * i);
}

#define STORE(field, value) builder_store(field, sizeof(field), value)

struct eclipsefs_header *
builder_header(struct builder *b)
{
    return (struct eclipsefs_header *)b->image;
}

void
builder_init(struct builder *b, size_t size, uint32_t slots)
{
    uint64_t table_size = slots * sizeof(struct eclipsefs_slot);

    *b = (struct builder){.image = calloc(1, size),
                          .size = size,
                          .slots = slots,
                          .pos = BUILDER_TABLE + table_size};
    require(b->image != NULL, "no memory");
    struct eclipsefs_header *header = builder_header(b);
    memcpy(header->magic, ECLIPSEFS_MAGIC, sizeof header->magic);
    STORE(header->version, ECLIPSEFS_VERSION);
    STORE(header->inode_table_offset, BUILDER_TABLE);
    STORE(header->inode_table_size, table_size);
    STORE(header->total_inodes, slots);
}

void
builder_free(struct builder *b)
{
    bcache_drop(NULL);
    free(b->image);
}

static void
put(struct builder *b, const void *data, size_t n)
{
    require(b->pos + n <= b->size, "the image is too small");
    memcpy(b->image + b->pos, data, n);
    b->pos += n;
}

void
builder_begin(struct builder *b, uint32_t ino)
{
    uint64_t records = BUILDER_TABLE + b->slots * sizeof(struct eclipsefs_slot);
    struct eclipsefs_slot slot;
    struct eclipsefs_record record;

    STORE(slot.inode, ino);
    STORE(slot.offset, b->pos - records);
    memcpy(b->image + BUILDER_TABLE + (ino - 1) * sizeof slot, &slot,
           sizeof slot);
    b->record = b->pos;
    STORE(record.inode, ino);
    STORE(record.size, 0);
    put(b, &record, sizeof record);
}

static void
put_tlv(struct builder *b, unsigned tag, size_t n)
{
    struct eclipsefs_tlv tlv;
    STORE(tlv.tag, tag);
    STORE(tlv.length, n);
    put(b, &tlv, sizeof tlv);
}

void
builder_number(struct builder *b, unsigned tag, size_t n, uint64_t value)
{
    uint8_t bytes[16];
    put_tlv(b, tag, n);
    builder_store(bytes, MIN(n, 8u), value);
    put(b, bytes, n);
}

void
builder_bytes(struct builder *b, unsigned tag, const void *data, size_t n)
{
    put_tlv(b, tag, n);
    put(b, data, n);
}

void
builder_open_entries(struct builder *b)
{
    open_list = b->pos;
    put_tlv(b, ECLIPSEFS_ENTRIES, 0);
}

void
builder_raw_entry(struct builder *b, const void *name, size_t len, uint32_t ino)
{
    struct eclipsefs_dirent dirent;
    STORE(dirent.name_len, len);
    STORE(dirent.inode, ino);
    put(b, &dirent, sizeof dirent);
    put(b, name, len);
}

void
builder_entry(struct builder *b, const char *name, uint32_t ino)
{
    builder_raw_entry(b, name, strlen(name), ino);
}

void
builder_close_entries(struct builder *b)
{
    struct eclipsefs_tlv *tlv = (struct eclipsefs_tlv *)(b->image + open_list);
    STORE(tlv->length, b->pos - open_list - sizeof *tlv);
}

void
builder_end(struct builder *b)
{
    struct eclipsefs_record *record =
        (struct eclipsefs_record *)(b->image + b->record);
    STORE(record->size, b->pos - b->record);
}

void
builder_file(struct builder *b, uint32_t ino, const void *data, size_t n)
{
    builder_begin(b, ino);
    builder_number(b, ECLIPSEFS_NODE_TYPE, 1, ECLIPSEFS_FILE);
    builder_bytes(b, ECLIPSEFS_CONTENT, data, n);
    builder_end(b);
}

void
builder_symlink(struct builder *b, uint32_t ino, const char *target)
{
    builder_begin(b, ino);
    builder_number(b, ECLIPSEFS_NODE_TYPE, 1, ECLIPSEFS_SYMLINK);
    builder_bytes(b, ECLIPSEFS_CONTENT, target, strlen(target));
    builder_end(b);
}

void
builder_dir1(struct builder *b, uint32_t ino, const char *name, uint32_t child)
{
    builder_begin(b, ino);
    builder_number(b, ECLIPSEFS_NODE_TYPE, 1, ECLIPSEFS_DIRECTORY);
    builder_open_entries(b);
    builder_entry(b, name, child);
    builder_close_entries(b);
    builder_end(b);
}

struct blockdev *
builder_disk(struct builder *b)
{
    bcache_drop(NULL);
    host_disk_wrap(&b->disk, b->image, b->size);
    return &b->disk.dev;
}

uint8_t *
read_host_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    require(file != NULL, path);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = malloc(*size);
    require(data && fread(data, 1, *size, file) == *size, path);
    fclose(file);
    return data;
}
