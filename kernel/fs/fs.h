/* The file layer's start: the tree of files, and what a process has of it.
 *
 * Thread context, may block. */
#pragma once

#include "lib/compiler.h"

struct super;
struct process;

/* Starts the caches of names, inodes and open files. Once, before anything
 * else of this layer. */
void fs_init(void);

/* Mounts root as the root of the tree, or, if it is NULL, a tree with no
 * more than mount points; then /dev, /proc and /sys, where such directories
 * are. Once, when consoles and disks are known.
 * Returns 0 or the error of what could not do without; the rest is logged. */
int fs_mount_all(struct super *root) MUST_CHECK;

/* Gives the first process a root directory, and descriptors 0 to 2 on
 * /dev/console. Returns 0 or an error. */
int fs_start_process(struct process *process) MUST_CHECK;

/* The clone and release of struct process_hooks. */
int fs_clone_process(struct process *child, const struct process *parent)
    MUST_CHECK;
void fs_release_process(struct process *process);
