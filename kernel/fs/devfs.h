/* /dev: the files of devices, as a table over fs/pseudo.h. */
#pragma once

#include "fs/pseudo.h"

struct blockdev;

extern struct super devfs;

/* /dev/pts: the slaves of pseudoterminals; and the ops of terminals, and of
 * the file that makes a pair (fs/devfs_tty.c). */
extern struct super devpts;
extern const struct file_ops devfs_tty_ops, devfs_ptmx_ops;

/* /dev/hvcN: the ports of dev/port.h (fs/devfs_port.c). */
extern const struct pseudo_kind devfs_ports;
extern const struct file_ops devfs_port_ops;

/* /dev/trace: what is traced, and the switches (fs/devfs_trace.c). */
extern const struct file_ops devfs_trace_ops;

/* The device number of a block device's file, and the device of a number, or
 * NULL. */
uint64_t devfs_block_rdev(const struct blockdev *dev);
struct blockdev *devfs_block_by_rdev(uint64_t rdev);

/* The ops of device nodes in other file systems: an open goes to the device of
 * that number. */
extern const struct file_ops devfs_node_ops;

/* The block devices, numbered in the order of registration, and the ops of
 * their files. NULL: there are not so many. */
struct blockdev *devfs_block_find(uint64_t id);
extern const struct pseudo_kind devfs_disks;
extern const struct file_ops devfs_block_ops;
