/* What tests of the file layer put beneath it, in addition to
 * mkfs/host_kernel.c: user memory, and a file system that lives in a table.
 *
 * One thread; nothing happens on its own. */
#pragma once

#include "fs/inode.h"

/* User addresses from here on cannot be accessed; all others are the test's
 * own memory. */
#define SHIM_BAD_USER 0x8000000000000000ull

/* No page of them is there at once; and what is called when one is faulted in,
 * unless NULL. */
extern bool shim_pages_away;
extern void (*shim_faulting)(void);

/* A node of the file system; its inode number is its index + 1. */
struct shim_node {
    unsigned parent; /* inode number */
    const char *name;
    uint32_t mode;
    const char *text; /* content, or a link's target */
    uint32_t uid;
};

/* Makes a file system of n nodes; nodes[0] is the root, its parent is 1. */
void shim_super_init(struct super *super, const struct shim_node *nodes,
                     unsigned n);

/* How often a directory has been asked for a name, and inodes that are in
 * memory now. */
extern unsigned shim_lookups, shim_inodes;

/* What the next lookups return instead of an answer; 0: nothing. */
extern int shim_lookup_error;

/* Called where a thread would sleep for a signal or a wake-up; its result is
 * that of the sleep. */
extern int (*shim_sleep)(void);

/* The signals sent to the running process so far, as a set. */
extern uint64_t shim_signals;
