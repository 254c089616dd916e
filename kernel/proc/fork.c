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

/* The thread of a clone, with the registers of frame. */
static struct thread *
copy_thread(struct process *process, const struct trapframe *frame,
            const struct clone_args *args)
{
    struct thread *self = thread_current();
    struct thread *t = thread_create_user(process, frame);
    if (!t)
        return NULL;
    struct trapframe *copy = trap_user_frame(&t->arch);
    copy->a[0] = 0;
    if (args->stack != 0)
        copy->sp = args->stack;
    if (args->flags & CLONE_SETTLS)
        copy->tp = args->tls;
    if (args->flags & CLONE_CHILD_SETTID)
        t->set_tid = args->child_tid;
    if (args->flags & CLONE_CHILD_CLEARTID)
        t->clear_tid = args->child_tid;
    strlcpy(t->name, self->name, sizeof(t->name));
    sched_save_fpu();
    t->arch.fpu = self->arch.fpu;
    t->arch.space = process->space;
    t->cred = cred_get(cred_current());
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

/* Copies what a child inherits and needs no lock. */
static int
inherit(struct process *child, const struct process *parent, uint64_t flags)
{
    strlcpy(child->name, parent->name, sizeof(child->name));
    child->cred = cred_get(cred_current());
    if (parent->cmdline) {
        size_t size = parent->cmdline_len + parent->environ_len;
        child->cmdline = kmalloc(size);
        if (!child->cmdline)
            return -ENOMEM;
        memcpy(child->cmdline, parent->cmdline, size);
        child->cmdline_len = parent->cmdline_len;
        child->environ_len = parent->environ_len;
    }
    if (!(flags & CLONE_VM))
        return space_clone(parent->space, &child->space);
    child->space = space_join(parent->space);
    return 0;
}

/* Enters the child and its thread into the table. */
static int
link_child(struct process *child, struct thread *t,
           const struct clone_args *args)
{
    struct process *parent = process_current();
    spin_guard(&process_lock);
    int error = signal_pending() ? -EINTR : process_link_locked(child, parent);
    int pid = child->pid;
    if (error == 0) {
        child->exit_signal = (int)args->exit_signal;
        child->holds_parent = args->flags & CLONE_VFORK;
        child->refs += child->holds_parent;
        error = process_add_thread_locked(child, t);
    }
    return error ?: pid;
}

static int
clone_process(const struct trapframe *frame, const struct clone_args *args,
              struct thread **out)
{
    struct process *parent = process_current();
    struct process *child = process_alloc();
    struct thread *t = NULL;
    if (!child)
        return -ENOMEM;
    int result = inherit(child, parent, args->flags);
    if (result != 0)
        goto out_child;
    t = copy_thread(child, frame, args);
    result = t ? signal_inherit(child, t) : -ENOMEM;
    if (result == 0 && (args->flags & CLONE_CLEAR_SIGHAND))
        signal_forget_handlers(child);
    result = result ?: process_hooks.clone(child, parent, args->flags);
    if (result != 0)
        goto out_thread;
    result = link_child(child, t, args);
    if (result > 0) {
        *out = t;
        return result;
    }
    process_hooks.release(child);
out_thread:
    if (t)
        thread_free(t);
    space_leave(child->space);
    space_unref(child->space);
out_child:
    process_put(child);
    return result;
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
