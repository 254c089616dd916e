/* The eclipsefs disk format, version 2.0 and its extension: their one
 * definition in code. docs/eclipsefs.md is the specification.
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

/* Inode i is slot i - 1; readers of plain images ignore its inode field. */
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

    /* of extended images only */
    EFSX_EXTENTS = 0x0100,      /* struct efsx_extent, repeated */
    EFSX_EXTENT_INDEX = 0x0101, /* struct efsx_index: blocks of extents */
    EFSX_HASH_INDEX = 0x0102,   /* depth u32; struct efsx_index, repeated */
    EFSX_RDEV = 0x0103,         /* u64: a device node, of MODE's type */
    EFSX_CRC = 0x01ff,          /* u32, ends the record: CRC-32C of what is
                                 * before this value */
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

/* ---- Extended images (ECLIPSEFS_FLAG_EXTENDED) ----
 *
 *   header | journal | block bitmap | inode table | blocks
 *
 * all of it in blocks of 4096 bytes. A block is named by its number, counted
 * from the start of the image, in 32 bits. An inode's record is a block of
 * its own, ends in EFSX_CRC, and is followed by zeros. (A record of the plain
 * format that is longer than a block may be kept, read-only: it begins with a
 * block, has all but one CONTENT or ENTRIES in it, and that one last, right
 * behind EFSX_CRC, which does not cover it.) Blocks of the bitmap, of extents
 * and of large directories end in a struct efsx_trailer. */

#define EFSX_MAGIC     "EFSX" /* without its terminator */
#define EFSX_VERSION   1u
#define EFSX_OFFSET    128u  /* of struct efsx_header in block 0 */
#define EFSX_COPY_AT   4608u /* address of a copy of the image's first sector */
#define EFSX_LABEL_MAX 32u

/* Unset in a slot's inode field, but for inodes without a name that were
 * still open: whoever mounts the image frees them. */
#define EFSX_SLOT_ORPHAN 0x80000000u

enum efsx_state {
    EFSX_CLEAN = 1,  /* unmounted; the journal is empty */
    EFSX_IN_USE = 2, /* mounted, or was when the power went */
    EFSX_ERRORS = 4, /* or-ed to either: damage was met; fsck is due */
};

struct efsx_header {
    uint8_t magic[4];
    uint8_t version[4];
    uint8_t block_size[4]; /* ECLIPSEFS_BLOCK_SIZE */
    uint8_t state[4];      /* enum efsx_state */
    uint8_t total_blocks[8];
    uint8_t journal_start[8]; /* block */
    uint8_t bitmap_start[8];  /* block */
    uint8_t journal_blocks[4];
    uint8_t bitmap_blocks[4];
    uint8_t free_blocks[8]; /* exact if clean */
    uint8_t free_inodes[4]; /* exact if clean */
    uint8_t mount_count[4];
    uint8_t uuid[16]; /* its first four bytes also seed name hashes */
    uint8_t label[EFSX_LABEL_MAX]; /* UTF-8, filled up with zeros */
    uint8_t checksum[4];           /* CRC-32C of the fields before it */
};

struct efsx_trailer {
    uint8_t checksum[4]; /* CRC-32C of the block before it */
};

/* Block b is bit b % EFSX_BITMAP_BITS of bitmap block b / EFSX_BITMAP_BITS,
 * lowest bit of a byte first; 1: in use, and past the end of the image. */
#define EFSX_BITMAP_BITS ((ECLIPSEFS_BLOCK_SIZE - 4u) * 8u)

/* A run of a file's blocks. Sorted by logical block, disjoint; what no
 * extent covers is a hole and reads as zeros. */
struct efsx_extent {
    uint8_t logical[4];
    uint8_t count[4]; /* never 0 */
    uint8_t physical[4];
};

/* Where the blocks of an index begin to count: first is the lowest logical
 * block, or name hash, that its block may hold; the first entry's is 0. */
struct efsx_index {
    uint8_t first[4];
    uint8_t block[4];
};

#define EFSX_EXTENT_MAGIC 0x54584545u /* "EEXT": struct efsx_extent */
#define EFSX_INDEX_MAGIC  0x58444945u /* "EIDX": struct efsx_index */
#define EFSX_LEAF_MAGIC   0x46454c45u /* "ELEF": struct eclipsefs_dirent */

/* What blocks of extents, of index entries and of names begin with. */
struct efsx_block {
    uint8_t magic[4];
    uint8_t owner[4]; /* inode */
    uint8_t used[4];  /* bytes of entries that follow */
    uint8_t reserved[4];
};

#define EFSX_BLOCK_ROOM                                 \
    (ECLIPSEFS_BLOCK_SIZE - sizeof(struct efsx_block) - \
     sizeof(struct efsx_trailer))

/* The hash of a name, on its bytes, with the first four bytes of the UUID as
 * a little-endian seed, modulo 2^64: FNV-1a and one step of mixing.
 *
 *   h = EFSX_HASH_BASIS ^ seed
 *   for each byte: h = (h ^ byte) * EFSX_HASH_PRIME
 *   hash = (h ^ (h >> 32)) * EFSX_HASH_MIX
 *
 * In an extended image the names of an inline directory, unless its record is
 * longer than a block, and of each leaf stand in the order of their hashes.
 *
 * A large directory is a tree ordered by the upper 32 bits of the hashes:
 * EFSX_HASH_INDEX with depth 1 leads to leaves, with depth 2 to blocks of
 * index entries that lead to leaves. What an index entry leads to holds the
 * hashes from its first, or, if it is the first of its block, from the lowest
 * that the block may hold, to below the next entry's, or to the block's last.
 * Names whose upper 32 bits are equal are in one leaf. No block is empty: a
 * directory without names is inline. */
#define EFSX_HASH_BASIS     0xcbf29ce484222325u
#define EFSX_HASH_PRIME     0x100000001b3u
#define EFSX_HASH_MIX       0x9e3779b97f4a7c15u
#define EFSX_HASH_DEPTH_MAX 2u

/* ---- The journal ----
 *
 * Its first block, the head, says which transaction comes first in the log
 * that follows: one transaction after the other, each a descriptor, the new
 * contents of the blocks it lists, and a commit block. The log ends before
 * the first block that is not the next transaction's descriptor, or whose
 * transaction is not whole. It is filled once from its beginning; when all
 * that counts is in its place, a new head makes it empty. Sequence numbers
 * grow, and none is used twice, not even for what was never whole. */

#define EFSX_JOURNAL_MAGIC 0x4c4e4a45u /* "EJNL" */

enum efsx_journal_kind {
    EFSX_JOURNAL_HEAD = 1,
    EFSX_JOURNAL_DESCRIPTOR = 2,
    EFSX_JOURNAL_COMMIT = 3,
};

/* What all three begin with. */
struct efsx_journal_block {
    uint8_t magic[4];
    uint8_t kind[4];
    uint8_t sequence[8]; /* of the transaction; HEAD: of the first one */
};

/* Lies in one sector, so it is the old one or the new one after a crash. The
 * journal begins with block 1: the next sector is EFSX_COPY_AT. */
struct efsx_journal_head {
    struct efsx_journal_block head;
    uint8_t checksum[4]; /* CRC-32C of the fields before it */
};

/* The numbers of count blocks that follow, then those of revoked blocks:
 * what this and earlier transactions hold of them must not be replayed. */
struct efsx_journal_descriptor {
    struct efsx_journal_block head;
    uint8_t count[4];
    uint8_t revoked[4];
    /* 4 bytes each */
};

#define EFSX_JOURNAL_TAGS \
    ((ECLIPSEFS_BLOCK_SIZE - sizeof(struct efsx_journal_descriptor)) / 4u)

/* The checksum of the descriptor and all contents, word by word of 64 bits,
 * begun with 0: sum = (sum ^ word) * multiplier; sum ^= sum >> 32. No CRC:
 * most blocks end in their own, and a CRC of the same kind over such a block
 * is the same whatever else is in it. */
#define EFSX_JOURNAL_MULTIPLIER 0x9e3779b97f4a7c15u

struct efsx_journal_commit {
    struct efsx_journal_block head;
    uint8_t checksum[8];
};

_Static_assert(sizeof(struct eclipsefs_header) == 65, "eclipsefs 2.0 layout");
_Static_assert(sizeof(struct eclipsefs_slot) == 8, "eclipsefs 2.0 layout");
_Static_assert(sizeof(struct eclipsefs_wide_slot) == 16, "variant layout");
_Static_assert(sizeof(struct eclipsefs_record) == 8, "eclipsefs 2.0 layout");
_Static_assert(sizeof(struct eclipsefs_tlv) == 6, "eclipsefs 2.0 layout");
_Static_assert(sizeof(struct eclipsefs_dirent) == 8, "eclipsefs 2.0 layout");
_Static_assert(sizeof(struct efsx_header) == 116, "extension layout");
_Static_assert(sizeof(struct efsx_extent) == 12, "extension layout");
_Static_assert(sizeof(struct efsx_index) == 8, "extension layout");
_Static_assert(sizeof(struct efsx_block) == 16, "extension layout");
_Static_assert(sizeof(struct efsx_journal_descriptor) == 24, "journal layout");
