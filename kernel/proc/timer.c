#include "proc/timer.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "sync/spinlock.h"
#include "trace/trace.h"

struct timer_list {
    struct spinlock lock;
    /* guarded by lock */
    struct list_node timers; /* by deadline */
};

static struct timer_list lists[CPU_MAX];

void
timer_init_lists(void)
{
    for (unsigned i = 0; i < CPU_MAX; i++) {
        spin_init(&lists[i].lock, "timer", RANK_TIMER);
        list_init(&lists[i].timers);
    }
}

void
timer_init(struct timer *timer, void (*fn)(struct timer *timer))
{
    *timer = (struct timer){.fn = fn};
    list_init(&timer->node);
}

static struct timer *
first_locked(struct timer_list *list)
{
    if (list_is_empty(&list->timers))
        return NULL;
    return list_entry(list->timers.next, struct timer, node);
}

/* Takes the timer off whichever list it is on. */
static void
unlink_timer(struct timer *timer)
{
    for (;;) {
        unsigned cpu = READ_ONCE(timer->cpu);
        struct timer_list *list = &lists[cpu];
        spin_lock(&list->lock);
        bool found = READ_ONCE(timer->cpu) == cpu;
        if (found)
            list_del(&timer->node);
        spin_unlock(&list->lock);
        if (found)
            return;
    }
}

void
timer_set(struct timer *timer, uint64_t deadline_ns)
{
    bool on = cpu_irq_save();
    struct timer_list *list = &lists[this_cpu()->index];
    unlink_timer(timer);
    spin_lock(&list->lock);
    timer->cpu = this_cpu()->index;
    timer->deadline_ns = deadline_ns;
    struct list_node *pos = list->timers.prev;
    while (pos != &list->timers &&
           list_entry(pos, struct timer, node)->deadline_ns > deadline_ns)
        pos = pos->prev;
    list_add_before(pos->next, &timer->node);
    if (first_locked(list) == timer)
        clock_set_deadline(deadline_ns);
    spin_unlock(&list->lock);
    cpu_irq_restore(on);
}

void
timer_cancel(struct timer *timer)
{
    do { /* again if fn has set it anew meanwhile */
        unlink_timer(timer);
        while (__atomic_load_n(&timer->running, __ATOMIC_ACQUIRE) > 0)
            cpu_relax();
    } while (!list_is_empty(&timer->node));
}

void
timer_run_due(void)
{
    trace_irq_timer();
    struct timer_list *list = &lists[this_cpu()->index];
    uint64_t next = UINT64_MAX;
    struct timer *timer;
    spin_lock(&list->lock);
    while ((timer = first_locked(list)) != NULL) {
        next = timer->deadline_ns;
        if (next > clock_now_ns())
            break;
        next = UINT64_MAX;
        list_del(&timer->node);
        __atomic_fetch_add(&timer->running, 1, __ATOMIC_RELAXED);
        spin_unlock(&list->lock);
        timer->fn(timer);
        /* fn may have let the owner go on, who waits for this. */
        __atomic_fetch_sub(&timer->running, 1, __ATOMIC_RELEASE);
        spin_lock(&list->lock);
    }
    clock_set_deadline(next);
    spin_unlock(&list->lock);
}
