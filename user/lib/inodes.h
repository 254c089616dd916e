/* A table of inodes: which were met before, and what is known of them. */
#pragma once

#include <sys/types.h>

struct inode_slot;

/* {0} is an empty table. */
struct inode_table {
    struct inode_slot *slots;
    size_t room, count;
};

/* Where the table keeps a pointer for an inode; it is NULL at first. Valid
 * until the next call. Memory is checked by prog_realloc. */
void **inode_table_at(struct inode_table *t, dev_t device, ino_t ino);
