/* /proc: processes and the system's state, as text in Linux's formats.
 *
 * Owns the tree of names, kept as a pseudo file system. Thread context, may
 * block. */
#pragma once

#include "fs/pseudo.h"

/* Makes the tree. Once. Returns 0, -ENOMEM. */
int procfs_init(void) MUST_CHECK;

struct super *procfs_super(void);

/* The names below /proc/PID. */
extern const struct pseudo_dynamic procfs_processes;

/* Adds the files of the whole system, as meminfo. Returns 0, -ENOMEM. */
int procfs_add_system(struct pseudo_node *root) MUST_CHECK;
