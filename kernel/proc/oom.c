#include "proc/oom.h"
#include "arch/clock.h"
#include "lib/print.h"
#include "mm/space.h"
#include "proc/signal.h"

#define NAP_NS    1000000u
#define TRIES_MAX 2000u

static struct process *
find_largest_locked(void) REQUIRES(process_lock)
{
    struct process *p, *largest = NULL;
    list_for_each_entry (p, &process_list, all_node) {
        if (p->pid == 1 || !p->space)
            continue;
        if (signal_is_ending(p))
            return p; /* its memory is on the way */
        if (!largest || p->space->resident > largest->space->resident)
            largest = p;
    }
    return largest;
}

bool
oom_find_memory(unsigned tries)
{
    spin_lock(&process_lock);
    struct process *p = find_largest_locked();
    if (p && !signal_is_ending(p)) {
        pr_err("out of memory: %s[%d], with %lu KiB, is ended", p->name, p->pid,
               p->space->resident >> 10);
        signal_send_locked(p, SIGKILL);
    }
    spin_unlock(&process_lock);
    if (!p || tries == TRIES_MAX)
        return false;
    return waitq_sleep_alone(clock_now_ns() + NAP_NS) == 0;
}
