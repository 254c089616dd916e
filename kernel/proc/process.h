/* Processes: an address space, open files, a place in the family, and the
 * threads that share them.
 *
 * Owns the process table. One spin lock, the table's, guards the family
 * tree, groups and life states of all processes and of their threads. */
#pragma once

#include "abi/rlimit.h"
#include "proc/cred.h"
#include "proc/thread.h"

struct fdtable;
struct fs_context;
struct space;

enum process_state {
    PROCESS_ALIVE,
    PROCESS_ZOMBIE, /* ended; its parent has not waited for it yet */
};

/* Numbers given to processes, zombies included, and to threads that are not
 * their process's first; a quarter of the pids. */
#define PROCESS_MAX       8192
#define PROCESS_RESERVED  16   /* of those, for the superuser */
#define PROCESS_FILES_MAX 1024 /* descriptors: fs/fdtable.h */

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
    struct list_node threads; /* all that have not begun to leave, or the
                               * last */
    unsigned nthreads;        /* of these */
    unsigned nstopped;        /* that wait for SIGCONT */
    struct list_node hash_node, all_node;
    int pgid, sid;
    int exit_signal; /* for the parent; 0 for none */
    int exit_status; /* as wait4 reports it */
    int stop_signal; /* what stopped it, 0 while it runs */
    bool stop_reported, has_continued;
    bool is_ending;             /* all its threads are to leave */
    bool holds_parent;          /* by vfork, until it has its own memory */
    struct thread *survivor;    /* who execs: the others are to leave */
    struct waitq child_changed; /* where it waits for its children */
    struct waitq continued;     /* where threads wait while it is stopped, for
                                 * others to leave, or for vfork's child */
    struct process_signals signals;
    struct usage used;             /* by threads that have ended */
    struct usage used_by_children; /* that have been waited for */
    int death_signal;              /* for it when its parent ends; 0 for none */
    bool is_subreaper;       /* takes on the children of its descendants */
    const struct cred *cred; /* with a reference: see proc/cred.h */
    struct rlimit limits[RLIMIT_COUNT];

    /* private to the owner: its threads; others under process_lock may look
     * while the process is alive */
    struct space *space;
    struct fdtable *fdtable;
    struct fs_context *fs;
    char name[16]; /* of its program */
    char *cmdline; /* arguments and then environment, each terminated */
    size_t cmdline_len, environ_len; /* bytes of the one and of the other */
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
    /* Gives child its descriptors and directories, from parent, or shares
     * them as CLONE_FILES and CLONE_FS of flags say; 0 or -ENOMEM, with
     * nothing to release. */
    int (*clone)(struct process *child, const struct process *parent,
                 uint64_t flags);
    /* The process, which is the caller's, gets a second thread. */
    void (*share)(struct process *process);
    /* Releases them. May block. */
    void (*release)(struct process *process);
    /* The running thread's call is over: lets go of what it borrowed of files
     * (THREAD_WORK_FILES). */
    void (*end_call)(void);
    /* Process 1 has ended, with this status of wait4. Does not return. */
    void (*init_ended)(int status);
};

extern struct process_hooks process_hooks; /* set once, before process 1 */

/* Creates process 1 and turns the running kernel thread into its thread. It
 * has an empty address space, no files, and no program yet. Panics without
 * memory: once, while booting. */
void process_become_init(void);

/* The live or zombie process pid, or any process of group pgid, or NULL; valid
 * while the lock is held. */
struct process *process_find_locked(int pid) REQUIRES(process_lock);
struct process *process_find_group_locked(int pgid) REQUIRES(process_lock);

/* Whether nobody of the session is left who could continue the group: no
 * member, but for `except`, has a parent in another group of the session. */
bool process_is_orphaned_group_locked(int pgid, const struct process *except)
    REQUIRES(process_lock);

/* The thread of that number, of whichever process, or NULL. */
struct thread *thread_find_locked(int tid) REQUIRES(process_lock);

/* All processes, linked by all_node in the order of creation; the first is
 * init. Guarded by process_lock. */
extern struct list_node process_list;

/* The least pid above `after`, or 0. Walks /proc. */
int process_next(int after);

void process_put(struct process *process); /* drops a reference */

/* How many processes, and further threads of them, there are. */
size_t process_count(void);

/* What ps shows: 'R' running or runnable, 'S' sleeping, 'T' stopped, 'Z'
 * zombie. */
char process_state(const struct process *process) REQUIRES(process_lock);

/* Creates a process or thread as clone(2) has it: it continues after the same
 * system call with result 0. A child of CLONE_VFORK is waited for until it has
 * memory of its own. Returns the pid or tid; -EINVAL, -ENOMEM, -EAGAIN (too
 * many of them), or -EINTR: a signal to the caller's group must not miss the
 * child. May block. */
struct clone_args;
int process_clone(const struct trapframe *frame, const struct clone_args *args)
    MUST_CHECK;

/* Ends the running process with a status as wait4 reports it (code << 8, or
 * the signal's number): all its threads leave. */
NORETURN void process_exit(int status);

/* Ends the running thread: clears and wakes what it promised to. The last of
 * its process ends that, too: releases what it holds, hands its children to
 * init, tells its parent. If it is the first thread, status is the process's,
 * as process_exit's. */
NORETURN void thread_exit_user(int status);
NORETURN void thread_leave(void);

/* Ends all threads but the running one, which takes the process's number for
 * its own, for exec. Returns 0, or -EINTR: it is itself to leave. May block. */
int process_end_others(void) MUST_CHECK;

/* A thread has stopped, or left: tells the parent if now all have stopped. */
void process_report_stop_locked(struct process *process) REQUIRES(process_lock);

/* The running process has memory of its own, and not its parent's. */
void process_let_parent_go_locked(struct process *process)
    REQUIRES(process_lock);

/* Which children to wait for, as waitid(2) has it, and with which W* options;
 * WEXITED has to be among them for children that have ended. */
struct wait_request {
    enum { P_ALL, P_PID, P_PGID } which;
    int id;
    unsigned options;
};

struct wait_news {
    int status; /* as wait4 reports it */
    uint32_t uid;
    struct usage used; /* its own children's included */
};

/* Waits for a child. Returns its pid with its news, 0 if WNOHANG and none has
 * any, -ECHILD, -EINTR. May block. */
int process_wait(const struct wait_request *what, struct wait_news *news)
    MUST_CHECK;

/* Whether all threads of the process have stopped. */
bool process_has_stopped(const struct process *process) REQUIRES(process_lock);

/* Process groups and sessions, as setpgid(2) and setsid(2) have them.
 * Return 0, or the new session; -ESRCH, -EPERM, -EINVAL. */
int process_set_group(int pid, int pgid) MUST_CHECK;
int process_new_session(void) MUST_CHECK;

/* Enters a new process into the table under a fresh pid, as child of parent
 * (NULL for init), or a thread into its process, under the pid if it is the
 * first; or takes it out. -EAGAIN: there are PROCESS_MAX. For process.c's own
 * layer. */
struct process *process_alloc(void);
MUST_CHECK int process_link_locked(struct process *process,
                                   struct process *parent)
    REQUIRES(process_lock);
void process_unlink_locked(struct process *process) REQUIRES(process_lock);
MUST_CHECK int process_add_thread_locked(struct process *process,
                                         struct thread *thread)
    REQUIRES(process_lock);
void process_remove_thread_locked(struct thread *thread) REQUIRES(process_lock);

/* The thread takes its process's number, which no other has, for its own. */
void process_make_leader_locked(struct thread *thread) REQUIRES(process_lock);

/* Once, after slab_init_kmalloc. */
void process_init_table(void);
