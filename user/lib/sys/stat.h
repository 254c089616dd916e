/* Attributes of files. -1 with errno set on failure. */
#pragma once

#include "abi/stat.h"
#include <sys/types.h>

#define st_atime st_atim.tv_sec
#define st_mtime st_mtim.tv_sec
#define st_ctime st_ctim.tv_sec

int stat(const char *path, struct stat *to);
int lstat(const char *path, struct stat *to);
int fstat(int fd, struct stat *to);
int fstatat(int dir, const char *path, struct stat *to, int flags);
mode_t umask(mode_t mask);

/* Writes mode as ls does, "drwxr-xr-x" and a terminator. */
void mode_string(mode_t mode, char to[11]);
