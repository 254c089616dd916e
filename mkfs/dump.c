#include "dump_impl.h"

#include "abi/errno.h"
#include "lib/bits.h"

#include <ctype.h>
#include <stdio.h>

#define SHOWN_BYTES 48u /* of a content */

static void
dump_header(const struct efs *fs)
{
    const struct eclipsefs_header *h = &fs->header;
    uint32_t version = le32_load(h->version);
    uint32_t checksum = le32_load(h->header_checksum);

    printf("header at 0\n");
    printf("  %2d magic              ECLIPSEFS\n", 0);
    printf("  %2d version            %u.%u\n", 9, version >> 16,
           version & 0xffff);
    printf("  %2d inode_table_offset %llu\n", 13,
           (unsigned long long)le64_load(h->inode_table_offset));
    printf("  %2d inode_table_size   %llu (ends at %llu)\n", 21,
           (unsigned long long)le64_load(h->inode_table_size),
           (unsigned long long)fs->records);
    printf("  %2d total_inodes       %u\n", 29, fs->inode_count);
    printf("  %2d header_checksum    0x%08x (%s)\n", 33, checksum,
           checksum ? "right" : "none");
    printf("  %2d metadata_checksum  0x%08x\n", 37,
           le32_load(h->metadata_checksum));
    printf("  %2d data_checksum      0x%08x\n", 41,
           le32_load(h->data_checksum));
    printf("  %2d creation_time      %llu\n", 45,
           (unsigned long long)le64_load(h->creation_time));
    printf("  %2d last_check         %llu\n", 53,
           (unsigned long long)le64_load(h->last_check));
    printf("  %2d flags              %#x\n", 61, le32_load(h->flags));
}

static void
dump_extension(const struct efs *fs)
{
    const struct efsx_header *x = &fs->ext;

    printf("extension at %u\n", EFSX_OFFSET);
    printf("  %3d state          %u\n", 12, le32_load(x->state));
    printf("  %3d total_blocks   %llu\n", 16,
           (unsigned long long)le64_load(x->total_blocks));
    printf("  %3d journal_start  %llu\n", 24,
           (unsigned long long)le64_load(x->journal_start));
    printf("  %3d bitmap_start   %llu\n", 32,
           (unsigned long long)le64_load(x->bitmap_start));
    printf("  %3d journal_blocks %u\n", 40, le32_load(x->journal_blocks));
    printf("  %3d bitmap_blocks  %u\n", 44, le32_load(x->bitmap_blocks));
    printf("  %3d free_blocks    %llu\n", 48,
           (unsigned long long)le64_load(x->free_blocks));
    printf("  %3d free_inodes    %u\n", 56, le32_load(x->free_inodes));
    printf("  %3d mount_count    %u\n", 60, le32_load(x->mount_count));
    printf("  %3d uuid           ", 64);
    for (size_t i = 0; i < sizeof x->uuid; i++)
        printf("%02x%s", x->uuid[i],
               i == 3 || i == 5 || i == 7 || i == 9 ? "-" : "");
    printf("\n  %3d label          \"%.*s\"\n", 80, (int)sizeof x->label,
           (const char *)x->label);
}

static const char *
tag_name(unsigned tag)
{
    static const char *const own[] = {"EXTENTS", "EXTENT_INDEX", "HASH_INDEX",
                                      "RDEV"};
    static const char *const names[] = {
        [ECLIPSEFS_NODE_TYPE] = "NODE_TYPE",
        [ECLIPSEFS_MODE] = "MODE",
        [ECLIPSEFS_UID] = "UID",
        [ECLIPSEFS_GID] = "GID",
        [ECLIPSEFS_SIZE] = "SIZE",
        [ECLIPSEFS_ATIME] = "ATIME",
        [ECLIPSEFS_MTIME] = "MTIME",
        [ECLIPSEFS_CTIME] = "CTIME",
        [ECLIPSEFS_NLINK] = "NLINK",
        [ECLIPSEFS_CONTENT] = "CONTENT",
        [ECLIPSEFS_ENTRIES] = "DIRECTORY_ENTRIES",
    };
    if (tag == EFSX_CRC)
        return "CRC";
    if (tag >= EFSX_EXTENTS && tag - EFSX_EXTENTS < ARRAY_LEN(own))
        return own[tag - EFSX_EXTENTS];
    return tag < ARRAY_LEN(names) && names[tag] ? names[tag] : "unknown";
}

void
dump_bytes(const uint8_t *data, size_t n)
{
    putchar('"');
    for (size_t i = 0; i < n; i++)
        if (isprint(data[i]) && data[i] != '"' && data[i] != '\\')
            putchar(data[i]);
        else
            printf("\\x%02x", data[i]);
    putchar('"');
}

static void
print_number(unsigned tag, const uint8_t *value, uint32_t len)
{
    unsigned long long number = 0;

    for (uint32_t i = len; i-- > 0;)
        number = number << 8 | value[i];
    printf(tag == ECLIPSEFS_MODE ? " 0%llo"
           : tag == EFSX_CRC     ? " 0x%08llx"
                                 : " %llu",
           number);
}

void
dump_row(const uint8_t *bytes, uint32_t len, unsigned width)
{
    for (uint32_t i = 0; i + 4 <= len; i += 4)
        printf("%s%u",
               i / 4 % width ? " "
               : i           ? ", "
                             : " ",
               le32_load(bytes + i));
    putchar('\n');
}

/* Shows the entries of the directory whose list lies at address. */
static int
dump_entries(struct efs *fs, uint32_t ino, uint64_t address, uint32_t len)
{
    struct efs_node dir = {.ino = ino, .data = address, .data_len = len};
    struct efs_entry entry;
    struct efs_dir d;
    int found;

    putchar('\n');
    efs_dir_open(&d, fs, &dir, 0);
    while ((found = efs_dir_next(&d, &entry)) > 0) {
        if (fs->extended)
            printf("  hash %08x inode %u ", entry.link.pos, entry.link.ino);
        else
            printf("  %10llu    inode %u ",
                   (unsigned long long)address + entry.link.pos,
                   entry.link.ino);
        if (entry.len <= ECLIPSEFS_NAME_MAX)
            dump_bytes((const uint8_t *)entry.name, entry.len);
        else
            printf("(%u bytes)", entry.len);
        puts(entry.hidden ? " hidden" : "");
    }
    efs_dir_close(&d);
    return found;
}

/* Shows rows of numbers, and the blocks that an index leads to. */
static int
dump_index(struct efs *fs, uint32_t ino, uint64_t address, unsigned tag,
           uint32_t len)
{
    uint8_t row[ECLIPSEFS_BLOCK_SIZE];
    uint32_t depth = 0, skip = tag == EFSX_HASH_INDEX ? EFS_DEPTH_SIZE : 0;

    int err = len < skip || len > sizeof row ? -EUCLEAN
                                             : efs_read(fs, address, row, len);
    if (err) {
        putchar('\n');
        return err;
    }
    if (tag == EFSX_HASH_INDEX) {
        depth = le32_load(row);
        printf(" depth %u,", depth);
    }
    dump_row(row + skip, len - skip, tag == EFSX_EXTENTS ? 3 : 2);
    if (tag == EFSX_EXTENTS || depth > EFSX_HASH_DEPTH_MAX)
        return 0;
    return dump_index_blocks(fs, ino, row + skip, len - skip,
                             MAX(depth, 1u) - 1);
}

/* Shows the value of a TLV. */
static int
dump_value(struct efs *fs, uint32_t ino, uint64_t address, unsigned tag,
           uint32_t len)
{
    uint8_t value[SHOWN_BYTES];
    uint32_t shown = MIN(len, SHOWN_BYTES);

    if (tag == ECLIPSEFS_ENTRIES)
        return dump_entries(fs, ino, address, len);
    if (tag >= EFSX_EXTENTS && tag <= EFSX_HASH_INDEX)
        return dump_index(fs, ino, address, tag, len);
    int err = efs_read(fs, address, value, shown);
    if (!err && (tag < ECLIPSEFS_CONTENT || tag > EFSX_HASH_INDEX) &&
        len <= sizeof(uint64_t)) {
        print_number(tag, value, len);
    } else if (!err) {
        putchar(' ');
        dump_bytes(value, shown);
        fputs(shown < len ? "..." : "", stdout);
    }
    putchar('\n');
    return err;
}

/* Shows the TLV at *address, and moves that past it. */
static int
dump_tlv(struct efs *fs, uint32_t ino, uint64_t *address, uint64_t end)
{
    struct eclipsefs_tlv tlv;
    uint64_t start = *address;

    int err = efs_read(fs, start, &tlv, sizeof tlv);
    if (err)
        return err;
    unsigned tag = le16_load(tlv.tag);
    uint32_t len = le32_load(tlv.length);
    printf("  %10llu 0x%04x %s, %u bytes:", (unsigned long long)start, tag,
           tag_name(tag), len);
    if (len > end - start - sizeof tlv) {
        puts(" reaches past the record");
        return -EUCLEAN;
    }
    *address = start + sizeof tlv + len;
    return dump_value(fs, ino, start + sizeof tlv, tag, len);
}

int
dump_inode(struct efs *fs, uint32_t ino)
{
    struct eclipsefs_record record;
    uint64_t address;

    int err = efs_find_record(fs, ino, &address);
    if (!err)
        err = efs_read(fs, address, &record, sizeof record);
    if (err)
        return err;
    uint32_t size = le32_load(record.size);
    printf("inode %u: slot at %llu, record at %llu: inode %u, %u bytes\n", ino,
           (unsigned long long)(fs->table +
                                (ino - 1) * sizeof(struct eclipsefs_slot)),
           (unsigned long long)address, le32_load(record.inode), size);
    if (size < sizeof record || size > fs->size - address)
        return -EUCLEAN;
    uint64_t end = address + size;
    address += sizeof record;
    err = le32_load(record.inode) == ino ? 0 : -EUCLEAN;
    while (end - address >= sizeof(struct eclipsefs_tlv)) {
        int tlv_err = dump_tlv(fs, ino, &address, end);
        err = tlv_err ? tlv_err : err;
        if (tlv_err)
            break;
    }
    return err;
}

int
dump_all(struct walk *w)
{
    struct efs *fs = &w->fs;
    int result = 0;

    dump_header(fs);
    if (fs->extended) {
        dump_extension(fs);
        result = dump_journal(fs);
    }
    for (uint32_t ino = 1; ino <= fs->inode_count; ino++) {
        int err = walk_is_free(w, ino) ? 0 : dump_inode(fs, ino);
        if (err)
            printf("inode %u: %s\n", ino, walk_strerror(err));
        result = err ? err : result;
        if (ino == UINT32_MAX)
            break;
    }
    return result;
}
