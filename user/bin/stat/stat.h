/* What the parts of stat share. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statfs.h>

/* A file, or the file system it is on. */
struct subject {
    const char *path;
    struct stat st;
    struct statfs fs;
    bool is_fs;
};

/* Prints format, with what its %-letters ask for of s. */
void format_print(const char *format, const struct subject *s);

/* A name for the number in f_type. */
const char *fs_type_name(const struct statfs *fs);

/* Its number. */
unsigned long fs_id(const struct statfs *fs);

/* Writes a time as "1999-12-31 23:59:59.000000000 +0000". */
void format_time(char to[48], const struct timespec *t);
