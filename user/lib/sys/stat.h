/* Attributes of files. -1 with errno set on failure. */
#pragma once

#include "abi/stat.h"
#include "abi/statx.h"
#include <sys/types.h>

#define st_atime st_atim.tv_sec
#define st_mtime st_mtim.tv_sec
#define st_ctime st_ctim.tv_sec

int stat(const char *path, struct stat *to);
int lstat(const char *path, struct stat *to);
int fstat(int fd, struct stat *to);
int fstatat(int dir, const char *path, struct stat *to, int flags);
/* Likewise, for the fields of mask (STATX_*). */
int statx(int dir, const char *path, int flags, unsigned int mask,
          struct statx *to);

/* Sets the permissions that new files lack. Returns those before. */
mode_t umask(mode_t mask);

int mkdir(const char *path, mode_t mode);
int mkdirat(int dir, const char *path, mode_t mode);
/* A file of the type in mode (S_IFREG, S_IFIFO, S_IFCHR, ...), with a device
 * number from MAKEDEV if it is a device. */
int mknod(const char *path, mode_t mode, dev_t device);
int mknodat(int dir, const char *path, mode_t mode, dev_t device);
int mkfifo(const char *path, mode_t mode);

/* fchmodat with AT_SYMLINK_NOFOLLOW does not follow links; they have no
 * permissions of their own, so EOPNOTSUPP. */
int chmod(const char *path, mode_t mode);
int fchmod(int fd, mode_t mode);
int fchmodat(int dir, const char *path, mode_t mode, int flags);

/* Sets the times of access and of change; nanoseconds can be UTIME_NOW or
 * UTIME_OMIT, and times NULL for now. AT_SYMLINK_NOFOLLOW means the link. */
int utimensat(int dir, const char *path, const struct timespec times[2],
              int flags);
int futimens(int fd, const struct timespec times[2]);

/* Writes mode as ls does, "drwxr-xr-x" and a terminator. */
void mode_string(mode_t mode, char to[11]);
