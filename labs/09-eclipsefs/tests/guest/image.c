/* An image that lies in memory, and what the file system makes of it. A case is
 * a script of one-letter operations on an image; each puts its results into the
 * answer. tests/_script.py writes the scripts and reads the answers. */
#include "abi/errno.h"
#include "fs/bcache.h"
#include "fs/eclipsefs/dir.h"
#include "fs/eclipsefs/file.h"
#include "fs/fs.h"
#include "grade.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/slab.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

#define PIECES   16u
#define CACHED   256u
#define GUARD    64u /* bytes behind what may be written to */
#define FILL     0x5a
#define MOST     4000u /* entries of a walk */
#define READ_TOP (1u << 17)

/* ---- The disk ---- */

static struct {
    struct blockdev dev;
    struct {
        uint64_t at;
        const uint8_t *bytes;
        size_t len;
    } pieces[PIECES]; /* zeros between them */
    uint32_t count;
    uint64_t bad, bad_end; /* bytes that cannot be read */
    uint64_t sectors;      /* that were read */
} disk;

static void
read_piece(uint64_t at, uint8_t *to, size_t n)
{
    memset(to, 0, n);
    for (uint32_t i = 0; i < disk.count; i++) {
        uint64_t first = MAX(at, disk.pieces[i].at);
        uint64_t end = MIN(at + n, disk.pieces[i].at + disk.pieces[i].len);
        if (first < end)
            memcpy(to + (first - at),
                   disk.pieces[i].bytes + (first - disk.pieces[i].at),
                   end - first);
    }
}

static void
submit(struct blockdev *dev UNUSED, struct blkreq *req)
{
    uint64_t at = req->sector * SECTOR_SIZE;
    req->status = req->op == BLK_READ ? 0 : -EOPNOTSUPP;
    for (unsigned i = 0; i < req->nvec; i++) {
        size_t n = req->vec[i].len;
        if (at < disk.bad_end && at + n > disk.bad)
            req->status = -EIO;
        read_piece(at, req->vec[i].base, n);
        disk.sectors += n / SECTOR_SIZE;
        at += n;
    }
    req->done(req);
}

static void
kick(struct blockdev *dev UNUSED)
{
}

/* size, how many pieces, where each is and what, first bad byte and end */
static void
insert_disk(struct grade *g)
{
    static const struct blockdev_ops ops = {.submit = submit, .kick = kick};

    bcache_drop(NULL);
    memset(&disk, 0, sizeof(disk));
    disk.dev = (struct blockdev){.name = "image",
                                 .ops = &ops,
                                 .sectors = grade_u64(g) / SECTOR_SIZE,
                                 .block_size = SECTOR_SIZE,
                                 .max_vec = 1,
                                 .max_bytes = BLOCK_SIZE,
                                 .read_only = true};
    disk.count = grade_u32(g);
    if (disk.count > PIECES)
        panic("grade: too many pieces of an image");
    for (uint32_t i = 0; i < disk.count; i++) {
        disk.pieces[i].at = grade_u64(g);
        disk.pieces[i].bytes = grade_bytes(g, &disk.pieces[i].len);
    }
    disk.bad = grade_u64(g);
    disk.bad_end = grade_u64(g);
}

/* ---- Memory that is looked after ---- */

static uint8_t *
new_memory(size_t n)
{
    uint8_t *memory = kmalloc(n + GUARD);
    if (memory == NULL)
        panic("grade: no memory for %zu bytes", n);
    memset(memory, FILL, n + GUARD);
    return memory;
}

/* Puts the first n bytes, and whether those behind `wanted` are untouched. */
static void
put_memory(struct grade *g, uint8_t *memory, size_t n, size_t wanted)
{
    bool intact = true;
    grade_put_bytes(g, memory, MIN(n, wanted));
    for (size_t i = 0; i < GUARD; i++)
        intact &= memory[wanted + i] == FILL;
    grade_put_u8(g, intact);
    kfree(memory);
}

/* ---- Operations ---- */

static struct efs fs;

/* Nodes are made anew for each operation: nothing is left over from the last.
 */
static int
get_node(uint32_t ino, struct efs_node *node)
{
    memset(node, FILL, sizeof(*node));
    return efs_node_read(&fs, ino, node);
}

/* r: address, n */
static void
op_read(struct grade *g)
{
    uint64_t address = grade_u64(g);
    size_t n = grade_u32(g);
    uint8_t *memory = new_memory(n);
    int err = efs_read(&fs, address, memory, n);
    grade_put_u32(g, (uint32_t)err);
    put_memory(g, memory, err == 0 ? n : 0, n);
}

/* f: inode */
static void
op_find(struct grade *g)
{
    uint64_t address = 0;
    grade_put_u32(g, (uint32_t)efs_find_record(&fs, grade_u32(g), &address));
    grade_put_u64(g, address);
}

/* n: inode */
static void
op_node(struct grade *g)
{
    struct efs_node node;
    grade_put_u32(g, (uint32_t)get_node(grade_u32(g), &node));
    const uint32_t small[] = {node.ino, node.type,  node.mode,  node.uid,
                              node.gid, node.nlink, node.layout};
    const uint64_t large[] = {node.size,  node.atime, node.mtime,
                              node.ctime, node.data,  node.data_len};
    grade_put_bytes(g, small, sizeof(small));
    grade_put_bytes(g, large, sizeof(large));
}

static void
put_entry(struct grade *g, const struct efs_entry *entry)
{
    size_t len = entry->len <= ECLIPSEFS_NAME_MAX ? entry->len : 0;
    grade_put_u8(g, 1);
    grade_put_bytes(g, entry->name, len);
    grade_put_u32(g, entry->len);
    grade_put_u32(g, entry->link.ino);
    grade_put_u32(g, entry->link.pos);
    grade_put_u8(g, entry->hidden);
    grade_put_u64(g, entry->next);
}

/* d: inode, position */
static void
op_walk(struct grade *g)
{
    static struct efs_entry entry;
    struct efs_node node;
    struct efs_dir dir;
    unsigned count = 0;
    int found = get_node(grade_u32(g), &node);
    uint64_t pos = grade_u64(g);
    if (found == 0) {
        efs_dir_open(&dir, &fs, &node, pos);
        while ((found = efs_dir_next(&dir, &entry)) > 0) {
            if (++count > MOST)
                panic("grade: the walk of a directory does not end");
            put_entry(g, &entry);
        }
        efs_dir_close(&dir);
    }
    grade_put_u8(g, 0);
    grade_put_u32(g, (uint32_t)found);
}

/* l: inode, name */
static void
op_lookup(struct grade *g)
{
    struct efs_link link = {0, 0};
    struct efs_node node;
    size_t len;
    int err = get_node(grade_u32(g), &node);
    const char *name = grade_bytes(g, &len);
    if (err == 0)
        err = efs_dir_lookup(&fs, &node, name, len, &link);
    grade_put_u32(g, (uint32_t)err);
    grade_put_u32(g, link.ino);
    grade_put_u32(g, link.pos);
}

/* k: inode of a directory, what an entry leads to, where it is */
static void
op_check_link(struct grade *g)
{
    struct efs_link link;
    struct efs_node node;
    int err = get_node(grade_u32(g), &node);
    link.ino = grade_u32(g);
    link.pos = grade_u32(g);
    grade_put_u32(
        g, (uint32_t)(err ? err : efs_dir_check_link(&fs, &node, &link)));
}

/* h: name */
static void
op_hidden(struct grade *g)
{
    size_t len;
    const char *name = grade_bytes(g, &len);
    grade_put_u8(g, efs_name_is_hidden(name, len));
}

/* c: inode, offset, n */
static void
op_content(struct grade *g)
{
    struct efs_node node;
    int64_t err = get_node(grade_u32(g), &node);
    uint64_t offset = grade_u64(g), wanted = grade_u64(g);
    size_t n = MIN(wanted, READ_TOP);
    uint8_t *memory = new_memory(n);
    if (err == 0)
        err = efs_file_read(&fs, &node, offset, memory, n);
    grade_put_u64(g, (uint64_t)err);
    put_memory(g, memory, err > 0 ? (size_t)err : 0, n);
}

/* s: sectors that were read since the last time, and places of damage logged */
static void
op_state(struct grade *g)
{
    grade_put_u64(g, disk.sectors);
    grade_put_u32(g, MIN(fs.complaints, EFS_COMPLAINTS_MAX));
    grade_put_bytes(g, fs.complained, sizeof(fs.complained));
    disk.sectors = 0;
}

/* u: blocks that somebody still holds */
static void
op_held(struct grade *g)
{
    struct bcache_stats stats;
    bcache_drop(NULL);
    bcache_get_stats(&stats);
    grade_put_u64(g, stats.blocks);
}

static const struct {
    char name;
    void (*run)(struct grade *g);
} operations[] = {
    {'r', op_read},   {'f', op_find},       {'n', op_node},   {'d', op_walk},
    {'l', op_lookup}, {'k', op_check_link}, {'h', op_hidden}, {'c', op_content},
    {'s', op_state},  {'u', op_held},
};

/* The disk; then the operations, and what each wants. */
static void
script(struct grade *g)
{
    const char *why = "";
    insert_disk(g);
    int err = efs_open(&fs, &disk.dev, &why);
    grade_put_u32(g, (uint32_t)err);
    grade_put_string(g, err && why ? why : "");
    grade_put_u64(g, err ? 0 : fs.table);
    grade_put_u64(g, err ? 0 : fs.records);
    grade_put_u32(g, err ? 0 : fs.inode_count);
    for (const char *op = grade_string(g); *op && err == 0; op++)
        for (unsigned i = 0; i < ARRAY_LEN(operations); i++)
            if (operations[i].name == *op)
                operations[i].run(g);
}

static void
setup(void)
{
    fs_init();
    bcache_init(CACHED);
}
GRADE_SETUP(setup);
GRADE_CASES({"script", script});
