/* Writing back: what has changed in memory goes to the disks a few seconds
 * later, or when it is asked for.
 *
 * Owns the kernel thread that does it, which sleeps for good while nothing has
 * changed. Each super's dirty inodes stand in its list, each with a reference
 * that goes when it has been written back. Thread context, may block, unless
 * said otherwise. */
#pragma once

#include "fs/inode.h"

/* Prepares a super whose inodes may get dirty. */
void writeback_init(struct super *super);

/* Writes back every inode of super that is dirty when it is called.
 * Returns 0 or the first error. */
int
writeback_super(struct super *super) EXCLUDES(super->writeback)
MUST_CHECK;

/* Starts the thread. */
void flusher_start(void);

/* Something has changed, to be on the disk soon; now: memory is short. Any
 * context. */
void flusher_want(bool now);

/* Seconds since 1970. Any context. */
int64_t fs_now(void);
