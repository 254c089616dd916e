/* Replacing a process's program.
 *
 * Thread context of the process, may block. */
#pragma once

#include "sys/elf.h"

/* Runs the program at path, or the one in memory, if that is not NULL, with
 * argv[] ended by NULL and the kernel's default environment, in a process that
 * has none yet: it starts when the process returns to user mode. Returns 0 or
 * the reason why not. */
int exec_start(const char *path, const struct elf_source *memory,
               const char *const argv[]) MUST_CHECK;
