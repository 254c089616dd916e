/* The host's stand-in for kernel/proc/thread.h: one thread, and what sockets
 * need of it. */
#pragma once

struct rights;

struct thread {
    struct rights **rights;
};

extern struct thread fuzz_thread;

static inline struct thread *
thread_current(void)
{
    return &fuzz_thread;
}
