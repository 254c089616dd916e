/* The system calls' C functions: sys_NAME(arg) for each line of
 * abi/syscalls.def.
 *
 * Thread context, interrupts on, may block. arg holds the six argument
 * registers as the user left them; the result is a value or -Exxx. */
#pragma once

#include "lib/compiler.h"

#define SYSCALL(number, name, arguments) \
    int64_t sys_##name(const uint64_t arg[6]);
#include "abi/syscalls.def"
#undef SYSCALL

/* For struct trap_hooks: makes a system call; and brings a missing page in, or
 * ends the process by a signal (sys/fault.c). */
struct trapframe;
void sys_dispatch(struct trapframe *frame);
void fault_handle(struct trapframe *frame);
