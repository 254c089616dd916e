/* What a process and a thread keep about signals.
 *
 * Owns nothing: struct process and struct thread embed these, and
 * proc/signal*.c work on them. Guarded by process_lock, unless a field says
 * otherwise. */
#pragma once

#include "abi/signal.h"
#include "lib/list.h"

/* Signals that were sent and not yet acted on; proc/signal_queue.h. */
struct signal_queue {
    uint64_t set;           /* signal n is bit n - 1, as in user space */
    struct list_node infos; /* first come, first served */
};

struct process_signals {
    /* guarded by process_lock */
    struct signal_queue pending;   /* for any thread that does not block it */
    unsigned queued;               /* infos, those of the threads included */
    struct sigaction_abi *actions; /* [NSIG], or NULL: all SIG_DFL */
    struct list_node timers;       /* proc/itimer.h */
    bool has_cpu_timers;
};

struct thread_signals {
    /* guarded by process_lock; the thread itself reads without */
    struct signal_queue pending; /* for this thread alone */
    uint64_t blocked;            /* neither SIGKILL nor SIGSTOP */
    uint64_t awaited;            /* by signal_wait, though blocked */

    /* private to the owner */
    uint64_t saved_mask; /* what blocked will be again */
    bool has_saved_mask;
    struct sigaltstack altstack;
    struct siginfo fault; /* to be acted on first; signo 0: none */
    bool is_interrupted;  /* the last call, to be made again unless... */
    uint64_t wait_until;  /* ...it is a wait for a time, with this deadline */
};
