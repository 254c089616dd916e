/* Pending signals: sets, and what was sent with each.
 *
 * Owns the queues in struct process_signals and struct thread_signals; guarded
 * by process_lock; any context. */
#pragma once

#include "proc/process.h"

/* Infos that wait for one process and its threads at a time. */
#define SIGNAL_QUEUED_MAX 1024u

/* Signal n has bit n - 1 of a set, as in user space. */
#define SIGNAL_BIT(sig) (1ul << ((sig)-1))

/* What SIG_DFL means [posix signal.h]. */
#define IGNORED_BY_DEFAULT                                            \
    (SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGURG) | \
     SIGNAL_BIT(SIGWINCH))
#define STOPS_BY_DEFAULT                                               \
    (SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | \
     SIGNAL_BIT(SIGTTOU))
#define DUMPS_BY_DEFAULT                                               \
    (SIGNAL_BIT(SIGQUIT) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) |  \
     SIGNAL_BIT(SIGABRT) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGFPE) |   \
     SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGXCPU) | SIGNAL_BIT(SIGXFSZ) | \
     SIGNAL_BIT(SIGSYS))
#define UNSTOPPABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

void signal_queue_init(struct signal_queue *queue);

/* Adds a signal to a queue of process's. A second one of a number below
 * SIGRTMIN is dropped; without room, kill's signal comes without its info, and
 * others return -EAGAIN. */
MUST_CHECK int signal_queue_add(struct process *process,
                                struct signal_queue *queue,
                                const struct siginfo *info)
    REQUIRES(process_lock);

/* Takes the first signal of `set` off a queue: one that the thread brought
 * upon itself before others, then the lowest number, then the oldest.
 * Returns whether there was one. */
MUST_CHECK bool signal_queue_take(struct process *process,
                                  struct signal_queue *queue, uint64_t set,
                                  struct siginfo *info) REQUIRES(process_lock);

/* What waits in the queue of timer id, or NULL. */
struct siginfo *signal_queue_find_timer(struct signal_queue *queue, int id)
    REQUIRES(process_lock);

/* Forgets what the queue holds of `set`. */
void signal_queue_discard(struct process *process, struct signal_queue *queue,
                          uint64_t set) REQUIRES(process_lock);

/* Makes threads look at what is pending, or at the state of their process:
 * those that `set` concerns, or one of them; the first will take it. */
void signal_notify_threads(struct process *process, const struct thread *only,
                           uint64_t set) REQUIRES(process_lock);
