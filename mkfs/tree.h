/* A directory tree of the host, with inode numbers given out: what an image
 * is made from.
 *
 * Owns its nodes; one thread. */
#pragma once

#include "abi/eclipsefs.h"
#include "lib/compiler.h"

struct tree_entry {
    char *name; /* terminated, at most ECLIPSEFS_NAME_MAX bytes */
    uint32_t ino;
};

struct tree_node {
    char *path; /* on the host; NULL: made up */
    enum eclipsefs_node_type type;
    uint32_t mode, uid, gid, nlink;
    uint64_t atime, mtime, ctime;
    uint64_t size; /* bytes of content */
    uint64_t rdev; /* of a device, whose type is ECLIPSEFS_FILE */
    char *target;  /* of a symlink */

    struct tree_entry *entries; /* of a directory, sorted by bytes */
    size_t entry_count;
};

struct tree_options {
    bool reproducible; /* owner 0:0, and all times as `epoch` */
    uint64_t epoch;
    const char *skip; /* a host file to leave out, or NULL */
    bool devices;     /* devices, pipes and sockets too: others are left out */
};

struct tree {
    struct tree_node *nodes; /* inode i is nodes[i - 1]; 1 is the root */
    uint32_t count;
};

/* Reads the tree below dir (NULL: an empty one). Hard links become entries of
 * one inode. What is left out is named on stderr, and so is other trouble.
 * Returns whether the tree is complete. */
bool tree_scan(struct tree *tree, const char *dir,
               const struct tree_options *options) MUST_CHECK;

void tree_free(struct tree *tree);
