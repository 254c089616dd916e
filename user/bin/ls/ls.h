/* What the parts of ls share. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

struct options {
    bool all, almost_all, details, one_column, recursive, inodes, directories;
    bool classify, by_time, by_size, reverse, human;
};

struct entry {
    char *name;
    char *target; /* of a symbolic link in the long form, or NULL */
    struct stat st;
};

extern struct options options;

/* Prints entries as the options ask. */
void show_entries(const struct entry *entries, size_t count);
