/* The stack that a program starts with [psabi §2.1; elf §5].
 *
 * Owns nothing. Thread context, may block. */
#pragma once

#include "sys/elf.h"
#include "sys/exec_args.h"

/* Fills the stack, which ends at SPACE_STACK_TOP of the running thread's space
 * and grows as it is written to. From *sp on, a multiple of 16: argc; argv and
 * envp, each ended by a null pointer; pairs of a tag AT_* and a value, ended by
 * AT_NULL. Somewhere above lie the strings of args, 16 random bytes for
 * AT_RANDOM, and the path for AT_EXECFN. AT_BASE is where the dynamic linker
 * is, or 0. Returns 0 or -ENOMEM. */
int exec_stack_build(const struct exec_args *args, const struct elf_info *info,
                     uint64_t linker, uint64_t *sp) MUST_CHECK;
