/* Signals: sent by kill, the terminal and faults; acted on before a thread
 * returns to user mode.
 *
 * Owns the pending and ignored sets in struct process, guarded by
 * process_lock. Any context, unless said otherwise. */
#pragma once

#include "abi/signal.h"
#include "lib/compiler.h"
#include "proc/process.h"

/* Marks sig as pending and wakes interruptible sleepers; a signal that is
 * ignored is dropped. Init gets no signal whose default would end it. */
void signal_send_locked(struct process *process, int sig)
    REQUIRES(process_lock);

/* As kill(2): pid > 0 a process, 0 the caller's group, -1 all but init,
 * < -1 group -pid; sig 0 only checks. Returns 0, -ESRCH, -EINVAL. */
int signal_kill(int pid, int sig) MUST_CHECK;

/* Sends to every process of group pgid, or, if that is 0, to all but init and
 * the caller. Returns 0 or -ESRCH. */
int signal_send_group(int pgid, int sig) MUST_CHECK;

/* Sends to the running process. Thread context. */
void signal_send_current(int sig);

/* Whether the running thread has a signal to act on, so that a sleep should
 * end with -EINTR. */
bool signal_pending(void);

/* Between two pieces of long work: lets others run. Returns whether the
 * process is to end, so that the rest is not worth doing. */
bool signal_killed_meanwhile(void);

/* Acts on what is pending; does not return if that ends the process. Thread
 * context, on the way to user mode. */
void signal_deliver(void);

/* Stores the disposition of sig in *old and, unless new is NULL, sets it to
 * *new: SIG_DFL or SIG_IGN. Returns 0, -EINVAL, or -ENOSYS for handlers. */
int signal_action(int sig, const uint64_t *new, uint64_t *old) MUST_CHECK;

/* Whether the process ignores sig by its own choice. */
bool signal_is_ignored(const struct process *process, int sig)
    REQUIRES(process_lock);

/* Whether the process is ending, or has been sent SIGKILL and will. */
bool signal_is_ending(const struct process *process) REQUIRES(process_lock);

/* Forgets the running process's dispositions and what was sent to it. */
void signal_reset(void);

/* Sets which signals (bit n - 1 for signal n) wait for the running thread. */
void signal_set_blocked(uint64_t set);
