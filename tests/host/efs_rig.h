/* An extended image in memory for tests, mounted and mounted again at will.
 *
 * One thread; what goes wrong ends the test. Needs EFS_SRCS. */
#pragma once

#include "format.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/dirtree.h"
#include "fs/eclipsefs/extent.h"
#include "fs/eclipsefs/record.h"
#include "fs/eclipsefs/space.h"
#include "host_disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct efs_rig {
    uint8_t *image;
    size_t size;
    struct host_disk disk;
    struct efs fs;
};

/* Formats an image of that many blocks with that many inodes and mounts it. */
void rig_init(struct efs_rig *rig, size_t blocks, uint32_t inodes);
void rig_free(struct efs_rig *rig); /* mounted or not */

/* Opens the image, by way of an empty cache. */
int rig_open(struct efs_rig *rig);
void rig_mount(struct efs_rig *rig);
void rig_unmount(struct efs_rig *rig);
void rig_remount(struct efs_rig *rig);

/* Ends a change that must be possible. */
void rig_end(struct efs_rig *rig);
void rig_begin(struct efs_rig *rig);

/* Within a change: a new file, its record written. */
void rig_create(struct efs_rig *rig, struct efs_node *node);

/* Its bytes in the image. */
uint8_t *rig_block(struct efs_rig *rig, uint64_t block);

/* Blocks that the bitmap on the disk says are free. */
uint64_t rig_count_free(struct efs_rig *rig);

/* So many are free, by the bitmap and by what is counted. */
void rig_expect_free(struct efs_rig *rig, uint64_t blocks);

/* Within a change: takes a block for an index. Returns 0 or an error. */
int rig_alloc(struct efs_rig *rig, uint32_t goal, uint32_t *block);

/* Takes blocks, in changes of their own, until there are none. Returns how
 * many, and the last one. */
uint32_t rig_fill(struct efs_rig *rig, uint32_t *last);

/* Every block that the bitmap says is in use belongs to one inode, and no
 * other block does. */
void rig_check(struct efs *fs);

/* A random number below n > 0; the state is the caller's. */
uint32_t rig_random(uint64_t *state, uint32_t n);
