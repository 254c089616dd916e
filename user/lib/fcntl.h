/* Opening files and changing descriptors. -1 with errno set on failure. */
#pragma once

#include "abi/fcntl.h"
#include <sys/types.h>

/* The mode, a mode_t, is needed with O_CREAT only. */
int open(const char *path, int flags, ...);
int openat(int dir, const char *path, int flags, ...);
int fcntl(int fd, int command, ...);

/* Reserves disk space for a range, which then reads as zeros where nothing
 * was written; the file grows to hold it unless mode has
 * FALLOC_FL_KEEP_SIZE. */
int fallocate(int fd, int mode, off_t from, off_t length);
