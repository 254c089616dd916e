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
 * more than mount points. Once. Returns 0 or the error of mount_add. */
int fs_mount_root(struct super *root) MUST_CHECK;

/* Mounts super on the directory called name in the root of parent, or, if that
 * is NULL, of the tree. That there is none is logged, and no error. */
void fs_mount(const struct super *parent, const char *name,
              struct super *super);

/* Gives the first process a root directory, and descriptors 0 to 2 on the
 * console. Returns 0 or an error. */
int fs_start_process(struct process *process) MUST_CHECK;

/* The clone, share and release of struct process_hooks. */
int fs_clone_process(struct process *child, const struct process *parent,
                     uint64_t flags) MUST_CHECK;
void fs_share_process(struct process *process);
void fs_release_process(struct process *process);
void fs_end_call(void);

/* Returns once all that was changed is on the disks for good, whatever fails.
 * Nobody who holds a lock may call it. */
void fs_sync_all(void);

/* The same for good: disks are left as if they had been unmounted. */
void fs_stop_all(void);
