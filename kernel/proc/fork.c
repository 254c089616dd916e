#include "abi/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "proc/cred.h"
#include "proc/process.h"
#include "proc/sched.h"
#include "proc/signal.h"

/* Copies what a child inherits and needs no lock. */
static int
inherit(struct process *child, const struct process *parent)
{
    strlcpy(child->name, parent->name, sizeof(child->name));
    child->cred = cred_get(cred_current());
    if (parent->cmdline) {
        child->cmdline = kmalloc(parent->cmdline_len);
        if (!child->cmdline)
            return -ENOMEM;
        memcpy(child->cmdline, parent->cmdline, parent->cmdline_len);
        child->cmdline_len = parent->cmdline_len;
    }
    return space_clone(parent->space, &child->space);
}

static struct thread *
copy_thread(struct process *child, const struct trapframe *frame,
            uint64_t stack, uint64_t tid_at)
{
    struct thread *parent_thread = thread_current();
    struct thread *t = thread_create_user(child, frame);
    if (!t)
        return NULL;
    struct trapframe *copy = trap_user_frame(&t->arch);
    copy->a[0] = 0;
    if (stack != 0)
        copy->sp = stack;
    sched_save_fpu();
    t->arch.fpu = parent_thread->arch.fpu;
    t->arch.space = child->space;
    t->cred = cred_get(child->cred);
    t->set_tid = tid_at;
    return t;
}

int
process_fork(const struct trapframe *frame, uint64_t stack, uint64_t tid_at)
{
    struct process *parent = process_current();
    struct process *child = process_alloc();
    struct thread *t = NULL;
    int error = -ENOMEM;
    if (!child)
        return -ENOMEM;
    error = inherit(child, parent);
    if (error != 0)
        goto out_child;
    t = copy_thread(child, frame, stack, tid_at);
    error = t ? signal_inherit(child, t) : -ENOMEM;
    if (error == 0)
        error = process_hooks.clone(child, parent);
    if (error != 0)
        goto out_thread;

    spin_lock(&process_lock);
    error = signal_pending() ? -EINTR : process_link_locked(child, parent);
    if (error != 0) {
        spin_unlock(&process_lock);
        process_hooks.release(child);
        goto out_thread;
    }
    list_push_back(&child->threads, &t->process_node);
    t->tid = child->pid;
    int pid = child->pid; /* once started it may be gone at any time */
    spin_unlock(&process_lock);
    sched_start(t);
    return pid;

out_thread:
    if (t)
        thread_free(t);
    space_leave(child->space);
    space_unref(child->space);
out_child:
    process_put(child);
    return error;
}
