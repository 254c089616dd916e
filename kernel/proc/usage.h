/* What threads and processes have used: time, memory, and so on.
 *
 * CPU time is measured; how much of it was spent in user mode is sampled by the
 * scheduler's ticks. Any context. */
#pragma once

#include "proc/process.h"

/* Adds what `more` says to `sum`; of peaks the higher one stays. */
void usage_add(struct usage *sum, const struct usage *more);

/* What a thread has used so far; or all threads of a process, those that have
 * ended included. */
struct usage usage_of_thread(const struct thread *thread);
struct usage usage_of_process(const struct process *process)
    REQUIRES(process_lock);

/* Keeps the process's memory's peak in mind, before its space is gone. */
void usage_keep_peak(struct process *process) REQUIRES(process_lock);

/* The tick: the running thread was interrupted in user mode, or not. */
void usage_sample(struct thread *thread, bool in_user);
