/* A process is made by a table of steps, each with what undoes it: the first
 * that fails ends the work, and what was done before goes in the opposite
 * order. */
#include "abi/sched.h"
#include "lib/string.h"
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

/* What the registers of a child are, but for those of its parent. */
static void
set_registers(struct trapframe *frame, const struct clone_args *args)
{
    frame->a[0] = 0;
    if (args->stack != 0)
        frame->sp = args->stack;
    if (args->flags & CLONE_SETTLS)
        frame->tp = args->tls;
}

static void
set_tid_addresses(struct thread *t, const struct clone_args *args)
{
    if (args->flags & CLONE_CHILD_SETTID)
        t->set_tid = args->child_tid;
    if (args->flags & CLONE_CHILD_CLEARTID)
        t->clear_tid = args->child_tid;
}

/* The thread of a clone, which comes out of the same system call as its parent:
 * in process's space, with the running thread's name and credentials. NULL
 * without memory. */
static struct thread *
copy_thread(struct process *process, const struct trapframe *frame,
            const struct clone_args *args)
{
    const struct thread *self = thread_current();
    /* The hart may have newer registers than self->arch.fpu. */
    sched_save_fpu();
    struct thread *t = thread_create_user(process, frame);
    if (!t)
        return NULL;
    set_registers(trap_user_frame(&t->arch), args);
    set_tid_addresses(t, args);
    t->arch.fpu = self->arch.fpu;
    t->arch.space = process->space;
    t->cred = cred_get(cred_current());
    strlcpy(t->name, self->name, sizeof(t->name));
    return t;
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

/* A process that is being made. */
struct birth {
    const struct process *parent;
    const struct trapframe *frame;
    const struct clone_args *args;
    struct process *child;
    struct thread *thread;
    int pid;
};

static int
make_process(struct birth *b)
{
    b->child = process_alloc();
    return b->child ? 0 : -ENOMEM;
}

/* With what hangs on the process: credentials, arguments, signals' actions. */
static void
drop_process(struct birth *b)
{
    process_put(b->child);
}

static int
copy_arguments(struct process *child, const struct process *parent)
{
    size_t size = parent->cmdline_len + parent->environ_len;
    if (!parent->cmdline)
        return 0;
    child->cmdline = kmalloc(size);
    if (!child->cmdline)
        return -ENOMEM;
    memcpy(child->cmdline, parent->cmdline, size);
    child->cmdline_len = parent->cmdline_len;
    child->environ_len = parent->environ_len;
    return 0;
}

static int
give_memory(struct process *child, const struct process *parent, uint64_t flags)
{
    if (!(flags & CLONE_VM))
        return space_clone(parent->space, &child->space);
    child->space = space_join(parent->space);
    return 0;
}

/* What a child has of its parent and needs no lock. The memory comes last: it
 * is all that a step of its own gives back. */
static int
inherit(struct birth *b)
{
    struct process *child = b->child;
    strlcpy(child->name, b->parent->name, sizeof(child->name));
    child->cred = cred_get(cred_current());
    int error = copy_arguments(child, b->parent);
    return error ?: give_memory(child, b->parent, b->args->flags);
}

static void
give_memory_back(struct birth *b)
{
    space_leave(b->child->space);
    space_unref(b->child->space);
}

static int
make_thread(struct birth *b)
{
    b->thread = copy_thread(b->child, b->frame, b->args);
    return b->thread ? 0 : -ENOMEM;
}

static void
drop_thread(struct birth *b)
{
    thread_free(b->thread);
}

static int
give_signals(struct birth *b)
{
    int error = signal_inherit(b->child, b->thread);
    if (error == 0 && b->args->flags & CLONE_CLEAR_SIGHAND)
        signal_forget_handlers(b->child);
    return error;
}

static int
give_files(struct birth *b)
{
    return process_hooks.clone(b->child, b->parent, b->args->flags);
}

static void
give_files_back(struct birth *b)
{
    process_hooks.release(b->child);
}

/* The child as its parent's, and its thread, in the table. */
static int
link_locked(struct process *child, struct thread *t) REQUIRES(process_lock)
{
    int error = process_link_locked(child, process_current());
    if (error != 0)
        return error;
    error = process_add_thread_locked(child, t);
    if (error != 0)
        process_unlink_locked(child);
    return error;
}

/* Enters the child into the table. From here on it is seen: unless the running
 * thread has a signal to act on first, which may be for its whole group. */
static int
link_child(struct birth *b)
{
    struct process *child = b->child;
    spin_guard(&process_lock);
    int error = signal_pending() ? -EINTR : link_locked(child, b->thread);
    if (error != 0)
        return error;
    child->exit_signal = (int)b->args->exit_signal;
    child->holds_parent = b->args->flags & CLONE_VFORK;
    child->refs += child->holds_parent; /* the parent's, while it is held */
    b->pid = child->pid;
    return 0;
}

/* In this order; the last cannot be undone, nor need it be. */
static const struct step {
    int (*take)(struct birth *b);
    void (*undo)(struct birth *b); /* NULL: the steps before see to it */
} steps[] = {
    {make_process, drop_process},  {inherit, give_memory_back},
    {make_thread, drop_thread},    {give_signals, NULL},
    {give_files, give_files_back}, {link_child, NULL},
};

/* Undoes the first n steps, the last one first. */
static void
undo_steps(struct birth *b, unsigned n)
{
    while (n-- > 0)
        if (steps[n].undo)
            steps[n].undo(b);
}

/* Makes a process with a thread, not started, in *out. Returns its pid. */
static int
clone_process(const struct trapframe *frame, const struct clone_args *args,
              struct thread **out)
{
    struct birth b = {
        .parent = process_current(), .frame = frame, .args = args};
    for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
        int error = steps[i].take(&b);
        if (error == 0)
            continue;
        undo_steps(&b, i);
        return error;
    }
    *out = b.thread;
    return b.pid;
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
