/* Processes: an address space, open files, a place in the family.
 *
 * Owns the process table. One spin lock, the table's, guards the family
 * tree, groups and life states of all processes. */
#pragma once

#include "lib/list.h"
#include "proc/signal_state.h"
#include "proc/thread.h"
#include "proc/waitq.h"
#include "sync/spinlock.h"

struct cred;
struct fdtable;
struct fs_context;
struct space;

enum process_state {
    PROCESS_ALIVE,
    PROCESS_ZOMBIE, /* ended; its parent has not waited for it yet */
};

#define PROCESS_MAX 8192 /* zombies included; a quarter of the pids */

extern struct spinlock process_lock;

struct process {
    /* constant after creation */
    int pid;
    uint64_t start_ns;

    /* guarded by process_lock */
    enum process_state state;
    unsigned refs;
    struct process *parent; /* NULL for init */
    struct list_node children;
    struct list_node sibling_node;
    struct list_node threads;
    struct list_node hash_node, all_node;
    int pgid, sid;
    int exit_status; /* as wait4 reports it */
    int stop_signal; /* what stopped it, 0 while it runs */
    bool stop_reported, has_continued;
    bool is_ending;             /* by process_exit */
    struct waitq child_changed; /* where it waits for its children */
    struct waitq continued;     /* where it waits while stopped */
    struct process_signals signals;
    uint64_t children_run_ns, dead_run_ns;
    const struct cred *cred; /* with a reference: see proc/cred.h */

    /* private to the owner: its threads; others under process_lock may look
     * while the process is alive */
    struct space *space;
    struct fdtable *fdtable;
    struct fs_context *fs;
    char name[16]; /* of its program */
    char *cmdline; /* arguments, each terminated */
    size_t cmdline_len;
};

/* The process of the running thread; never called by kernel threads. */
static inline struct process *
process_current(void)
{
    return thread_current()->process;
}

/* Files and directories belong to a layer above: it says how they are
 * shared with a child and let go. */
struct process_hooks {
    /* Gives child its descriptors and directories, from parent; 0 or
     * -ENOMEM, with nothing to release. */
    int (*clone)(struct process *child, const struct process *parent);
    /* Releases them. May block. */
    void (*release)(struct process *process);
    /* Process 1 has ended, with this status of wait4. Does not return. */
    void (*init_ended)(int status);
};

extern struct process_hooks process_hooks; /* set once, before process 1 */

/* Creates process 1 and turns the running kernel thread into its thread. It
 * has an empty address space, no files, and no program yet. Panics without
 * memory: once, while booting. */
void process_become_init(void);

/* Returns the live or zombie process pid with a reference, or NULL. */
struct process *process_find(int pid);

/* The same without a reference, and any process of group pgid; valid while the
 * lock is held. */
struct process *process_find_locked(int pid) REQUIRES(process_lock);
struct process *process_find_group_locked(int pgid) REQUIRES(process_lock);

/* All processes, linked by all_node in the order of creation; the first is
 * init. Guarded by process_lock. */
extern struct list_node process_list;

/* Returns the process with the smallest pid above `after`, with a
 * reference, or NULL. Walks /proc. */
struct process *process_next(int after);
void process_put(struct process *process);

/* How many processes there are. */
size_t process_count(void);

/* What ps shows: 'R' running or runnable, 'S' sleeping, 'T' stopped, 'Z'
 * zombie. */
char process_state(const struct process *process) REQUIRES(process_lock);

/* Makes a copy of the running process [posix fork]: the child continues
 * after the same system call with result 0, on stack `stack` if not 0, and
 * finds its pid at user address `tid_at` if that is not 0.
 * Returns the child's pid, -ENOMEM, -EAGAIN (too many processes), or -EINTR:
 * a signal to the caller's group must not miss the child. May block. */
int process_fork(const struct trapframe *frame, uint64_t stack, uint64_t tid_at)
    MUST_CHECK;

/* Ends the running process with a status as wait4 reports it (code << 8, or
 * the signal's number): releases what it holds, hands its children to init,
 * tells its parent. */
NORETURN void process_exit(int status);

/* Waits for a child: pid > 0 that one, -1 any, 0 of the caller's group, < -1
 * of group -pid; options are wait4's. Returns its pid with *status and the
 * CPU time it used, 0 if WNOHANG and nothing to report, -ECHILD, -EINTR.
 * May block. */
int process_wait(int pid, unsigned options, int *status, uint64_t *run_ns)
    MUST_CHECK;

/* Process groups and sessions, as setpgid(2) and setsid(2) have them.
 * Return 0, or the new session; -ESRCH, -EPERM, -EINVAL. */
int process_set_group(int pid, int pgid) MUST_CHECK;
int process_new_session(void) MUST_CHECK;

/* CPU time of all threads, those that have ended included. */
uint64_t process_run_ns(const struct process *process) REQUIRES(process_lock);

/* Enters a new process into the table under a fresh pid, as child of parent
 * (NULL for init), if there are fewer than PROCESS_MAX, else returns -EAGAIN;
 * or takes one out. For process.c's own layer. */
struct process *process_alloc(void);
MUST_CHECK int process_link_locked(struct process *process,
                                   struct process *parent)
    REQUIRES(process_lock);
void process_unlink_locked(struct process *process) REQUIRES(process_lock);

/* Once, after slab_init_kmalloc. */
void process_init_table(void);
