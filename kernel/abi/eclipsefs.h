/* The eclipsefs disk format, version 2.0: its one definition in code.
 *
 * Shared by kernel and tools. Integers are little-endian and stand at any
 * address, so every field is an array of bytes, to be read with the le*_load
 * of lib/bits.h.
 *
 *   header | ... | inode table | node records, in no order, gaps allowed
 *
 * The inode table has one slot for each inode number from 1 on; a slot's
 * offset counts from the end of the table. A node record is a head followed
 * by TLVs (tag, length, value). */
#pragma once

#include <stdint.h>

#define ECLIPSEFS_MAGIC         "ECLIPSEFS" /* without its terminator */
#define ECLIPSEFS_VERSION       0x00020000u /* major 2, minor 0 */
#define ECLIPSEFS_BLOCK_SIZE    4096u
#define ECLIPSEFS_ROOT_INO      1u
#define ECLIPSEFS_NAME_MAX      255u
#define ECLIPSEFS_FLAG_EXTENDED 0x1u /* bitmap, journal and extents */

/* What statfs(2) says in f_type of a mounted one: "EFS2" read as a
 * little-endian number. Not on the disk. */
#define ECLIPSEFS_SUPER_MAGIC 0x32534645u

struct eclipsefs_header {
    uint8_t magic[9];
    uint8_t version[4];
    uint8_t inode_table_offset[8]; /* bytes from the start of the image */
    uint8_t inode_table_size[8];   /* bytes; >= total_inodes slots */
    uint8_t total_inodes[4];       /* never 0 */
    uint8_t header_checksum[4];    /* CRC-32 (IEEE); 0: none */
    uint8_t metadata_checksum[4];  /* 0 */
    uint8_t data_checksum[4];      /* 0 */
    uint8_t creation_time[8];      /* seconds since 1970 */
    uint8_t last_check[8];         /* seconds since 1970 */
    uint8_t flags[4];              /* ECLIPSEFS_FLAG_* */
};

/* Inode i is slot i - 1; readers ignore the slot's inode field. */
struct eclipsefs_slot {
    uint8_t inode[4];
    uint8_t offset[4]; /* of the record, bytes from the end of the table */
};

/* A later variant, under the same version number, has slots of this size
 * with a 64-bit offset. No reader here reads it, but it is recognised. */
struct eclipsefs_wide_slot {
    uint8_t inode[8];
    uint8_t offset[8];
};

struct eclipsefs_record {
    uint8_t inode[4];
    uint8_t size[4]; /* bytes of the record, these eight included */
};

struct eclipsefs_tlv {
    uint8_t tag[2];    /* enum eclipsefs_tag; unknown ones are skipped */
    uint8_t length[4]; /* bytes of the value that follows */
};

enum eclipsefs_tag {
    ECLIPSEFS_NODE_TYPE = 0x0001, /* u8, enum eclipsefs_node_type */
    ECLIPSEFS_MODE = 0x0002,      /* u32, type bits included */
    ECLIPSEFS_UID = 0x0003,       /* u32 */
    ECLIPSEFS_GID = 0x0004,       /* u32 */
    ECLIPSEFS_SIZE = 0x0005,      /* u64; 0 for a directory */
    ECLIPSEFS_ATIME = 0x0006,     /* u64, seconds since 1970 */
    ECLIPSEFS_MTIME = 0x0007,     /* u64 */
    ECLIPSEFS_CTIME = 0x0008,     /* u64 */
    ECLIPSEFS_NLINK = 0x0009,     /* u32 */
    ECLIPSEFS_CONTENT = 0x000a,   /* file bytes, or a symlink's target */
    ECLIPSEFS_ENTRIES = 0x000b,   /* struct eclipsefs_dirent, repeated */
};

enum eclipsefs_node_type {
    ECLIPSEFS_FILE = 1,
    ECLIPSEFS_DIRECTORY = 2,
    ECLIPSEFS_SYMLINK = 3,
};

/* What a record without the TLV means; other numbers are 0. */
#define ECLIPSEFS_DEFAULT_TYPE  ECLIPSEFS_FILE
#define ECLIPSEFS_DEFAULT_MODE  0100644u
#define ECLIPSEFS_DEFAULT_NLINK 1u

struct eclipsefs_dirent {
    uint8_t name_len[4];
    uint8_t inode[4];
    /* name_len bytes of name, not terminated */
};

_Static_assert(sizeof(struct eclipsefs_header) == 65, "eclipsefs 2.0 layout");
_Static_assert(sizeof(struct eclipsefs_slot) == 8, "eclipsefs 2.0 layout");
_Static_assert(sizeof(struct eclipsefs_wide_slot) == 16, "variant layout");
_Static_assert(sizeof(struct eclipsefs_record) == 8, "eclipsefs 2.0 layout");
_Static_assert(sizeof(struct eclipsefs_tlv) == 6, "eclipsefs 2.0 layout");
_Static_assert(sizeof(struct eclipsefs_dirent) == 8, "eclipsefs 2.0 layout");
