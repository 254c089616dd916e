#include "extended.h"

#include "beside.h"
#include "complain.h"
#include "fs/bcache.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/record_block.h"
#include "fs/journal.h"
#include "fill.h"
#include "format.h"
#include "host_disk.h"
#include "walk.h"
#include "../user/lib/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define BLOCK        ECLIPSEFS_BLOCK_SIZE
#define CACHE_BLOCKS 16384u
#define BLOCKS_SPARE 256u /* of an image whose size nobody asked for */
#define INODES_SPARE 64u

/* ---- How large it will be ---- */

/* Blocks that a node needs, its record's among them. */
static uint64_t
blocks_of(const struct tree_node *node)
{
    uint64_t bytes = node->type == ECLIPSEFS_FILE ? node->size : 0;

    for (size_t i = 0; i < node->entry_count; i++)
        bytes += 2 * (sizeof(struct eclipsefs_dirent) +
                      strlen(node->entries[i].name));
    if (bytes <= EFS_VALUE_MAX)
        return 1;
    return 2 + (bytes + BLOCK - 1) / BLOCK + bytes / BLOCK / 256;
}

static uint64_t
image_blocks(const struct tree *tree, const struct extended_options *options)
{
    uint64_t blocks = 2 + JOURNAL_BLOCKS_MIN;

    if (options->size)
        return options->size / BLOCK;
    for (uint32_t i = 0; i < tree->count; i++)
        blocks += blocks_of(&tree->nodes[i]);
    return 2 * blocks + BLOCKS_SPARE;
}

static uint32_t
image_inodes(const struct tree *tree, uint64_t blocks,
             const struct extended_options *options)
{
    uint64_t inodes = options->inodes ? options->inodes : blocks / 4;

    return (uint32_t)MAX(inodes, (uint64_t)tree->count + INODES_SPARE);
}

/* ---- The image ---- */

static void
hash_text(struct sha256 *hash, const char *text)
{
    if (text)
        sha256_add(hash, text, strlen(text) + 1);
}

/* A random UUID or, for a reproducible image, one made of the names and sizes
 * in it [RFC 9562 §5.4, §5.8]. */
static void
make_uuid(const struct tree *tree, const struct extended_options *options,
          uint8_t uuid[16])
{
    struct sha256 hash;
    char digits[65];

    if (!options->reproducible) {
        if (getrandom(uuid, 16, 0) != 16)
            memset(uuid, 0, 16);
    } else {
        sha256_begin(&hash);
        hash_text(&hash, options->label);
        for (uint32_t i = 0; i < tree->count; i++) {
            const struct tree_node *node = &tree->nodes[i];
            sha256_add(&hash, &node->size, sizeof node->size);
            hash_text(&hash, node->target);
            for (size_t k = 0; k < node->entry_count; k++)
                hash_text(&hash, node->entries[k].name);
        }
        sha256_end(&hash, digits);
        for (unsigned i = 0; i < 16; i++)
            sscanf(digits + 2 * i, "%2hhx", &uuid[i]);
    }
    uuid[6] =
        (uint8_t)((uuid[6] & 0x0f) | (options->reproducible ? 0x80 : 0x40));
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

/* Fills an image that has been formatted. */
static bool
fill_image(struct efs *fs, const struct tree *tree, const char *path)
{
    int err = fill_tree(fs, tree, ECLIPSEFS_ROOT_INO);
    int stopped = efs_stop(fs);

    if (err == -ENOSPC)
        return complain(path, "the size given is too small for the tree");
    if (err)
        return false;
    return !stopped || complain(path, walk_strerror(stopped));
}

static bool
write_image(const struct tree *tree, const struct beside *file, uint64_t blocks,
            const struct extended_options *options)
{
    const struct tree_node *root = &tree->nodes[0];
    struct efs_format format = {
        .inodes = image_inodes(tree, blocks, options),
        .label = options->label,
        .now = options->created,
        .uid = root->uid,
        .gid = root->gid,
        .mode = root->mode,
    };
    const char *why = "the size given is too small for an image";
    struct host_disk disk;
    struct efs fs;

    make_uuid(tree, options, format.uuid);
    if (ftruncate(file->fd, (off_t)(blocks * BLOCK)) < 0)
        return complain(file->path, strerror(errno));
    int err = host_disk_open_rw(&disk, file->name, false);
    if (err)
        return complain(file->name, strerror(-err));
    err = efs_format(&disk.dev, &format);
    if (!err)
        err = efs_open(&fs, &disk.dev, &why);
    if (!err)
        err = efs_start(&fs, false, &why);
    bool ok = err ? complain(file->path, err == -EIO ? strerror(EIO) : why)
                  : fill_image(&fs, tree, file->path);
    host_disk_close(&disk);
    return ok;
}

bool
extended_write(const struct tree *tree, const char *path,
               const struct extended_options *options)
{
    uint64_t blocks = image_blocks(tree, options);
    struct beside file;

    if (blocks > EFS_BLOCKS_MAX)
        return complain(path, "an image has at most 16 TiB");
    if (!beside_open(&file, path))
        return false;
    bcache_init(CACHE_BLOCKS);
    return beside_close(&file, write_image(tree, &file, blocks, options));
}
