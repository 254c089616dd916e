/* The host's stand-in for kernel/proc/process.h: one process, and what sockets
 * need of it. */
#pragma once

#include "proc/cred.h"
#include "proc/thread.h"

struct fdtable;
struct fs_context;

struct process {
    int pid;
    struct fdtable *fdtable;
    struct fs_context *fs;
};

extern struct process fuzz_process;

static inline struct process *
process_current(void)
{
    return &fuzz_process;
}

struct process *process_find_locked(int pid) REQUIRES(process_lock);
