#include "extended.h"

#include "complain.h"
#include "fs/bcache.h"
#include "fs/eclipsefs/change.h"
#include "fs/journal.h"
#include "fill.h"
#include "format.h"
#include "host_disk.h"
#include "walk.h"
#include "../user/lib/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define BLOCK        ECLIPSEFS_BLOCK_SIZE
#define CACHE_BLOCKS 16384u
#define BLOCKS_SPARE 256u /* of an image whose size nobody asked for */
#define INODES_SPARE 64u
#define SUFFIX       ".tmp"

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

static bool
write_image(const struct tree *tree, const char *path, uint64_t blocks,
            const struct extended_options *options)
{
    const struct tree_node *root = &tree->nodes[0];
    struct efs_format format = {
        .inodes = image_inodes(tree, blocks, options),
        .label = options->label,
        .now = options->created,
        .uid = root->uid,
        .gid = root->gid,
        .mode = root->mode & 07777,
    };
    struct efs fs;
    struct host_disk disk;
    const char *why = "it cannot be formatted";

    make_uuid(tree, options, format.uuid);
    int err = host_disk_open_rw(&disk, path, false);
    if (err)
        return complain(path, strerror(-err));
    err = efs_format(&disk.dev, &format);
    if (!err)
        err = efs_open(&fs, &disk.dev, &why);
    if (!err)
        err = efs_start(&fs, false, &why);
    if (!err) {
        why = "it cannot be filled";
        err = fill_tree(&fs, tree, ECLIPSEFS_ROOT_INO);
        int stopped = efs_stop(&fs);
        err = err ? err : stopped;
    }
    host_disk_close(&disk);
    if (err)
        fprintf(stderr, "mkfs.eclipsefs: %s: %s: %s\n", path, why,
                walk_strerror(err));
    return !err;
}

/* Makes a file of zeros, and brings it to the disk once it is written. */
static bool
make_file(const char *path, uint64_t size)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool ok = fd >= 0 && ftruncate(fd, (off_t)size) == 0;

    if (!ok)
        complain(path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool
sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        complain(path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

bool
extended_write(const struct tree *tree, const char *path,
               const struct extended_options *options)
{
    uint64_t blocks = image_blocks(tree, options);
    char *beside = malloc(strlen(path) + sizeof SUFFIX);

    if (!beside)
        return complain(path, strerror(ENOMEM));
    sprintf(beside, "%s" SUFFIX, path);
    bcache_init(CACHE_BLOCKS);
    bool ok = make_file(beside, blocks * BLOCK) &&
              write_image(tree, beside, blocks, options) && sync_file(beside);
    if (ok && rename(beside, path) < 0)
        ok = complain(path, strerror(errno));
    if (!ok)
        unlink(beside);
    free(beside);
    return ok;
}
