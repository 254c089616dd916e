#include "proc/oom.h"
#include "arch/clock.h"
#include "arch/layout.h"
#include "lib/print.h"
#include "mm/frame.h"
#include "mm/payer.h"
#include "mm/space.h"
#include "proc/signal.h"

#define NAP_NS    1000000u
#define TRIES_MAX 2000u

#define FEW        (frame_count_total() / 64)
#define ROOT_BONUS 4 /* what the others need, too, is mostly root's */

/* What the kernel keeps for a user is as bad as the pages of his processes, and
 * many small ones are as bad as a large one, whose pages count twice. */
static uint64_t
weight_of(const struct process *p)
{
    unsigned payer = cred_payer(p->cred);
    uint64_t frames = READ_ONCE(payer_frames[payer]);
    frames += p->space->resident / PAGE_SIZE;
    return payer == CRED_PAYER_ROOT ? frames / ROOT_BONUS : frames;
}

static unsigned
find_payer_locked(void) REQUIRES(process_lock)
{
    const struct process *p, *heaviest = NULL;
    list_for_each_entry (p, &process_list, all_node)
        if (p->pid != 1 && p->space &&
            (!heaviest || weight_of(p) > weight_of(heaviest)))
            heaviest = p;
    return heaviest ? cred_payer(heaviest->cred) : 0;
}

static struct process *
find_largest_locked(void) REQUIRES(process_lock)
{
    struct process *p, *largest = NULL;
    unsigned payer = find_payer_locked();
    list_for_each_entry (p, &process_list, all_node) {
        if (p->pid == 1 || !p->space)
            continue;
        if (signal_is_ending(p))
            return p; /* its memory is on the way */
        if (cred_payer(p->cred) == payer &&
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
    bool own_fault = find_payer_locked() == cpu_thread()->payer;
    spin_unlock(&process_lock);
    return !own_fault && frame_count_free() < FEW &&
           space_find_memory((*tries)++);
}
