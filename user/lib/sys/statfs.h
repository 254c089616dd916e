/* What there is to know of a mounted file system. -1 with errno set on
 * failure. */
#pragma once

#include "abi/statfs.h"

/* Of the file system that path (the file behind fd) is on. */
int statfs(const char *path, struct statfs *to);
int fstatfs(int fd, struct statfs *to);
