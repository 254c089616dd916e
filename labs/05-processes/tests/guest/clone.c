/* Births: process 1 is the grader's thread, and a child is looked at where it
 * would be started. No child ever runs. */
#include "grade.h"
#include "memory.h"
#include "abi/sched.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/space.h"
#include "proc/sched.h"
#include "proc/signal.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

/* ---- What processes are to the layer above ---- */

static struct {
    int clone, release; /* calls */
    bool fails, linked; /* clone does; the child was in the table before */
    struct process *child;
    const struct process *parent;
    uint64_t flags;
} hook;

static int
clone_files(struct process *child, const struct process *parent, uint64_t flags)
{
    hook.clone++;
    hook.child = child;
    hook.parent = parent;
    hook.flags = flags;
    hook.linked = child->pid != 0;
    return hook.fails ? -ENOMEM : 0;
}

static void
share_files(struct process *process UNUSED)
{
}

static void
release_files(struct process *process)
{
    hook.release += process == hook.child;
}

static void
end_call(void)
{
}

static void
init_ended(int status)
{
    panic("grade: process 1 has ended with status %d", status);
}

/* ---- Where the rest of the kernel is called ---- */

static struct thread *started;
static bool pending;            /* has the caller a signal to act on? */
static uint64_t in_registers;   /* what sched_save_fpu finds */
static void (*look)(void);      /* at the child, before it is started */
static struct grade *answer_of; /* the question that is being answered */

// WRAP: kmalloc kzalloc kfree slab_alloc slab_free
// WRAP: kmap_stack_alloc kmap_stack_free
// WRAP: sched_start signal_pending sched_save_fpu
void __wrap_sched_start(struct thread *thread);
void __real_sched_start(struct thread *thread);
bool __wrap_signal_pending(void);
bool __real_signal_pending(void);
void __wrap_sched_save_fpu(void);
void __real_sched_save_fpu(void);

void
__wrap_sched_start(struct thread *thread)
{
    if (!look) {
        __real_sched_start(thread);
        return;
    }
    counting = false;
    started = thread;
    look();
}

bool
__wrap_signal_pending(void)
{
    return pending;
}

void
__wrap_sched_save_fpu(void)
{
    if (look)
        thread_current()->arch.fpu.f[7] = in_registers;
    else
        __real_sched_save_fpu();
}

static void
setup(void)
{
    struct sigaction_abi ignore = {.handler = SIG_IGN}, old;
    process_hooks = (struct process_hooks){.clone = clone_files,
                                           .share = share_files,
                                           .release = release_files,
                                           .end_call = end_call,
                                           .init_ended = init_ended};
    process_become_init();
    if (signal_action(SIGUSR2, &ignore, &old) != 0)
        panic("grade: no memory for actions");
}
GRADE_SETUP(setup);

/* ---- The child ---- */

static void
put_strings(struct grade *g, const struct process *p)
{
    const struct process *self = process_current();
    size_t len = p->cmdline ? p->cmdline_len + p->environ_len : 0;
    grade_put_string(g, p->name);
    grade_put_u32(g, (uint32_t)p->cmdline_len);
    grade_put_bytes(g, p->cmdline, len);
    grade_put_u8(g, p->cmdline && p->cmdline == self->cmdline);
}

static void
put_family(struct grade *g, struct process *p)
{
    const struct process *self = process_current();
    spin_guard(&process_lock);
    grade_put_u32(g, (uint32_t)p->pid);
    grade_put_u8(g, p->parent == self);
    grade_put_u8(g, process_find_locked(p->pid) == p);
    grade_put_u8(g, list_find(struct process, c, &self->children, sibling_node,
                              c == p) == p);
    grade_put_u32(g, p->nthreads);
    grade_put_u8(g, thread_find_locked(started->tid) == started);
    grade_put_u32(g, (uint32_t)p->exit_signal);
    grade_put_u8(g, p->holds_parent);
    grade_put_u32(g, p->refs);
    grade_put_u8(g, p->signals.actions &&
                        p->signals.actions != self->signals.actions &&
                        p->signals.actions[SIGUSR2 - 1].handler == SIG_IGN);
}

/* What there is to say about the child; the hooks; who it is. */
static void
look_at_child(void)
{
    struct grade *g = answer_of;
    struct thread *t = started, *self = thread_current();
    struct process *p = t->process, *parent = self->process;
    grade_put_u8(g, 1);
    grade_put_u32(g, (uint32_t)t->tid);
    grade_put_bytes(g, trap_user_frame(&t->arch), sizeof(struct trapframe));
    grade_put_bytes(g, &t->arch.fpu, sizeof(t->arch.fpu));
    grade_put_u64(g, t->set_tid);
    grade_put_u64(g, t->clear_tid);
    grade_put_string(g, t->name);
    grade_put_u8(g, t->cred == self->cred);
    grade_put_u8(g, t->arch.space == p->space);
    grade_put_u8(g, p == parent);
    grade_put_u8(g, p->space == parent->space);
    grade_put_u8(g, p->cred == self->cred);
    grade_put_u32(g, parent->space->users);
    grade_put_u32(g, self->cred->refs);
    grade_put_u32(g, (uint32_t)hook.clone);
    grade_put_u8(g, hook.child == p);
    grade_put_u8(g, hook.parent == parent);
    grade_put_u64(g, hook.flags);
    grade_put_u8(g, hook.linked);
    put_family(g, p);
    put_strings(g, p);
    if (p->holds_parent) {
        spin_lock(&process_lock);
        process_let_parent_go_locked(p);
        spin_unlock(&process_lock);
    }
}

/* Makes the child go that was looked at, as if nobody had seen it. */
static void
bury(struct thread *t)
{
    struct process *p = t->process;
    bool is_thread = p == process_current();
    spin_lock(&process_lock);
    process_remove_thread_locked(t);
    if (!is_thread)
        process_unlink_locked(p);
    spin_unlock(&process_lock);
    thread_free(t);
    if (is_thread)
        return;
    space_leave(p->space);
    space_unref(p->space);
    p->refs = 1;
    process_put(p);
}

/* The parent's name, its arguments, how many bytes of them are argv's. */
static void
read_parent(struct grade *g)
{
    struct process *self = process_current();
    size_t len;
    strlcpy(self->name, grade_string(g), sizeof(self->name));
    strlcpy(thread_current()->name, self->name, sizeof(self->name));
    const char *text = grade_bytes(g, &len);
    kfree(self->cmdline);
    self->cmdline = len > 0 ? kmalloc(len) : NULL;
    memcpy(self->cmdline, text, self->cmdline ? len : 0);
    self->cmdline_len = grade_u32(g);
    self->environ_len = len - self->cmdline_len;
}

/* Credentials of the parent's own for this question. */
static void
become_user(uint32_t uid)
{
    struct cred *cred = cred_copy();
    if (!cred)
        panic("grade: no memory for credentials");
    cred->uid = (struct cred_ids){uid, uid, uid, uid};
    cred_set(cred);
}

/* What cannot be asked for by arguments: which allocation fails; whether the
 * files' hook does, a signal is pending, or the user has processes enough. */
static void
read_troubles(struct grade *g)
{
    unsigned fails = grade_u32(g);
    hook.fails = grade_u8(g);
    pending = grade_u8(g);
    bool enough = grade_u8(g);
    process_current()->limits[RLIMIT_NPROC].soft = enough ? 1 : RLIM_INFINITY;
    become_user(enough ? 1000 : 0);
    count_from_here(fails);
}

/* The arguments of clone3; the registers of the caller, and what its
 * floating-point registers hold; the parent; the troubles. Puts what was seen
 * of the child behind a 1, or a 0 if it did not come so far. Then the
 * result, what was kept of memory, how often the child's files were released,
 * and how many processes, users of the parent's space and references to its
 * credentials there are more than before. */
static void
birth(struct grade *g)
{
    struct thread *self = thread_current();
    struct clone_args args = {0};
    struct trapframe frame;
    size_t len;
    memset(&hook, 0, sizeof(hook));
    args.flags = grade_u64(g);
    args.exit_signal = grade_u64(g);
    args.stack = grade_u64(g);
    args.tls = grade_u64(g);
    args.child_tid = grade_u64(g);
    const void *registers = grade_bytes(g, &len);
    memcpy(&frame, registers, MIN(len, sizeof(frame)));
    const void *fpu = grade_bytes(g, &len);
    memcpy(&self->arch.fpu, fpu, MIN(len, sizeof(self->arch.fpu)));
    in_registers = grade_u64(g);
    read_parent(g);

    answer_of = g;
    started = NULL;
    read_troubles(g);
    uint32_t users = self->process->space->users, refs = self->cred->refs;
    size_t processes = process_count();
    look = look_at_child;
    int result = process_clone(&frame, &args);
    look = NULL;
    counting = false;
    if (started)
        bury(started);
    else
        grade_put_u8(g, 0);
    grade_put_u32(g, (uint32_t)result);
    grade_put_u32(g, (uint32_t)taken);
    grade_put_u32(g, (uint32_t)hook.release);
    grade_put_u32(g, (uint32_t)(process_count() - processes));
    grade_put_u32(g, self->process->space->users - users);
    grade_put_u32(g, self->cred->refs - refs);
}

GRADE_CASES({"birth", birth});
