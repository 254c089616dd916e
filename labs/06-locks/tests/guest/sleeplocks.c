/* Sleep locks on one hart: threads take and release them on command. */
#include "grade.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "proc/sched.h"
#include "proc/sleeplock.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

#define ACTORS 6
#define LOCKS  12
#define TURNS  16

static struct sleeplock locks[LOCKS];

/* A thread, and the command that it carries out. */
static struct actor {
    struct thread *thread;
    char command; /* 0: none, it waits for one */
    unsigned lock;
    bool answer, panicked, can_panic;
    void *out[5];
} actors[ACTORS];

// WRAP: panic
NORETURN void __wrap_panic(const char *format, ...);
NORETURN void __real_panic(const char *format, ...);

void
__wrap_panic(const char *format, ...)
{
    for (unsigned i = 0; i < ACTORS; i++)
        if (actors[i].thread == thread_current() && actors[i].can_panic) {
            actors[i].can_panic = false;
            __builtin_longjmp(actors[i].out, 1);
        }
    __real_panic("%s", format);
}

static NOINLINE void
carry_out(struct actor *a)
{
    struct sleeplock *sl = &locks[a->lock];
    if (a->command == 'l')
        sleeplock_lock(sl);
    else if (a->command == 'u')
        sleeplock_unlock(sl);
    else
        a->answer = sleeplock_held(sl);
}

static void
act(void *arg)
{
    struct actor *a = arg;
    while (a->command != 'q') {
        if (a->command) {
            if (__builtin_setjmp(a->out) == 0) {
                a->can_panic = true;
                carry_out(a);
                a->can_panic = false;
            } else {
                a->panicked = true;
                this_cpu()->last_lock = NULL;
                cpu_irq_enable();
            }
            a->command = 0;
        }
        sched_prepare_sleep(false);
        if (a->command)
            sched_cancel_sleep();
        else
            sched_switch();
    }
    thread_current()->nheld = 0;
}

static void
settle(void)
{
    for (unsigned i = 0; i < TURNS; i++)
        sched_yield();
}

static struct actor *
order(unsigned i, char command, unsigned l)
{
    struct actor *a = &actors[i % ACTORS];
    if (!a->thread) {
        a->thread = thread_create("actor", act, a);
        if (!a->thread)
            panic("grade: no memory for a thread");
        a->command = command;
        a->lock = l % LOCKS;
        sched_start(a->thread);
    } else if (a->command == 0) {
        a->command = command;
        a->lock = l % LOCKS;
        sched_wake(a->thread);
    }
    settle();
    return a;
}

static uint8_t
owner_of(const struct sleeplock *sl)
{
    for (uint8_t i = 0; i < ACTORS; i++)
        if (sl->owner && sl->owner == actors[i].thread)
            return i;
    return sl->owner ? 254 : 255;
}

/* The locks' ranks; then operations, each a letter, an actor, a lock: l and u
 * take and release it, h asks whether it is held, x wakes the actor for no
 * reason. After each: which actors are done with what they were told, which
 * have panicked, who owns the lock, what was answered, how many the actor
 * holds, and whether spin locks are left taken. */
static void
script(struct grade *g)
{
    memset(actors, 0, sizeof(actors));
    for (unsigned i = 0; i < LOCKS; i++)
        sleeplock_init(&locks[i], (enum lock_rank)grade_u32(g));
    for (const char *op = grade_string(g); *op; op++) {
        unsigned i = grade_u8(g), l = grade_u8(g) % LOCKS;
        uint8_t done = 0, panicked = 0;
        struct actor *a = &actors[i % ACTORS];
        if (*op != 'x') {
            order(i, *op, l);
        } else {
            sched_wake(a->thread);
            settle();
        }
        for (unsigned n = 0; n < ACTORS; n++) {
            done |= (uint8_t)((actors[n].command == 0) << n);
            panicked |= (uint8_t)(actors[n].panicked << n);
        }
        grade_put_u8(g, done);
        grade_put_u8(g, panicked);
        grade_put_u8(g, owner_of(&locks[l]));
        grade_put_u8(g, a->answer);
        grade_put_u8(g, (uint8_t)(a->thread ? a->thread->nheld : 0));
        grade_put_u8(g, locks[l].lock.locked != 0);
    }
    for (unsigned n = 0; n < ACTORS; n++)
        if (actors[n].thread && actors[n].command == 0)
            order(n, 'q', 0);
}

GRADE_CASES({"script", script});
