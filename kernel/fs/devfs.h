/* /dev: the files of devices, as a table over fs/pseudo.h. */
#pragma once

#include "fs/pseudo.h"

struct blockdev;

extern struct super devfs;

/* The device number of a block device's file. */
uint64_t devfs_block_rdev(const struct blockdev *dev);

/* The block devices, numbered in the order of registration, and the ops of
 * their files. NULL: there are not so many. */
struct blockdev *devfs_block_find(uint64_t id);
extern const struct pseudo_kind devfs_disks;
extern const struct file_ops devfs_block_ops;
