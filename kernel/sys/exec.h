/* Replacing a process's program.
 *
 * Thread context of the process, may block. */
#pragma once

#include "sys/elf.h"
#include "sys/exec_args.h"

/* Makes the running process run the program of source with args: on its next
 * return to user mode it starts at the program's entry. On failure nothing
 * has changed. Returns 0, or as elf_load. */
int exec_replace(const struct elf_source *source, const struct exec_args *args)
    MUST_CHECK;

/* Runs the program at path, with argv[] ended by NULL and the kernel's
 * default environment, in a process that has none yet. Returns 0 or the
 * reason why not. */
int exec_start(const char *path, const char *const argv[]) MUST_CHECK;

/* The same from memory. */
int exec_start_memory(const void *elf, size_t size, const char *const argv[])
    MUST_CHECK;
