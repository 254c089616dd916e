/* Threads: what the scheduler runs.
 *
 * A thread belongs to a process, or is a kernel thread without one. State
 * and queueing are guarded by the run queue lock of the hart it is on. */
#pragma once

#include "arch/trap.h"
#include "proc/fair.h"
#include "proc/signal_state.h"
#include "proc/waitq.h"

struct cred;
struct process;
struct rights;
struct sleeplock;

#define THREAD_HELD_MAX     10 /* sleep locks held at once */
#define THREAD_BORROWED_MAX 4  /* files of one call: proc/borrow.h */

enum thread_state {
    THREAD_RUNNABLE, /* running, or on a run queue */
    THREAD_SLEEPING, /* until sched_wake */
    THREAD_DEAD,     /* freed once it is off its hart */
};

/* What threads, and so processes, use; see proc/usage.h. */
struct usage {
    uint64_t run_ns, user_ns; /* CPU time, and in user mode of it */
    uint64_t minor_faults, major_faults;
    uint64_t voluntary, involuntary; /* context switches */
    uint64_t peak;                   /* bytes of memory */
};

enum thread_stay {
    THREAD_STAYS,
    THREAD_IS_TO_LEAVE, /* does so before it returns to user mode */
    THREAD_LEAVES,
};

struct thread {
    struct arch_thread arch; /* first: tp points at it */

    /* constant after creation; exec may change tid */
    int tid;
    struct process *process; /* NULL for kernel threads */
    void (*entry)(void *arg);
    void *entry_arg;

    /* guarded by the run queue lock of arch.cpu */
    enum thread_state state;
    bool interruptible; /* the sleep ends when a signal is pending */
    struct fair_share share;

    /* atomic: see sched_set_allowed and sched_set_nice */
    uint64_t allowed;
    int8_t nice;
    uint8_t policy;

    /* atomic: written by whoever runs it, read by anyone */
    uint64_t run_ns;      /* CPU time */
    uint64_t switched_in; /* clock_now_ns() when it got its hart */
    struct usage used;    /* run_ns and peak are not kept here */
    uint64_t sampled_ns;  /* run_ns at the last tick; and what it saw: */
    bool ran_in_kernel;

    /* guarded by the process table's lock */
    struct list_node process_node, tid_node;
    struct thread_signals signals;

    /* atomic: written under the process table's lock */
    enum thread_stay stay;

    /* private to the owner */
    const struct cred *cred; /* with a reference; NULL for kernel threads */
    uint64_t open_calls;     /* system calls below this number need no look at
                              * cred's filters: all, or none */
    const struct sleeplock *held[THREAD_HELD_MAX]; /* in order taken */
    unsigned nheld;
    unsigned nborrowed;
    void *borrowed[THREAD_BORROWED_MAX]; /* files, with references */
    struct rights **rights; /* files it is letting go of: ipc/message.c */
    char name[16];          /* of a process's first thread: as the process's */
    uint64_t set_tid;       /* user address its tid goes to when it starts */
    uint64_t clear_tid;     /* user address of set_tid_address, 0 for none */
    uint64_t robust_list;   /* user address of set_robust_list, 0 for none */
};

/* The running thread. */
static inline struct thread *
thread_current(void)
{
    return container_of(cpu_thread(), struct thread, arch);
}

/* Creates a kernel thread that runs entry(arg); it is started by
 * sched_start. Returns NULL without memory. */
struct thread *thread_create(const char *name, void (*entry)(void *arg),
                             void *arg);

/* Creates a thread of process whose first act is to return to user mode with
 * the registers of frame. The caller sets tid and arch.space.
 * Returns NULL without memory. */
struct thread *thread_create_user(struct process *process,
                                  const struct trapframe *frame);

/* What has to be done before a return to user mode; for struct trap_hooks. */
void thread_user_return(struct trapframe *frame);

/* Returns to user mode with the registers of the running thread's frame, from
 * wherever in the kernel, which it does not come back to. No lock is held. */
NORETURN void thread_leave_kernel(void);

/* Ends the running thread. */
NORETURN void thread_exit(void);

/* Frees a thread that is dead and off its hart, or was never started. */
void thread_free(struct thread *thread);

/* Once, after slab_init_kmalloc. */
void thread_init_cache(void);
