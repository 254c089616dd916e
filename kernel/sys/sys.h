/* The system calls' C functions: sys_NAME(arg) for each line of
 * abi/syscalls.def; and what they are made with.
 *
 * Thread context of a process, interrupts on, may block. arg holds the six
 * argument registers as the user left them; the result is a value or -Exxx. */
#pragma once

#include "mm/uaccess.h"
#include "proc/process.h"

#define SYSCALL(number, name, arguments) \
    int64_t sys_##name(const uint64_t arg[6]);
#include "abi/syscalls.def"
#undef SYSCALL

/* Begins the definition of a call; defines one that is no more than an
 * expression of arg. */
#define SYSCALL_DEFINE(name) int64_t sys_##name(const uint64_t arg[6] UNUSED)
#define SYSCALL_IS(name, result) \
    SYSCALL_DEFINE(name)         \
    {                            \
        return result;           \
    }

/* Copy *to in from user address `at`, or *from out to it; with _if, nothing if
 * `at` is 0. Return 0 or -EFAULT. */
#define arg_read(to, at)       uaccess_read((to), uaddr(at), sizeof(*(to)))
#define arg_write(at, from)    uaccess_write(uaddr(at), (from), sizeof(*(from)))
#define arg_read_if(to, at)    ((at) ? arg_read((to), (at)) : 0)
#define arg_write_if(at, from) ((at) ? arg_write((at), (from)) : 0)

/* For struct trap_hooks: makes a system call, again if it fails for want of
 * memory that others are to give up (proc/oom.h); and brings a missing page
 * in, or ends the process by a signal (sys/fault.c). */
struct trapframe;
void sys_dispatch(struct trapframe *frame);
void fault_handle(struct trapframe *frame);
