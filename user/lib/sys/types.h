/* The integer types POSIX names, in Linux riscv64's sizes. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef int32_t pid_t;
typedef uint32_t uid_t;
typedef uint32_t gid_t;
typedef uint32_t mode_t;
typedef uint32_t nlink_t;
typedef uint64_t dev_t;
typedef uint64_t ino_t;
typedef int64_t off_t;
typedef int64_t time_t;
typedef int32_t clockid_t;
typedef long ssize_t;
