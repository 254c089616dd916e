#include "sample.h"

#include "abi/mode.h"
#include "format.h"
#include "fs/bcache.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/dirtree.h"
#include "fs/eclipsefs/extent.h"
#include "fs/eclipsefs/names.h"
#include "fs/eclipsefs/record_block.h"
#include "host_disk.h"
#include "lib/bits.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY_NAMES   200u
#define MANY_EXTENTS 350u

static NORETURN void
fail(const char *what, int err)
{
    fprintf(stderr, "the sample cannot be made: %s: error %d\n", what, -err);
    exit(2);
}

static void
begin(struct efs *fs)
{
    int err = efs_begin(fs);
    if (err)
        fail("begin", err);
}

static void
end(struct efs *fs, int err, const char *what)
{
    err = efs_end(fs, err);
    if (err)
        fail(what, err);
}

static void
create(struct efs *fs, struct efs_node *dir, const char *name, uint32_t mode,
       struct efs_node *node)
{
    struct efs_new new = {.mode = mode, .rdev = 0x103, .now = 1000000};

    if (S_ISLNK(mode)) {
        new.target = "a/target";
        new.target_len = strlen(new.target);
    }
    begin(fs);
    end(fs, efs_create(fs, dir, name, strlen(name), &new, node), name);
}

/* Bytes without an end, for efs_store. */
static int
read_pattern(void *context UNUSED, uint64_t offset, void *dst, size_t n)
{
    uint8_t *bytes = dst;

    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)((offset + i) * 7 + (offset + i) / 256);
    return 0;
}

static void
fill(struct efs *fs, struct efs_node *node, uint64_t size)
{
    int err = efs_store(fs, node, size, read_pattern, NULL);
    if (err)
        fail("content", err);
}

/* A file whose every other block is a hole. */
static void
scatter(struct efs *fs, struct efs_node *node)
{
    struct efs_run run;

    for (uint32_t i = 0; i < MANY_EXTENTS; i++) {
        begin(fs);
        int err = efs_space_reserve(fs, 1);
        if (!err)
            err = efs_run_take(fs, 0, 1, &run);
        if (!err)
            err = efs_run_use(fs, run);
        node->layout = EFS_EXTENTS;
        node->size = (2ull * i + 1) * BLOCK_SIZE;
        if (i > 0 && node->data_len > 0)
            err = err ? err : efs_node_read(fs, node->ino, node);
        node->size = (2ull * i + 1) * BLOCK_SIZE;
        if (!err)
            err = efs_extent_insert(fs, node, 2 * i, run);
        end(fs, err, "scattered extents");
    }
}

/* Moves the index in a directory's record one level down, as happens to one
 * with very many names. */
static void
deepen(struct efs *fs, struct efs_node *dir)
{
    uint32_t len = dir->data_len - EFS_DEPTH_SIZE, block;
    uint8_t *value, *to;
    struct buf *from;

    begin(fs);
    int err = bcache_get(fs->dev, dir->data / BLOCK_SIZE, &from);
    if (!err)
        err = efs_block_alloc(fs, 0, false, efs_seal, &block, &to);
    if (err)
        fail("index", err);
    struct efsx_block *head = (void *)to;
    le32_store(head->magic, EFSX_INDEX_MAGIC);
    le32_store(head->owner, dir->ino);
    le32_store(head->used, len);
    memcpy(head + 1,
           bcache_data(from) + dir->data % BLOCK_SIZE + EFS_DEPTH_SIZE, len);
    bcache_put(from);
    err = efs_node_write(fs, dir, EFS_DEPTH_SIZE + sizeof(struct efsx_index),
                         &value);
    if (!err) {
        struct efsx_index *index = (void *)(value + EFS_DEPTH_SIZE);
        le32_store(value, 2);
        le32_store(index->first, 0);
        le32_store(index->block, block);
    }
    end(fs, err, "index");
}

static void
fill_directory(struct efs *fs, struct efs_node *dir, struct efs_node *node)
{
    char name[80];

    for (unsigned i = 0; i < MANY_NAMES; i++) {
        snprintf(name, sizeof name, "a name that is rather long, number %u", i);
        begin(fs);
        end(fs, efs_link(fs, dir, name, strlen(name), node, 1000002), name);
    }
}

static void
fill_tree(struct efs *fs)
{
    struct efs_node root, dir, sub, node;

    int err = efs_node_read(fs, ECLIPSEFS_ROOT_INO, &root);
    if (err)
        fail("root", err);
    create(fs, &root, "empty", S_IFREG | 0644, &node);
    create(fs, &root, "small", S_IFREG | 0600, &node);
    fill(fs, &node, 100);
    create(fs, &root, "large", S_IFREG | 0644, &node);
    fill(fs, &node, 100000);
    create(fs, &root, "scattered", S_IFREG | 0644, &node);
    scatter(fs, &node);
    create(fs, &root, "link", S_IFLNK | 0777, &node);
    create(fs, &root, "device", S_IFCHR | 0666, &node);
    create(fs, &root, "some", S_IFDIR | 0755, &dir);
    create(fs, &dir, "below", S_IFDIR | 0755, &sub);
    create(fs, &sub, "file", S_IFREG | 0644, &node);
    begin(fs);
    end(fs, efs_link(fs, &dir, "again", 5, &node, 1000001), "link");
    create(fs, &root, "many", S_IFDIR | 0755, &dir);
    create(fs, &dir, "one", S_IFREG | 0644, &node);
    fill_directory(fs, &dir, &node);
    create(fs, &root, "deep", S_IFDIR | 0755, &dir);
    fill_directory(fs, &dir, &node);
    deepen(fs, &dir);
    create(fs, &root, "removed", S_IFREG | 0644, &node);
    fill(fs, &node, 20000);
    begin(fs);
    end(fs, efs_unlink(fs, &root, "removed", 7, &node, 1000003), "unlink");
}

void
sample_make(uint8_t *image, bool with_journal)
{
    struct efs_format format = {.inodes = SAMPLE_INODES, .journal_blocks = 100};
    const char *why = "";
    struct host_disk disk;
    struct efs fs;

    memset(image, 0, SAMPLE_SIZE);
    host_disk_wrap_rw(&disk, image, SAMPLE_SIZE);
    int err = efs_format(&disk.dev, &format);
    if (!err)
        err = efs_open(&fs, &disk.dev, &why);
    if (!err)
        err = efs_start(&fs, false, &why);
    if (err)
        fail(why, err);
    fill_tree(&fs);
    err = efs_commit(&fs);
    if (err)
        fail("commit", err);
    uint8_t *now = malloc(SAMPLE_SIZE);
    if (!now)
        fail("memory", 0);
    memcpy(now, image, SAMPLE_SIZE); /* as power loss would leave it */
    err = efs_stop(&fs);
    if (err)
        fail("stop", err);
    if (with_journal)
        memcpy(image, now, SAMPLE_SIZE);
    free(now);
    host_disk_close(&disk);
}
