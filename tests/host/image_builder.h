/* Makes eclipsefs images in memory, sound or deliberately not.
 *
 * A builder owns its memory until builder_free; one thread. Records are
 * written one after another at builder->pos, which tests may move. */
#pragma once

#include "abi/eclipsefs.h"
#include "host_disk.h"

#define BUILDER_TABLE ECLIPSEFS_BLOCK_SIZE

struct builder {
    uint8_t *image;
    size_t size;
    uint32_t slots;
    uint64_t pos;    /* where the next record goes, or its next TLV */
    uint64_t record; /* where the record being written starts */
    struct host_disk disk;
};

/* Starts an image of size bytes with a header and an empty table of slots
 * slots, all of which are inodes. */
void builder_init(struct builder *b, size_t size, uint32_t slots);
void builder_free(struct builder *b);

struct eclipsefs_header *builder_header(struct builder *b);

/* Stores value as an integer of n little-endian bytes. */
void builder_store(uint8_t *field, size_t n, uint64_t value);

/* Begins the record of ino at builder->pos and points its slot there. */
void builder_begin(struct builder *b, uint32_t ino);

/* Adds a TLV to the record. */
void builder_number(struct builder *b, unsigned tag, size_t n, uint64_t value);
void builder_bytes(struct builder *b, unsigned tag, const void *data, size_t n);

/* Opens a DIRECTORY_ENTRIES TLV; entries follow, then its end. */
void builder_open_entries(struct builder *b);
void builder_entry(struct builder *b, const char *name, uint32_t ino);
void builder_raw_entry(struct builder *b, const void *name, size_t len,
                       uint32_t ino);
void builder_close_entries(struct builder *b);

/* Ends the record: fills its size in. */
void builder_end(struct builder *b);

/* Shorthands for whole records. */
void builder_file(struct builder *b, uint32_t ino, const void *data, size_t n);
void builder_symlink(struct builder *b, uint32_t ino, const char *target);
void builder_dir1(struct builder *b, uint32_t ino, const char *name,
                  uint32_t child);

/* The image as a disk; changes to it afterwards need builder_disk again. */
struct blockdev *builder_disk(struct builder *b);

/* Reads a whole file of the host; the caller frees it. */
uint8_t *read_host_file(const char *path, size_t *size);
