#include "abi/errno.h"
#include "dump_impl.h"
#include "fs/eclipsefs/change.h"
#include "fs/journal_log.h"
#include "lib/bits.h"
#include "lib/crc32c.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LINE 16u /* bytes of a block in a line */

/* ---- Blocks of entries ---- */

static void
dump_names(struct efs *fs, const uint8_t *bytes, uint32_t used)
{
    for (uint32_t at = 0; used - at >= sizeof(struct eclipsefs_dirent);) {
        const struct eclipsefs_dirent *head = (const void *)(bytes + at);
        const char *name = (const char *)(head + 1);
        uint32_t len = le32_load(head->name_len);
        at += sizeof *head;
        if (len > used - at) {
            puts("      a name that reaches past its block");
            return;
        }
        printf("      hash %08x inode %u ",
               (uint32_t)(efs_name_hash(fs, name, len) >> 32),
               le32_load(head->inode));
        dump_bytes((const uint8_t *)name, len);
        putchar('\n');
        at += len;
    }
}

static bool
has_trailer(const uint8_t *block)
{
    return le32_load(block + EFS_TRAILER_AT) ==
           crc32c(0, block, EFS_TRAILER_AT);
}

/* Shows a block of entries, or says that it is none. Returns whether it is. */
static bool
dump_entry_block(struct efs *fs, const uint8_t *block, uint64_t number)
{
    const struct efsx_block *head = (const void *)block;
    const uint8_t *row = (const uint8_t *)(head + 1);
    uint32_t magic = le32_load(head->magic);
    uint32_t used = MIN(le32_load(head->used), (uint32_t)EFSX_BLOCK_ROOM);

    printf("    block %llu ", (unsigned long long)number);
    dump_bytes(head->magic, sizeof head->magic);
    printf(" of inode %u, %u bytes, checksum %s:", le32_load(head->owner),
           le32_load(head->used), has_trailer(block) ? "right" : "wrong");
    if (magic == EFSX_EXTENT_MAGIC || magic == EFSX_INDEX_MAGIC) {
        dump_row(row, used, magic == EFSX_EXTENT_MAGIC ? 3 : 2);
        return true;
    }
    putchar('\n');
    if (magic == EFSX_LEAF_MAGIC)
        dump_names(fs, row, used);
    return magic == EFSX_LEAF_MAGIC;
}

static int
dump_index_block(struct efs *fs, uint32_t ino, uint32_t number, unsigned depth)
{
    uint8_t block[BLOCK_SIZE];
    const struct efsx_block *head = (const void *)block;

    if (!efs_has_blocks(fs, number, 1))
        return -EUCLEAN;
    int err = efs_read(fs, (uint64_t)number * BLOCK_SIZE, block, sizeof block);
    if (err)
        return err;
    if (!dump_entry_block(fs, block, number) || !has_trailer(block) ||
        le32_load(head->owner) != ino ||
        le32_load(head->used) > EFSX_BLOCK_ROOM)
        return -EUCLEAN;
    return depth == 0 ? 0
                      : dump_index_blocks(fs, ino, (uint8_t *)(head + 1),
                                          le32_load(head->used), depth - 1);
}

int
dump_index_blocks(struct efs *fs, uint32_t ino, const uint8_t *index,
                  uint32_t len, unsigned depth)
{
    const struct efsx_index *entry = (const void *)index;
    int result = 0;

    for (uint32_t n = len / sizeof *entry; n > 0; n--, entry++) {
        int err = dump_index_block(fs, ino, le32_load(entry->block), depth);
        if (err)
            printf("    block %u: %s\n", le32_load(entry->block),
                   walk_strerror(err));
        result = err ? err : result;
    }
    return result;
}

/* ---- The journal ---- */

/* Reads a block as the device has it, whatever the journal says. */
static int
read_block(struct efs *fs, uint64_t number, uint8_t *block)
{
    return blockdev_transfer(fs->dev, BLK_READ,
                             number * (BLOCK_SIZE / SECTOR_SIZE), block,
                             BLOCK_SIZE);
}

static bool
is_journal_block(const uint8_t *block, enum efsx_journal_kind kind)
{
    const struct efsx_journal_block *head = (const void *)block;

    return le32_load(head->magic) == EFSX_JOURNAL_MAGIC &&
           le32_load(head->kind) == kind;
}

/* Shows the transaction that begins at a block, if one does that has not been
 * written over: *next is the block behind it then, else 0. */
static int
dump_transaction(struct efs *fs, uint64_t start, uint64_t end, uint64_t first,
                 uint64_t *next)
{
    uint8_t descriptor[BLOCK_SIZE], block[BLOCK_SIZE];
    const struct efsx_journal_descriptor *d = (const void *)descriptor;
    const struct efsx_journal_commit *commit = (const void *)block;
    uint64_t sequence;

    *next = 0;
    int err = read_block(fs, start, descriptor);
    uint32_t count = le32_load(d->count), revoked = le32_load(d->revoked);
    if (err || !is_journal_block(descriptor, EFSX_JOURNAL_DESCRIPTOR) ||
        count > EFSX_JOURNAL_TAGS || revoked > EFSX_JOURNAL_TAGS - count ||
        count + 2 > end - start)
        return err;
    sequence = le64_load(d->head.sequence);
    uint64_t sum = journal_log_sum(0, descriptor);
    for (uint32_t i = 1; i <= count + 1 && !err; i++) {
        err = read_block(fs, start + i, block);
        if (i <= count)
            sum = journal_log_sum(sum, block);
    }
    if (err)
        return err;
    bool whole = is_journal_block(block, EFSX_JOURNAL_COMMIT) &&
                 le64_load(commit->head.sequence) == sequence &&
                 le64_load(commit->checksum) == sum;
    printf("  block %llu: transaction %llu, %s:", (unsigned long long)start,
           (unsigned long long)sequence,
           !whole             ? "not whole"
           : sequence < first ? "in its place"
                              : "to be replayed");
    dump_row((const uint8_t *)(d + 1), 4 * count, 1);
    if (revoked > 0) {
        printf("    revoked:");
        dump_row((const uint8_t *)(d + 1) + 4ul * count, 4 * revoked, 1);
    }
    *next = start + count + 2;
    return 0;
}

int
dump_journal(struct efs *fs)
{
    uint64_t start = le64_load(fs->ext.journal_start), next = start + 1;
    uint64_t end = start + le32_load(fs->ext.journal_blocks);
    uint8_t block[BLOCK_SIZE];
    const struct efsx_journal_head *head = (const void *)block;

    int err = read_block(fs, start, block);
    if (err)
        return err;
    bool sound =
        is_journal_block(block, EFSX_JOURNAL_HEAD) &&
        le32_load(head->checksum) == crc32c(0, &head->head, sizeof head->head);
    uint64_t first = le64_load(head->head.sequence);
    printf("journal at block %llu: sequence %llu, checksum %s\n",
           (unsigned long long)start, (unsigned long long)first,
           sound ? "right" : "wrong");
    while (!err && next > 0 && next + 1 < end)
        err = dump_transaction(fs, next, end, first, &next);
    return err || sound ? err : -EUCLEAN;
}

/* ---- Any block ---- */

static const char *
part_of(const struct efs *fs, uint64_t number)
{
    uint64_t journal = le64_load(fs->ext.journal_start);
    uint64_t bitmap = le64_load(fs->ext.bitmap_start);
    uint64_t address = number * BLOCK_SIZE;

    if (number == 0)
        return "header";
    if (address >= fs->table && address < fs->records)
        return "inode table";
    if (!fs->extended)
        return "records";
    if (number >= journal &&
        number - journal < le32_load(fs->ext.journal_blocks))
        return "journal";
    if (number >= bitmap && number - bitmap < le32_load(fs->ext.bitmap_blocks))
        return "bitmap";
    return "records, content and indexes";
}

static void
dump_line(const uint8_t *line, uint64_t address)
{
    printf("%08llx ", (unsigned long long)address);
    for (unsigned i = 0; i < LINE; i++)
        printf("%s%02x", i % 8 ? " " : "  ", line[i]);
    printf("  |");
    for (unsigned i = 0; i < LINE; i++)
        putchar(isprint(line[i]) ? line[i] : '.');
    puts("|");
}

int
dump_block(struct efs *fs, uint64_t number)
{
    uint8_t block[BLOCK_SIZE];
    bool skipped = false;

    if (number >= fs->size / BLOCK_SIZE)
        return -EINVAL;
    int err = read_block(fs, number, block);
    if (err)
        return err;
    printf("block %llu: %s\n", (unsigned long long)number, part_of(fs, number));
    for (unsigned i = 0; i < BLOCK_SIZE; i += LINE) {
        bool same = i > 0 && memcmp(block + i, block + i - LINE, LINE) == 0;
        if (!same)
            dump_line(block + i, number * BLOCK_SIZE + i);
        else if (!skipped)
            puts("*");
        skipped = same;
    }
    return 0;
}
