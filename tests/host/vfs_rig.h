/* eclipsefs as the kernel mounts it, over a disk in memory: files that are
 * written and read through the page cache.
 *
 * One thread; what must not fail ends the test. Needs VFS_SRCS. */
#pragma once

#include "crash_disk.h"
#include "format.h"
#include "fs/pagecache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct vfs_rig {
    struct crash_disk disk;
    struct super *super; /* NULL: not mounted */
};

/* What fs_now returns, how often somebody wanted a flusher, and whether the
 * running process is to end. */
extern int64_t vfs_now;
extern unsigned vfs_wanted;
extern bool vfs_killed;

/* Formats a disk of so many blocks, whose data blocks are all full of
 * VFS_STALE, and mounts it with a cache of that many pages. */
#define VFS_STALE 0xee
void vfs_init(struct vfs_rig *rig, size_t blocks, size_t cache);
void vfs_init_format(struct vfs_rig *rig, size_t blocks, size_t cache,
                     const struct efs_format *format);
void vfs_free(struct vfs_rig *rig); /* mounted or not */

void vfs_mount(struct vfs_rig *rig);
void vfs_unmount(struct vfs_rig *rig);
void vfs_remount(struct vfs_rig *rig);

/* Fails unless fsck.eclipsefs has nothing to say; not while it is mounted. */
void vfs_check(struct vfs_rig *rig);

/* Operations in the root directory; 0, a count, or the error. */
int vfs_create_file(struct vfs_rig *rig, const char *name);
int vfs_unlink(struct vfs_rig *rig, const char *name);

/* The file called name, with a reference; NULL: there is none. */
struct inode *vfs_open(struct vfs_rig *rig, const char *name);

int64_t vfs_pwrite(struct inode *file, const void *data, size_t n, uint64_t at);
int64_t vfs_pread(struct inode *file, void *data, size_t n, uint64_t at);
int vfs_truncate(struct inode *file, uint64_t size);
int vfs_fsync(struct inode *file);
int vfs_sync_all(struct vfs_rig *rig);
