/* /dev: the files of devices.
 *
 * Owns the tree of device names, kept as a pseudo file system. Thread
 * context, may block. */
#pragma once

#include "fs/pseudo.h"

struct blockdev;

/* Makes the tree with the devices that are always there, the console, and
 * every block device registered so far. Once, after console_init and the
 * probing of devices. Returns 0, -ENOMEM. */
int devfs_init(void) MUST_CHECK;

struct super *devfs_super(void);

/* Adds a character device: rdev by MAKEDEV, mode without type bits. Its files
 * have ops; private is content->arg of pseudo_content_of(file->inode).
 * Returns 0, -EEXIST, -ENOMEM, or -ENXIO before devfs_init. */
int devfs_register_char(const char *name, uint64_t rdev, uint32_t mode,
                        const struct file_ops *ops, void *private) MUST_CHECK;

/* Adds the block device's file. Errors as devfs_register_char. */
int devfs_register_block(struct blockdev *dev) MUST_CHECK;

/* The device number of a block device's file. */
uint64_t devfs_block_rdev(const struct blockdev *dev);

/* The ops of terminals (private: struct tty) and of block devices (private:
 * struct blockdev). */
extern const struct file_ops devfs_tty_ops;
extern const struct file_ops devfs_block_ops;
