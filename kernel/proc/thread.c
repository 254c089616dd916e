#include "proc/thread.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "mm/slab.h"
#include "mm/uaccess.h"
#include "proc/borrow.h"
#include "proc/sched.h"
#include "proc/signal.h"

static struct slab_cache thread_slab;
static int next_kernel_tid = -1; /* kernel threads have no place among pids */

static void
start_kernel_thread(void)
{
    struct thread *t = thread_current();
    sched_begin();
    t->entry(t->entry_arg);
    thread_exit();
}

static void
start_user_thread(void)
{
    struct thread *t = thread_current();
    sched_begin();
    /* A bad address is the child's own loss, as on Linux. */
    if (t->set_tid != 0 &&
        uaccess_write(uaddr(t->set_tid), &t->tid, sizeof(t->tid)) != 0)
        t->set_tid = 0;
    thread_leave_kernel();
}

void
thread_init_cache(void)
{
    slab_init(&thread_slab, "thread", sizeof(struct thread));
}

static struct thread *
create(void (*start)(void))
{
    struct thread *t = slab_alloc(&thread_slab);
    uint8_t payer = cpu_thread()->payer;
    cpu_thread()->payer = 0; /* a stack is kept for others to come */
    void *stack = kmap_stack_alloc();
    cpu_thread()->payer = payer;
    if (!t || !stack) {
        if (t)
            slab_free(&thread_slab, t);
        if (stack)
            kmap_stack_free(stack);
        return NULL;
    }
    memset(t, 0, sizeof(*t));
    t->state = THREAD_RUNNABLE;
    sched_inherit(t);
    list_init(&t->process_node);
    signal_init_thread(t);
    list_init(&t->tid_node);
    t->arch.cpu = this_cpu();
    t->arch.kernel_sp = (uint64_t)stack;
    t->arch.context.ra = (uint64_t)start;
    t->arch.context.sp = (uint64_t)stack - sizeof(struct trapframe);
    return t;
}

struct thread *
thread_create(const char *name, void (*entry)(void *arg), void *arg)
{
    struct thread *t = create(start_kernel_thread);
    if (!t)
        return NULL;
    t->tid = __atomic_fetch_sub(&next_kernel_tid, 1, __ATOMIC_RELAXED);
    cpu_set_ids(&t->arch, 0, t->tid);
    strlcpy(t->name, name, sizeof(t->name));
    t->entry = entry;
    t->entry_arg = arg;
    return t;
}

struct thread *
thread_create_user(struct process *process, const struct trapframe *frame)
{
    struct thread *t = create(start_user_thread);
    if (!t)
        return NULL;
    t->process = process;
    t->arch.payer = cpu_thread()->payer;
    *trap_user_frame(&t->arch) = *frame;
    return t;
}

/* Called with interrupts off, and again until nothing is left to do. */
void
thread_user_return(struct trapframe *frame)
{
    uint64_t work = READ_ONCE(cpu_thread()->work);
    cpu_irq_enable();
    if (work & THREAD_WORK_RESCHED)
        sched_switch();
    if (work & THREAD_WORK_FILES)
        process_hooks.end_call();
    if (work & THREAD_WORK_SIGNAL)
        signal_deliver(frame);
    cpu_irq_save();
}

void
thread_leave_kernel(void)
{
    struct trapframe *frame = trap_user_frame(cpu_thread());
    cpu_irq_save();
    while (READ_ONCE(cpu_thread()->work))
        thread_user_return(frame);
    trap_return_to_user(frame);
}

void
thread_borrow(void *file)
{
    struct thread *t = thread_current();
    assert(t->nborrowed < THREAD_BORROWED_MAX);
    t->borrowed[t->nborrowed++] = file;
    __atomic_fetch_or(&t->arch.work, THREAD_WORK_FILES, __ATOMIC_RELAXED);
}

void *
thread_give_back(void)
{
    struct thread *t = thread_current();
    __atomic_fetch_and(&t->arch.work, ~THREAD_WORK_FILES, __ATOMIC_RELAXED);
    return t->nborrowed > 0 ? t->borrowed[--t->nborrowed] : NULL;
}

void
thread_exit(void)
{
    /* The next thread frees this one: see finish_switch. */
    thread_current()->state = THREAD_DEAD;
    sched_switch();
    panic("a dead thread runs");
}

void
thread_free(struct thread *thread)
{
    cred_put(thread->cred);
    kmap_stack_free((void *)thread->arch.kernel_sp);
    slab_free(&thread_slab, thread);
}
