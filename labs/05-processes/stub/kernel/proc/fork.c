#include "abi/sched.h"
#include "lib/string.h"
#include "lib/todo.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "proc/sched.h"
#include "proc/signal.h"

/* All that one thread of a process shares with another; here it has to. */
#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND)

#define KNOWN_FLAGS                                              \
    (THREAD_FLAGS | CLONE_THREAD | CLONE_VFORK | CLONE_SYSVSEM | \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | \
     CLONE_DETACHED | CLONE_CHILD_SETTID | CLONE_CLEAR_SIGHAND)

static int
check_args(const struct clone_args *args)
{
    uint64_t flags = args->flags;
    if (flags & ~KNOWN_FLAGS || args->exit_signal > NSIG)
        return -EINVAL;
    /* Actions belong to a process. */
    if (!(flags & CLONE_THREAD))
        return flags & CLONE_SIGHAND ? -EINVAL : 0;
    return (flags & (THREAD_FLAGS | CLONE_CLEAR_SIGHAND)) == THREAD_FLAGS
               ? 0
               : -EINVAL;
}

/* The thread of a clone: it comes out of the same system call as its parent, so
 * it begins with the registers of frame, but for its result, and for what args
 * has: a stack (unless 0), and with CLONE_SETTLS a thread pointer. With
 * CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID args->child_tid is to be noted
 * (set_tid, clear_tid). It has the running thread's name, its credentials
 * (cred_get), its floating-point registers (sched_save_fpu first: why?), and
 * lives in process's space. NULL without memory. */
static struct thread *
copy_thread(struct process *process, const struct trapframe *frame,
            const struct clone_args *args)
{
    LAB_TODO(5);
}

/* ---- Threads ---- */

static int
clone_thread(const struct trapframe *frame, const struct clone_args *args,
             struct thread **out)
{
    struct process *self = process_current();
    struct thread *t = copy_thread(self, frame, args);
    if (!t)
        return -ENOMEM;
    process_hooks.share(self);
    signal_inherit_mask(t);
    /* It looks for itself whether the process is being stopped. */
    t->arch.work = THREAD_WORK_SIGNAL;
    spin_lock(&process_lock);
    int error = signal_pending() ? -EINTR : process_add_thread_locked(self, t);
    int tid = t->tid;
    spin_unlock(&process_lock);
    if (error != 0)
        thread_free(t);
    else
        *out = t;
    return error ?: tid;
}

/* ---- Processes ---- */

/* What a child has of its parent and needs no lock: the name, the running
 * thread's credentials, a copy of its own of cmdline with both lengths (there
 * may be none), and its memory: a copy (space_clone), or with CLONE_VM the same
 * (space_join). Returns 0 or -ENOMEM. */
static int
inherit(struct process *child, const struct process *parent, uint64_t flags)
{
    LAB_TODO(5);
}

/* Enters the child into the table, as child of the running process
 * (process_link_locked), and then its thread (process_add_thread_locked), all
 * under process_lock. Not if the running thread has a signal to act on: then
 * -EINTR, and the call is made again later.
 *
 * args->exit_signal is what the parent gets when the child ends. With
 * CLONE_VFORK the child holds its parent, who has a reference to it meanwhile.
 * Returns the pid. */
static int
link_child(struct process *child, struct thread *t,
           const struct clone_args *args)
{
    LAB_TODO(5);
}

/* All of it: a process (process_alloc), what it inherits, its thread, its
 * signals (signal_inherit; with CLONE_CLEAR_SIGHAND it then forgets the
 * handlers), its files (process_hooks.clone), and at last, when nothing can go
 * wrong any more but that, its place in the table: from there on others see it.
 * Returns its pid and its thread, not started, in *out.
 *
 * Each step may fail, and then what the steps before it took has to go: the
 * files (process_hooks.release), the thread (thread_free), the space
 * (space_leave, space_unref), the process (process_put). What happens to what
 * is NULL, or was never taken? */
static int
clone_process(const struct trapframe *frame, const struct clone_args *args,
              struct thread **out)
{
    LAB_TODO(5);
}

/* Lets go of the reference to a child of vfork. Only what ends the thread ends
 * the wait: its stack is the child's. */
static void
wait_for_memory(struct process *child)
{
    struct process *self = process_current();
    spin_lock(&process_lock);
    while (child->holds_parent && !signal_is_ending(self) &&
           thread_current()->stay == THREAD_STAYS)
        waitq_sleep(&self->continued, &process_lock);
    spin_unlock(&process_lock);
    process_put(child);
}

void
process_let_parent_go_locked(struct process *process)
{
    if (!process->holds_parent)
        return;
    process->holds_parent = false;
    waitq_wake_all(&process->parent->continued);
}

int
process_clone(const struct trapframe *frame, const struct clone_args *args)
{
    struct thread *t = NULL;
    int id = check_args(args);
    if (id != 0)
        return id;
    bool is_thread = args->flags & CLONE_THREAD;
    id = is_thread ? clone_thread(frame, args, &t)
                   : clone_process(frame, args, &t);
    if (id <= 0)
        return id;
    /* Once started, the thread may be gone at any time. */
    struct process *held =
        args->flags & CLONE_VFORK && !is_thread ? t->process : NULL;
    if (args->flags & CLONE_PARENT_SETTID)
        (void)!uaccess_write(uaddr(args->parent_tid), &id, sizeof(id));
    sched_start(t);
    if (held)
        wait_for_memory(held);
    return id;
}
