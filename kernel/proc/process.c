#include "proc/process.h"
#include "arch/clock.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "proc/sched.h"
#include "proc/signal.h"
#include "proc/usage.h"
#include "trace/trace.h"

#define HASH_SIZE 256u
#define PID_MAX   32768

struct spinlock process_lock = SPINLOCK_INIT("process", RANK_PROCESS);
struct list_node process_list = LIST_INIT(process_list);

/* guarded by process_lock */
static struct list_node hash[HASH_SIZE], thread_hash[HASH_SIZE];
static size_t count;
static int last_pid;

struct process_hooks process_hooks;

static struct slab_cache process_slab;

void
process_init_table(void)
{
    slab_init(&process_slab, "process", sizeof(struct process));
    for (unsigned i = 0; i < HASH_SIZE; i++) {
        list_init(&hash[i]);
        list_init(&thread_hash[i]);
    }
}

struct process *
process_alloc(void)
{
    struct process *p = slab_alloc(&process_slab);
    if (!p)
        return NULL;
    memset(p, 0, sizeof(*p));
    p->refs = 1;
    p->start_ns = clock_now_ns();
    list_init(&p->children);
    list_init(&p->sibling_node);
    list_init(&p->threads);
    waitq_init(&p->child_changed);
    waitq_init(&p->continued);
    signal_init_process(p);
    return p;
}

struct process *
process_find_locked(int pid)
{
    return list_find(struct process, p, &hash[(unsigned)pid % HASH_SIZE],
                     hash_node, p->pid == pid);
}

struct process *
process_find_group_locked(int pgid)
{
    return list_find(struct process, p, &process_list, all_node,
                     p->pgid == pgid);
}

struct thread *
thread_find_locked(int tid)
{
    return list_find(struct thread, t, &thread_hash[(unsigned)tid % HASH_SIZE],
                     tid_node, t->tid == tid);
}

bool
process_is_orphaned_group_locked(int pgid, const struct process *except)
{
    list_for_each (const struct process, p, &process_list, all_node)
        if (p->pgid == pgid && p != except && p->state == PROCESS_ALIVE &&
            p->parent && p->parent != except && p->parent->pgid != pgid &&
            p->parent->sid == p->sid)
            return false;
    return true;
}

/* A number is in use while a thread, process, group or session has it. */
static bool
is_free_locked(int pid) REQUIRES(process_lock)
{
    if (thread_find_locked(pid))
        return false;
    list_for_each (struct process, p, &process_list, all_node)
        if (p->pid == pid || p->pgid == pid || p->sid == pid)
            return false;
    return true;
}

static int
new_pid_locked(void) REQUIRES(process_lock)
{
    static bool wrapped;
    do {
        if (++last_pid == PID_MAX) {
            last_pid = 2;
            wrapped = true;
        }
    } while (wrapped && !is_free_locked(last_pid));
    return last_pid;
}

/* Nobody else takes more than half, and the last are root's, who can then end
 * what has filled the table. Stacks are kept (mm/kmap.c): they are to take half
 * of memory at most. */
static bool
has_room_locked(void) REQUIRES(process_lock)
{
    const struct cred *cred = cred_current();
    const struct process *self = thread_current()->process, *p;
    size_t most = MIN(frame_count_total() * PAGE_SIZE / KSTACK_SIZE / 2,
                      (size_t)PROCESS_MAX);
    if (cred_is_root(cred))
        return count < most;
    uint64_t limit = MIN(self->limits[RLIMIT_NPROC].soft, most / 2), sum = 0;
    if (count >= limit)
        list_for_each_entry (p, &process_list, all_node)
            sum += p->cred->uid.real == cred->uid.real ? p->nthreads : 0;
    return count < most - PROCESS_RESERVED && sum < limit;
}

/* What init starts with, and everybody whom nothing else was told. */
static void
set_limits(struct process *process)
{
    for (unsigned i = 0; i < RLIMIT_COUNT; i++)
        process->limits[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
    process->limits[RLIMIT_STACK].soft = SPACE_STACK_SIZE;
    process->limits[RLIMIT_CORE].soft = 0;
    process->limits[RLIMIT_NOFILE] =
        (struct rlimit){PROCESS_FILES_MAX, PROCESS_FILES_MAX};
}

int
process_link_locked(struct process *process, struct process *parent)
{
    if (!has_room_locked())
        return -EAGAIN;
    process->pid = new_pid_locked();
    process->parent = parent;
    if (parent) {
        process->pgid = parent->pgid;
        process->sid = parent->sid;
        memcpy(process->limits, parent->limits, sizeof(process->limits));
        list_push_back(&parent->children, &process->sibling_node);
    } else {
        process->pgid = process->sid = process->pid;
        set_limits(process);
    }
    list_push_back(&process_list, &process->all_node);
    list_push_back(&hash[(unsigned)process->pid % HASH_SIZE],
                   &process->hash_node);
    count++;
    return 0;
}

void
process_unlink_locked(struct process *process)
{
    list_del(&process->sibling_node);
    list_del(&process->all_node);
    list_del(&process->hash_node);
    count--;
}

int
process_add_thread_locked(struct process *process, struct thread *thread)
{
    bool first = list_is_empty(&process->threads);
    if (!first && !has_room_locked())
        return -EAGAIN;
    thread->tid = first ? process->pid : new_pid_locked();
    cpu_set_ids(&thread->arch, process->pid, thread->tid);
    trace_proc_fork((unsigned)process->pid, (unsigned)thread->tid);
    count += !first;
    process->nthreads++;
    list_push_back(&process->threads, &thread->process_node);
    list_push_back(&thread_hash[(unsigned)thread->tid % HASH_SIZE],
                   &thread->tid_node);
    return 0;
}

void
process_remove_thread_locked(struct thread *thread)
{
    struct process *process = thread->process;
    if (process->is_ending && process->nthreads == 1)
        trace_proc_exit(process->exit_status);
    count -= thread->tid != process->pid;
    process->nthreads--;
    struct usage used = usage_of_thread(thread);
    usage_add(&process->used, &used);
    signal_end_thread_locked(thread);
    list_del(&thread->process_node);
    list_del(&thread->tid_node);
}

void
process_make_leader_locked(struct thread *thread)
{
    int pid = thread->process->pid;
    count -= thread->tid != pid;
    thread->tid = pid;
    cpu_set_ids(&thread->arch, pid, pid);
    list_del(&thread->tid_node);
    list_push_back(&thread_hash[(unsigned)pid % HASH_SIZE], &thread->tid_node);
}

int
process_next(int after)
{
    int next = 0;
    spin_guard(&process_lock);
    list_for_each (const struct process, p, &process_list, all_node)
        if (p->pid > after && (next == 0 || p->pid < next))
            next = p->pid;
    return next;
}

void
process_put(struct process *process)
{
    spin_lock(&process_lock);
    bool last = --process->refs == 0;
    spin_unlock(&process_lock);
    if (!last)
        return;
    cred_put(process->cred);
    kfree(process->cmdline);
    kfree(process->signals.actions);
    slab_free(&process_slab, process);
}

size_t
process_count(void)
{
    return READ_ONCE(count);
}

char
process_state(const struct process *process)
{
    if (process->state == PROCESS_ZOMBIE)
        return 'Z';
    if (process->stop_signal)
        return 'T';
    list_for_each (const struct thread, t, &process->threads, process_node)
        if (READ_ONCE(t->state) == THREAD_RUNNABLE)
            return 'R';
    return 'S';
}

void
process_become_init(void)
{
    struct thread *t = thread_current();
    struct process *p = process_alloc();
    if (!p || space_create(&p->space) != 0)
        panic("no memory for process 1");
    strlcpy(p->name, "init", sizeof(p->name));
    p->cred = cred_get(cred_current());
    t->cred = cred_get(p->cred);
    t->arch.payer = CRED_PAYER_ROOT;
    spin_guard(&process_lock);
    t->process = p;
    t->arch.space = p->space;
    assert(process_link_locked(p, NULL) == 0);
    assert(process_add_thread_locked(p, t) == 0);
}

int
process_set_group(int pid, int pgid)
{
    struct process *self = process_current();
    if (pgid < 0 || (pgid == 0 && pid < 0))
        return -EINVAL;
    spin_guard(&process_lock);
    struct process *p = pid == 0 ? self : process_find_locked(pid);
    if (!p || (p != self && p->parent != self))
        return -ESRCH;
    int wanted = pgid == 0 ? p->pid : pgid;
    const struct process *other = process_find_group_locked(wanted);
    bool there_is = other && other->sid == p->sid;
    /* A session's leader stays in its group [posix setpgid]. */
    if (p->sid == p->pid || p->sid != self->sid ||
        (wanted != p->pid && !there_is))
        return -EPERM;
    p->pgid = wanted;
    return 0;
}

int
process_new_session(void)
{
    struct process *self = process_current();
    spin_guard(&process_lock);
    if (process_find_group_locked(self->pid))
        return -EPERM;
    self->pgid = self->sid = self->pid;
    return self->pid;
}
