/* Loading ELF64 programs: static ones, and static ones that can be anywhere
 * [elf §4, §5].
 *
 * Owns nothing. Thread context, may block. */
#pragma once

#include "lib/compiler.h"

struct file;
struct space;

/* Where a program's bytes come from: a file, or the kernel's own memory. */
struct elf_source {
    struct file *file; /* NULL: memory */
    const void *memory;
    size_t size; /* of memory */
};

/* What the program and its startup code need to know. */
struct elf_info {
    uint64_t entry;
    uint64_t phdr; /* user address of the program headers, 0 if unloaded */
    uint64_t phnum;
    uint64_t end; /* first address after the last segment */
};

/* Maps and fills the segments in `space`, which is empty and must be the
 * running thread's arch.space. Returns 0, -ENOEXEC (no such program, or a
 * damaged one), -ENOMEM, or the file's error. */
int elf_load(const struct elf_source *source, struct space *space,
             struct elf_info *info) MUST_CHECK;
