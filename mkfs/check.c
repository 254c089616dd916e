#include "check_impl.h"

#include "fs/bcache.h"
#include "header_copy.h"
#include "host_kernel.h"
#include "lib/bits.h"
#include "lib/crc32c.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 4u

/* The last complaint of the file system's code, which has no other way to say
 * more than an error number. */
static char complaint[200];

static void
hear(const char *text)
{
    snprintf(complaint, sizeof complaint, "%s", text);
}

static void
report(struct checker *c, const struct check_finding *about, const char *format,
       va_list args)
{
    struct check_finding f = *about;

    vsnprintf(f.text, sizeof f.text, format, args);
    if (c->options->report)
        c->options->report(&f, c->options->context);
}

void
finding(struct checker *c, const char *kind, uint32_t ino, uint64_t block,
        const char *format, ...)
{
    struct check_finding f = {.kind = kind, .ino = ino, .block = block};
    va_list args;

    c->result->findings++;
    va_start(args, format);
    report(c, &f, format, args);
    va_end(args);
}

void
note(struct checker *c, const char *kind, uint32_t ino, uint64_t block,
     const char *format, ...)
{
    struct check_finding f = {true, kind, ino, block, ""};
    va_list args;

    c->result->notes++;
    va_start(args, format);
    report(c, &f, format, args);
    va_end(args);
}

void
listen_anew(struct checker *c)
{
    complaint[0] = '\0';
    c->fs.complaints = 0;
}

/* A complaint reads "eclipsefs: DEVICE: inode 5, block 7: what". */
void
finding_said(struct checker *c, const char *kind, uint32_t ino,
             const char *fallback)
{
    const char *place = strstr(complaint, ", block ");
    unsigned long block = 0;
    char *end = NULL;

    if (place)
        block = strtoul(place + strlen(", block "), &end, 10);
    finding(c, kind, ino, block, "%s", end ? end + strlen(": ") : fallback);
}

/* Only the last check of a record is that of its extents: what it says is
 * known by then. */
int
read_file_node(struct checker *c, uint32_t ino, struct efs_node *node)
{
    uint32_t broken = c->fs.broken;
    int err = efs_node_read(&c->fs, ino, node);
    bool extents =
        node->layout == EFS_EXTENTS || node->layout == EFS_EXTENT_INDEX;

    if (err != -EUCLEAN || !extents)
        return err;
    c->fs.broken = broken;
    return 0;
}

uint32_t
claim_blocks(struct checker *c, uint32_t ino, uint32_t start, uint32_t count)
{
    uint64_t total = le64_load(c->fs.ext.total_blocks);
    uint32_t n = 0;

    for (; n < count && (uint64_t)start + n < total; n++) {
        if (c->owners[start + n])
            break;
        c->owners[start + n] = ino;
    }
    return n;
}

/* ---- Pass 5: what is counted ---- */

static void
check_links(struct checker *c, uint32_t ino)
{
    struct inode_info *i = &c->inodes[ino];
    uint32_t links = i->names;

    if (i->type == ECLIPSEFS_DIRECTORY)
        links = 2 + i->subdirs;
    /* The original tools count 2 for any directory. */
    if (i->lost || i->nlink == links ||
        (!c->fs.extended && i->nlink <= 2 && i->type == ECLIPSEFS_DIRECTORY))
        return;
    finding(c, "links", ino, 0, "link count is %u, %u found", i->nlink, links);
    i->rebuild |= i->list;
}

/* Compares one block of the bitmap with the owners that were found. */
static int
check_bitmap_block(struct checker *c, uint32_t index)
{
    uint64_t total = le64_load(c->fs.ext.total_blocks);
    uint64_t at = le64_load(c->fs.ext.bitmap_start) + index;
    uint64_t first = (uint64_t)index * EFSX_BITMAP_BITS;
    unsigned lost = 0, stolen = 0;
    struct buf *buf;

    int err = bcache_get(c->fs.dev, at, &buf);
    if (err)
        return err;
    const uint8_t *bits = bcache_data(buf);
    if (le32_load(bits + EFS_TRAILER_AT) != crc32c(0, bits, EFS_TRAILER_AT))
        finding(c, "bitmap", 0, at, "checksum of the bitmap is wrong");
    for (uint32_t i = 0; i < EFSX_BITMAP_BITS; i++) {
        bool past = first + i >= total;
        if (past && i % 8 == 0 && bits[i / 8] == 0xff) { /* as most are */
            i += 7;
            continue;
        }
        bool used = bits[i / 8] >> i % 8 & 1;
        bool owned = past || c->owners[first + i];
        lost += used && !owned;
        stolen += !used && owned;
    }
    bcache_put(buf);
    if (lost)
        finding(c, "bitmap", 0, at, "%u blocks are marked, but nobody's", lost);
    if (stolen)
        finding(c, "bitmap", 0, at, "%u blocks are in use, but not marked",
                stolen);
    return 0;
}

static int
check_bitmap(struct checker *c)
{
    uint32_t blocks = le32_load(c->fs.ext.bitmap_blocks);
    int err = 0;

    for (uint32_t i = 0; i < blocks && !err; i++)
        err = check_bitmap_block(c, i);
    return err;
}

static void
check_header(struct checker *c)
{
    const struct efsx_header *ext = &c->fs.ext;
    uint64_t total = le64_load(ext->total_blocks), free_blocks = 0;
    uint32_t free_inodes = 0, state = le32_load(ext->state);

    for (uint64_t i = 0; i < total; i++)
        free_blocks += !c->owners[i];
    for (uint32_t i = 1; i <= c->fs.inode_count; i++)
        free_inodes += c->inodes[i].state == INODE_FREE;
    c->result->blocks = total;
    c->result->blocks_used = total - free_blocks;
    if (state & EFSX_ERRORS)
        finding(c, "state", 0, 0, "the image is marked as damaged");
    if (!(state & EFSX_CLEAN)) {
        note(c, "state", 0, 0, "the image was not unmounted");
        return;
    }
    if (le64_load(ext->free_blocks) != free_blocks ||
        le32_load(ext->free_inodes) != free_inodes)
        finding(c, "header", 0, 0,
                "free counts are %lu blocks and %u inodes, %lu and %u found",
                (unsigned long)le64_load(ext->free_blocks),
                le32_load(ext->free_inodes), (unsigned long)free_blocks,
                free_inodes);
}

int
check_counts(struct checker *c)
{
    for (uint32_t i = 1; i <= c->fs.inode_count; i++)
        if (c->inodes[i].state == INODE_GOOD && !c->inodes[i].orphan)
            check_links(c, i);
    if (!c->fs.extended)
        return 0;
    int err = check_bitmap(c);
    if (!err)
        check_header(c);
    return err;
}

/* ---- The whole check ---- */

/* All up to the end of the inode table is in use, whatever is there. */
static int
claim_fixed(struct checker *c)
{
    c->owners = calloc(le64_load(c->fs.ext.total_blocks), sizeof c->owners[0]);
    if (!c->owners)
        return -ENOMEM;
    claim_blocks(c, OWNER_FIXED, 0, (uint32_t)(c->fs.records / BLOCK_SIZE));
    return 0;
}

static int
run_passes(struct checker *c)
{
    uint32_t n = c->fs.inode_count;

    c->inodes = calloc((size_t)n + 1, sizeof c->inodes[0]);
    if (!c->fs.extended)
        c->spans = calloc(n, sizeof c->spans[0]);
    if (!c->inodes || !(c->spans || c->fs.extended))
        return -ENOMEM;
    int err = c->fs.extended ? claim_fixed(c) : 0;
    if (!err)
        err = check_inodes(c);
    if (!err)
        err = check_directories(c);
    if (!err && c->fs.extended)
        err = check_files(c);
    if (!err)
        err = check_tree(c);
    return err ? err : check_counts(c);
}

static void
free_checker(struct checker *c)
{
    for (uint32_t i = 1; c->inodes && i <= c->fs.inode_count; i++) {
        for (size_t k = 0; k < c->inodes[i].nentries; k++)
            free(c->inodes[i].entries[k].name);
        free(c->inodes[i].entries);
    }
    free(c->inodes);
    free(c->spans);
    free(c->owners);
}

/* Opens the journal only: its blocks go to their places, or, if nothing may
 * be changed, into the cache. */
static int
replay_journal(struct checker *c, struct journal **journal)
{
    static const struct journal_ops no_ops = {.closed = NULL};
    const struct efsx_header *ext = &c->fs.ext;

    if (!c->fs.extended)
        return 0;
    int n = journal_open(c->fs.dev, le64_load(ext->journal_start),
                         le32_load(ext->journal_blocks), !c->options->repair,
                         &no_ops, NULL, journal);
    if (n == -EUCLEAN) {
        finding(c, "journal", 0, le64_load(ext->journal_start),
                "the journal is damaged: what stands in it is lost");
        c->journal_lost = true;
        return 0;
    }
    c->result->transactions = MAX(n, 0);
    return MIN(n, 0);
}

/* Opens the image; by the copy of its header if that is needed and there. */
static int
open_image(struct checker *c, struct blockdev *dev, const char **why)
{
    static char text[200];
    int err = efs_open(&c->fs, dev, why);

    if (!err || is_fatal(err))
        return err;
    snprintf(text, sizeof text, "%s; and there is no sound copy of the header",
             *why);
    const char *first = *why, *second = text;
    int none = header_copy_use(dev, false);
    if (!none)
        none = efs_open(&c->fs, dev, &second);
    if (none) {
        *why = text;
        return is_fatal(none) ? none : err;
    }
    finding(c, "header", 0, 0, "%s; its copy is used", first);
    return c->options->repair ? header_copy_use(dev, true) : 0;
}

static int
check_header_copy(struct checker *c)
{
    int same = c->fs.extended ? header_copy_agrees(&c->fs) : 1;

    if (same == 0)
        finding(c, "header", 0, EFSX_COPY_AT / BLOCK_SIZE,
                "the copy of the header is missing, or another");
    return MIN(same, 0);
}

/* Looks at the whole image. */
static int
look(struct checker *c, struct blockdev *dev, const char **why)
{
    struct journal *journal = NULL;

    int err = open_image(c, dev, why);
    if (err)
        return err;
    c->result->extended = c->fs.extended;
    *why = "the journal cannot be read";
    err = replay_journal(c, &journal);
    if (err)
        return err;
    *why = "the image cannot be read";
    err = check_header_copy(c);
    if (!err)
        err = run_passes(c);
    if (journal)
        journal_close(journal);
    return err;
}

/* Mends what has been found, and looks again: mending one thing may bring out
 * another that it hid. */
static int
mend(struct checker *c, struct blockdev *dev, const char **why)
{
    struct check_options silent = {.repair = true};
    struct check_result *result = c->result, left = *result;

    while (result->rounds++ < ROUNDS_MAX) {
        const char *look_why;
        int err = repair(c, why);
        if (is_fatal(err) || err == -EOPNOTSUPP)
            return err;
        free_checker(c);
        left = (struct check_result){0};
        *c = (struct checker){.options = &silent, .result = &left};
        int look_err = look(c, dev, &look_why);
        if (look_err) {
            *why = look_why;
            return look_err;
        }
        if (left.findings == 0) {
            result->repaired = true;
            return 0;
        }
        if (err && result->rounds == ROUNDS_MAX)
            return err;
    }
    *why = "something is still wrong after mending";
    return -EUCLEAN;
}

int
check_image(struct blockdev *dev, const struct check_options *options,
            struct check_result *result, const char **why)
{
    struct checker c = {.options = options, .result = result};

    *result = (struct check_result){0};
    host_kernel_log = hear;
    int err = look(&c, dev, why);
    if (!err && options->repair &&
        result->findings + result->notes + (unsigned)result->transactions > 0)
        err = mend(&c, dev, why);
    host_kernel_log = NULL;
    free_checker(&c);
    return err;
}
