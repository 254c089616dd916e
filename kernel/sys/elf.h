/* Loading ELF64 programs, and the dynamic linkers that some ask for
 * [elf §4, §5].
 *
 * Owns nothing. Thread context, may block. */
#pragma once

#include "fs/file.h"

struct space;

/* Where a program's bytes come from: a file, or the kernel's own memory. */
struct elf_source {
    struct file *file; /* NULL: memory */
    const void *memory;
    size_t size; /* of memory */
};

static inline void
elf_source_end(struct elf_source *source)
{
    file_end(&source->file);
}

/* What the program and its startup code need to know. */
struct elf_info {
    uint64_t base; /* what was added to all its addresses */
    uint64_t entry;
    uint64_t phdr; /* user address of the program headers, 0 if unloaded */
    uint64_t phnum;
    uint64_t end;          /* first address after the last segment */
    char interpreter[256]; /* path of its dynamic linker; "": it has none */
};

/* Maps the segments in `space`, where they touch nothing else, and which must
 * be the running thread's arch.space; at `base`, if they can be anywhere.
 * Returns 0, -ENOEXEC (no such program, or a damaged one), -ENOMEM, or the
 * file's error. */
int elf_load(const struct elf_source *source, struct space *space,
             uint64_t base, struct elf_info *info) MUST_CHECK;
