/* Locks on whole files, by consent [flock(2)]: each open file description has
 * one or none, which ends with its last descriptor.
 *
 * Owns the list of all; guarded by a spin lock. Thread context, may block. */
#pragma once

#include "lib/compiler.h"

struct file;

/* Gives file a lock of kind LOCK_SH or LOCK_EX in place of what it has, or,
 * for LOCK_UN, none; waits for others' to end if wait is true.
 * Returns 0; -EAGAIN or -EINTR, and then it has none. */
int flock_set(struct file *file, unsigned kind, bool wait) MUST_CHECK;

/* Ends the lock of a file that goes, if it has one. */
void flock_drop(struct file *file);
