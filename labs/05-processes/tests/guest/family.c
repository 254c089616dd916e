/* A family of processes on one hart: each is a thread that waits for what it is
 * told, and does it in the kernel; none has a program. Process 1, which is
 * actor 0, is the grader's thread. */
#include "grade.h"
#include "memory.h"
#include "abi/wait.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/space.h"
#include "proc/sched.h"
#include "proc/signal.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

// WRAP: kmalloc kzalloc kfree slab_alloc slab_free
// WRAP: kmap_stack_alloc kmap_stack_free signal_tell_parent_locked

#define ACTORS   12u
#define NOBODY   255u
#define TURNS    24u   /* enough for all others to get as far as they can */
#define NO_PID   30000 /* nobody's number */
#define MAX_WAIT 64    /* children of init, at the end of a question */

enum command {
    COMMAND_NONE,
    COMMAND_EXIT,
    COMMAND_LEAVE,
    COMMAND_WAIT,
};

static struct actor {
    struct process *process; /* its own, or another actor's */
    struct thread *thread;
    struct space *space;
    int pid;
    enum command command;
    int status; /* to exit with */
    struct wait_request what;
    struct wait_news news;
    int result;
    bool process_gone, thread_gone, space_gone;
    unsigned released; /* how often its files were */
    bool too_late;     /* when they were, it had no memory, or was no more */
    bool locked;       /* or a lock was held */
    unsigned told;     /* how often its parent was told, and what at last */
    int told_code, told_status;
} actors[ACTORS];

/* What is seen of an actor; tests/_family.py knows the layout. */
struct seen {
    uint8_t state, parent, busy, freed;
    int32_t result, news_status, exit_status;
    uint32_t news_uid;
    uint64_t news_faults, children_faults, pending;
    uint8_t released, trouble, nthreads, in_table;
    int32_t told_code, told_status; /* to its parent */
    uint16_t told;                  /* how often */
    uint16_t to_leave;              /* its thread is */
};

static uint8_t
number_of(const struct process *process)
{
    for (uint8_t i = 0; i < ACTORS; i++)
        if (actors[i].process == process && !actors[i].process_gone &&
            actors[i].pid)
            return i;
    return NOBODY;
}

/* ---- What processes are to the layer above ---- */

static int
clone_files(struct process *child UNUSED, const struct process *parent UNUSED,
            uint64_t flags UNUSED)
{
    return 0;
}

static void
release_files(struct process *process)
{
    for (unsigned i = 0; i < ACTORS; i++) {
        struct actor *a = &actors[i];
        if (a->process != process || a->process_gone || !a->pid)
            continue;
        a->released++;
        a->too_late |=
            a->space_gone || !process->space || process->state != PROCESS_ALIVE;
        a->locked |= this_cpu()->last_lock != NULL;
    }
}

static void
do_nothing(struct process *process UNUSED)
{
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

/* An address is an actor's until it is freed. */
static void
note_freed(const void *object)
{
    for (unsigned i = 1; i < ACTORS; i++) {
        struct actor *a = &actors[i];
        a->process_gone |= object == a->process;
        a->thread_gone |= object == a->thread;
        a->space_gone |= object == a->space;
    }
}

static void
setup(void)
{
    process_hooks = (struct process_hooks){.clone = clone_files,
                                           .share = do_nothing,
                                           .release = release_files,
                                           .end_call = end_call,
                                           .init_ended = init_ended};
    process_become_init();
    forgotten = note_freed;
}
GRADE_SETUP(setup);

void __wrap_signal_tell_parent_locked(struct process *process, int code,
                                      int status) REQUIRES(process_lock);
void __real_signal_tell_parent_locked(struct process *process, int code,
                                      int status) REQUIRES(process_lock);

void
__wrap_signal_tell_parent_locked(struct process *process, int code, int status)
{
    unsigned i = number_of(process);
    if (i < ACTORS) {
        actors[i].told++;
        actors[i].told_code = code;
        actors[i].told_status = status;
    }
    __real_signal_tell_parent_locked(process, code, status);
}

/* ---- Actors ---- */

static void
carry_out(struct actor *a)
{
    if (a->command == COMMAND_EXIT)
        process_exit(a->status);
    else if (a->command == COMMAND_LEAVE)
        thread_leave();
    memset(&a->news, 0, sizeof(a->news));
    a->result = process_wait(&a->what, &a->news);
    a->command = COMMAND_NONE;
}

static void
act(void)
{
    struct actor *a = thread_current()->entry_arg;
    sched_begin();
    for (;;) {
        if (a->command)
            carry_out(a);
        sched_prepare_sleep(false);
        if (a->command)
            sched_cancel_sleep();
        else
            sched_switch();
    }
}

static void
settle(void)
{
    for (unsigned i = 0; i < TURNS; i++)
        sched_yield();
}

/* A thread of process that does what the actor is told. */
static void
start(struct actor *a, struct process *process)
{
    static const struct trapframe none;
    struct thread *t = thread_create_user(process, &none);
    if (!t)
        panic("grade: no memory for a thread");
    t->arch.context.ra = (uint64_t)act;
    t->entry_arg = a;
    t->arch.space = process->space;
    t->cred = cred_get(cred_current());
    a->thread = t;
    a->process = process;
    spin_lock(&process_lock);
    int error = process_add_thread_locked(process, t);
    spin_unlock(&process_lock);
    if (error != 0)
        panic("grade: no number for a thread");
    sched_start(t);
}

static void
bear(struct actor *a, struct process *parent)
{
    struct process *p = process_alloc();
    struct cred *cred = cred_copy();
    if (!p || !cred || space_create(&p->space) != 0)
        panic("grade: no memory for a process");
    cred->uid.real = 1000 + (uint32_t)(a - actors);
    p->cred = cred;
    p->exit_signal = SIGCHLD;
    *a = (struct actor){.space = p->space};
    spin_lock(&process_lock);
    if (process_link_locked(p, parent) != 0)
        panic("grade: no number for a process");
    a->pid = p->pid;
    spin_unlock(&process_lock);
    start(a, p);
}

static void
tell(struct actor *a, enum command command)
{
    if (a == actors) { /* the grader's own thread cannot sleep */
        a->what.options |= WNOHANG;
        memset(&a->news, 0, sizeof(a->news));
        a->result = process_wait(&a->what, &a->news);
        return;
    }
    if (a->thread_gone || a->command)
        return;
    a->command = command;
    sched_wake(a->thread);
}

/* ---- What is seen ---- */

#define LISTED 1000u /* more is a list that does not end */

/* Is what has been freed still in the list of all? Who is alive may have got
 * the same memory. */
static bool
is_listed(const struct actor *a) REQUIRES(process_lock)
{
    for (unsigned i = 0; i < ACTORS; i++)
        if (actors[i].process == a->process && !actors[i].process_gone)
            return false;
    unsigned n = 0;
    for (const struct list_node *node = process_list.next;
         node != &process_list && n < LISTED; node = node->next, n++)
        if (node == &a->process->all_node)
            return true;
    return n == LISTED;
}

/* Also of one that is gone. */
static bool
is_in_table(const struct actor *a) REQUIRES(process_lock)
{
    return a->pid && (process_find_locked(a->pid) != NULL ||
                      (a->process_gone && is_listed(a)));
}

static void
look(struct actor *a, struct seen *s)
{
    spin_guard(&process_lock);
    *s = (struct seen){.parent = NOBODY};
    s->busy = a->command != COMMAND_NONE;
    s->result = a->result;
    s->news_status = a->news.status;
    s->news_uid = a->news.uid;
    s->news_faults = a->news.used.minor_faults;
    s->freed =
        (uint8_t)(a->process_gone | a->thread_gone << 1 | a->space_gone << 2);
    s->released = (uint8_t)a->released;
    s->trouble = (uint8_t)(a->too_late | a->locked << 1);
    if (a->thread && !a->thread_gone)
        s->to_leave = a->thread->stay != THREAD_STAYS;
    s->told = (uint16_t)a->told;
    s->told_code = a->told_code;
    s->told_status = a->told_status;
    s->state = a->pid == 0 ? 0 : a->process_gone ? 3 : 1;
    s->in_table = is_in_table(a);
    if (s->state != 1)
        return;
    struct process *p = a->process;
    s->state = p->state == PROCESS_ZOMBIE ? 2 : 1;
    s->parent = number_of(p->parent);
    s->exit_status = p->exit_status;
    s->children_faults = p->used_by_children.minor_faults;
    s->nthreads = (uint8_t)p->nthreads;
    s->pending = p->signals.pending.set;
}

/* ---- Operations ---- */

struct op {
    char letter;
    struct actor *a;
    uint32_t x, y, z;
};

static int
pid_of(uint32_t actor)
{
    return actor < ACTORS ? actors[actor].pid : NO_PID;
}

static void
set_wait(const struct op *op)
{
    op->a->what.which = op->x;
    op->a->what.id = op->x == P_ALL ? 0 : pid_of(op->y);
    op->a->what.options = op->z;
    tell(op->a, COMMAND_WAIT);
}

static void
set_action(struct process *p, uint64_t handler, uint64_t flags)
{
    if (!p->signals.actions)
        p->signals.actions = kzalloc(NSIG * sizeof(*p->signals.actions));
    if (!p->signals.actions)
        panic("grade: no memory for actions");
    p->signals.actions[SIGCHLD - 1] =
        (struct sigaction_abi){.handler = handler, .flags = flags};
}

/* Changes a field of the process, as other parts of the kernel do. */
static void
change(const struct op *op)
{
    struct process *p = op->a->process;
    spin_guard(&process_lock);
    switch (op->letter) {
    case 'g':
        p->pgid = pid_of(op->x);
        break;
    case 'S':
        p->is_subreaper = op->x;
        break;
    case 'd':
        p->death_signal = (int)op->x;
        break;
    case 'x':
        p->exit_signal = (int)op->x;
        break;
    case 's':
        p->stop_signal = (int)op->x;
        p->stop_reported = false;
        p->nstopped = op->y ? p->nthreads : 0;
        break;
    case 'c':
        p->stop_signal = 0;
        p->nstopped = 0;
        p->has_continued = true;
        break;
    case 'u':
        p->used.minor_faults = op->x;
        p->used_by_children.minor_faults = op->y;
        break;
    case 'k':
        signal_send_locked(p, (int)op->x);
        break;
    }
    if (p->parent)
        waitq_wake_all(&p->parent->child_changed);
}

static void
carry_out_op(const struct op *op)
{
    switch (op->letter) {
    case 'b':
        bear(op->a, actors[op->x % ACTORS].process);
        break;
    case 't':
        *op->a = (struct actor){.result = 0};
        start(op->a, actors[op->x % ACTORS].process);
        break;
    case 'e':
        op->a->status = (int)op->x;
        tell(op->a, COMMAND_EXIT);
        break;
    case 'l':
        tell(op->a, COMMAND_LEAVE);
        break;
    case 'w':
        set_wait(op);
        break;
    case 'a':
        set_action(op->a->process, op->x, op->y);
        break;
    case 'z':
        waitq_wake_all(&op->a->process->child_changed);
        break;
    default:
        if (!op->a->process_gone)
            change(op);
    }
}

static void
begin(void)
{
    struct process *init = process_current();
    struct actor *a = &actors[0];
    memset(actors, 0, sizeof(actors));
    a->process = init;
    a->thread = thread_current();
    a->space = init->space;
    a->pid = init->pid;
    kfree(init->signals.actions);
    init->signals.actions = NULL;
    memset(&init->used_by_children, 0, sizeof(init->used_by_children));
}

/* Who is there still ends, and init takes leave of all of them. */
static void
end(void)
{
    struct wait_request all = {.options = WEXITED | WNOHANG | __WALL};
    struct wait_news news;
    for (unsigned i = 1; i < ACTORS; i++) {
        struct actor *a = &actors[i];
        if (!a->thread || a->thread_gone)
            continue;
        if (a->command) {
            spin_lock(&process_lock);
            signal_send_locked(a->process, SIGUSR1);
            spin_unlock(&process_lock);
            settle();
        }
        tell(a, COMMAND_EXIT);
        settle();
    }
    for (unsigned i = 0; i < MAX_WAIT && process_wait(&all, &news) > 0; i++)
        ;
}

/* Operations, a letter each, with an actor and three numbers. Behind each, what
 * is seen of each actor. */
static void
script(struct grade *g)
{
    static struct seen seen[ACTORS];
    begin();
    for (const char *letter = grade_string(g); *letter; letter++) {
        struct op op = {.letter = *letter};
        op.a = &actors[grade_u8(g) % ACTORS];
        op.x = grade_u32(g);
        op.y = grade_u32(g);
        op.z = grade_u32(g);
        carry_out_op(&op);
        settle();
        for (unsigned i = 0; i < ACTORS; i++)
            look(&actors[i], &seen[i]);
        grade_put_bytes(g, seen, sizeof(seen));
    }
    for (unsigned i = 0; i < ACTORS; i++)
        grade_put_u32(g, (uint32_t)actors[i].pid);
    end();
}

GRADE_CASES({"script", script});
