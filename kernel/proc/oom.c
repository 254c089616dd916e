#include "proc/oom.h"
#include "arch/clock.h"
#include "arch/layout.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/space.h"
#include "proc/signal.h"

#define NAP_NS    1000000u
#define TRIES_MAX 2000u

/* What a process costs beside its own pages: a kernel stack, tables. */
#define PROCESS_COST (8 * PAGE_SIZE)
#define SUMS         64u /* users whose numbers share one count as one */

#define FEW       (frame_count_total() / 64)
#define SUM_OF(p) ((p)->cred->uid.real % SUMS)

/* Which sum is the largest: many small processes are as bad as a large one. */
static unsigned
find_user_locked(void) REQUIRES(process_lock)
{
    static uint64_t held[SUMS]; /* guarded by process_lock */
    unsigned most = 0;
    struct process *p;
    memset(held, 0, sizeof(held));
    list_for_each_entry (p, &process_list, all_node)
        if (p->pid != 1 && p->space)
            if ((held[SUM_OF(p)] += p->space->resident + PROCESS_COST) >
                held[most])
                most = SUM_OF(p);
    return most;
}

static struct process *
find_largest_locked(void) REQUIRES(process_lock)
{
    struct process *p, *largest = NULL;
    unsigned user = find_user_locked();
    list_for_each_entry (p, &process_list, all_node) {
        if (p->pid == 1 || !p->space)
            continue;
        if (signal_is_ending(p))
            return p; /* its memory is on the way */
        if (SUM_OF(p) == user &&
            (!largest || p->space->resident > largest->space->resident))
            largest = p;
    }
    return largest;
}

/* Where even the largest is small, there are too many: then all of the user's
 * go, unless that is root. */
static void
end_locked(struct process *largest) REQUIRES(process_lock)
{
    struct process *p;
    bool all = largest->space->resident / PAGE_SIZE < FEW &&
               !cred_is_root(largest->cred);
    pr_err("out of memory: %s[%d], with %lu KiB, is ended%s", largest->name,
           largest->pid, largest->space->resident >> 10,
           all ? ", and all of its user's" : "");
    list_for_each_entry (p, &process_list, all_node)
        if (p == largest ||
            (all && p->cred->uid.real == largest->cred->uid.real))
            signal_send_locked(p, SIGKILL);
}

bool
oom_find_memory(unsigned tries)
{
    spin_lock(&process_lock);
    struct process *p = find_largest_locked();
    if (p && !signal_is_ending(p))
        end_locked(p);
    spin_unlock(&process_lock);
    if (!p || tries == TRIES_MAX)
        return false;
    return waitq_sleep_alone(clock_now_ns() + NAP_NS) == 0;
}

bool
oom_gives_to_others(unsigned *tries)
{
    spin_lock(&process_lock);
    bool own_fault = find_user_locked() == SUM_OF(process_current());
    spin_unlock(&process_lock);
    return !own_fault && frame_count_free() < FEW &&
           space_find_memory((*tries)++);
}
