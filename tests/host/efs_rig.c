#include "efs_rig.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "fs/eclipsefs/record_block.h"
#include "host_kernel.h"
#include "lib/bits.h"

void
rig_init(struct efs_rig *rig, size_t blocks, uint32_t inodes)
{
    struct efs_format options = {
        .inodes = inodes, .label = "rig", .uuid = "0123456789abcdef", .now = 7};

    host_kernel_quiet = true;
    *rig = (struct efs_rig){.size = blocks * ECLIPSEFS_BLOCK_SIZE};
    rig->image = calloc(1, rig->size);
    assert_non_null(rig->image);
    bcache_init(256);
    host_disk_wrap_rw(&rig->disk, rig->image, rig->size);
    assert_int_equal(efs_format(&rig->disk.dev, &options), 0);
    rig_mount(rig);
}

void
rig_free(struct efs_rig *rig)
{
    if (rig->fs.journal)
        efs_stop(&rig->fs);
    bcache_drop(NULL);
    free(rig->image);
}

int
rig_open(struct efs_rig *rig)
{
    const char *why;

    bcache_drop(NULL);
    return efs_open(&rig->fs, &rig->disk.dev, &why);
}

void
rig_mount(struct efs_rig *rig)
{
    const char *why;

    assert_int_equal(rig_open(rig), 0);
    assert_int_equal(efs_start(&rig->fs, false, &why), 0);
}

void
rig_unmount(struct efs_rig *rig)
{
    assert_int_equal(efs_stop(&rig->fs), 0);
}

void
rig_remount(struct efs_rig *rig)
{
    rig_unmount(rig);
    rig_mount(rig);
}

void
rig_begin(struct efs_rig *rig)
{
    assert_int_equal(efs_begin(&rig->fs), 0);
}

void
rig_end(struct efs_rig *rig)
{
    assert_int_equal(efs_end(&rig->fs, 0), 0);
}

void
rig_create(struct efs_rig *rig, struct efs_node *node)
{
    *node = (struct efs_node){
        .type = ECLIPSEFS_FILE, .mode = S_IFREG | 0644, .nlink = 1};
    assert_int_equal(efs_inode_alloc(&rig->fs, 0, &node->ino), 0);
    assert_int_equal(efs_node_write(&rig->fs, node, 0, NULL), 0);
}

uint8_t *
rig_block(struct efs_rig *rig, uint64_t block)
{
    return rig->image + block * ECLIPSEFS_BLOCK_SIZE;
}

static bool
is_used(struct efs *fs, uint64_t block)
{
    uint64_t bitmap = le64_load(fs->ext.bitmap_start);
    uint32_t bit = block % EFSX_BITMAP_BITS;
    struct buf *buf;

    assert_int_equal(
        bcache_get(fs->dev, bitmap + block / EFSX_BITMAP_BITS, &buf), 0);
    bool used = bcache_data(buf)[bit / 8] >> bit % 8 & 1;
    bcache_put(buf);
    return used;
}

uint64_t
rig_count_free(struct efs_rig *rig)
{
    uint64_t free = 0;

    for (uint64_t b = 0; b < rig->size / ECLIPSEFS_BLOCK_SIZE; b++)
        free += !is_used(&rig->fs, b);
    return free;
}

static void
claim(bool *owned, uint64_t block, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        assert_false(owned[block + i]);
        owned[block + i] = true;
    }
}

static void
claim_content(struct efs *fs, const struct efs_node *node, bool *owned)
{
    struct efs_map map;

    for (uint64_t at = 0; at < EFS_BLOCKS_MAX; at += map.count) {
        assert_int_equal(efs_extent_find(fs, node, (uint32_t)at, &map), 0);
        if (map.physical)
            claim(owned, map.physical, map.count);
        if (map.count == UINT32_MAX)
            break;
    }
    for (uint32_t i = 0; node->layout == EFS_EXTENT_INDEX && i < node->data_len;
         i += sizeof(struct efsx_index)) {
        struct buf *buf;
        assert_int_equal(bcache_get(fs->dev, node->data / BLOCK_SIZE, &buf), 0);
        const struct efsx_index *index =
            (void *)(bcache_data(buf) + node->data % BLOCK_SIZE + i);
        claim(owned, le32_load(index->block), 1);
        bcache_put(buf);
    }
}

static void
claim_names(struct efs *fs, const struct efs_node *dir, bool *owned)
{
    struct efs_path path;
    uint32_t index = 0;

    for (uint64_t at = 0; at >> 32 == 0; at = path.high) {
        assert_int_equal(efs_index_find(fs, dir, (uint32_t)at, &path), 0);
        claim(owned, path.step[path.depth].block, 1);
        if (path.depth == 2 && path.step[1].block != index) {
            index = path.step[1].block;
            claim(owned, index, 1);
        }
        efs_index_put(&path);
    }
}

void
rig_check(struct efs *fs)
{
    uint64_t blocks = fs->size / ECLIPSEFS_BLOCK_SIZE;
    bool *owned = calloc(blocks, 1);

    assert_non_null(owned);
    claim(owned, 0, (uint32_t)(fs->records / ECLIPSEFS_BLOCK_SIZE));
    for (uint32_t ino = 1; ino <= fs->inode_count; ino++) {
        uint64_t at = fs->table + (ino - 1) * sizeof(struct eclipsefs_slot);
        struct efs_node node;
        struct buf *buf;
        uint64_t record;
        assert_int_equal(bcache_get(fs->dev, at / BLOCK_SIZE, &buf), 0);
        bool free_slot = le64_load(bcache_data(buf) + at % BLOCK_SIZE) == 0;
        bcache_put(buf);
        if (free_slot)
            continue;
        assert_int_equal(efs_node_read(fs, ino, &node), 0);
        assert_int_equal(efs_find_record(fs, ino, &record), 0);
        claim(owned, record / BLOCK_SIZE, 1);
        if (node.layout == EFS_HASH_INDEX)
            claim_names(fs, &node, owned);
        else if (node.layout != EFS_INLINE)
            claim_content(fs, &node, owned);
    }
    for (uint64_t b = 0; b < blocks; b++)
        assert_int_equal(is_used(fs, b), owned[b]);
    free(owned);
}

void
rig_expect_free(struct efs_rig *rig, uint64_t blocks)
{
    assert_int_equal(efs_space_free_blocks(&rig->fs), blocks);
    assert_int_equal(rig_count_free(rig), blocks);
}

int
rig_alloc(struct efs_rig *rig, uint32_t goal, uint32_t *block)
{
    uint8_t *bytes;
    return efs_block_alloc(&rig->fs, goal, false, efs_seal, block, &bytes);
}

uint32_t
rig_fill(struct efs_rig *rig, uint32_t *last)
{
    uint32_t count = 0;
    int err;

    do {
        rig_begin(rig);
        err = rig_alloc(rig, 0, last);
        count += err == 0;
        assert_int_equal(efs_end(&rig->fs, err), err);
    } while (!err);
    assert_int_equal(err, -ENOSPC);
    return count;
}

uint32_t
rig_random(uint64_t *state, uint32_t n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % n;
}
