#include "proc/usage.h"
#include "mm/space.h"
#include "proc/sched.h"

/* Time up to a sample counts as the sample before it says, and what is not
 * yet sampled as the last one does: so neither part ever shrinks. */
void
usage_sample(struct thread *thread, bool in_user)
{
    uint64_t now = sched_run_ns(thread);
    if (!thread->ran_in_kernel)
        thread->used.user_ns += now - thread->sampled_ns;
    thread->sampled_ns = now;
    thread->ran_in_kernel = !in_user;
}

void
usage_add(struct usage *sum, const struct usage *more)
{
    sum->run_ns += more->run_ns;
    sum->user_ns += more->user_ns;
    sum->minor_faults += more->minor_faults;
    sum->major_faults += more->major_faults;
    sum->voluntary += more->voluntary;
    sum->involuntary += more->involuntary;
    sum->peak = MAX(sum->peak, more->peak);
}

struct usage
usage_of_thread(const struct thread *thread)
{
    struct usage usage = thread->used;
    usage.run_ns = sched_run_ns(thread);
    if (!thread->ran_in_kernel)
        usage.user_ns += usage.run_ns - thread->sampled_ns;
    usage.user_ns = MIN(usage.user_ns, usage.run_ns);
    return usage;
}

static void
add_peak(struct usage *sum, const struct space *space)
{
    sum->peak = MAX(sum->peak, space->peak);
    sum->peak = MAX(sum->peak, space->resident);
}

void
usage_keep_peak(struct process *process)
{
    add_peak(&process->used, process->space);
}

struct usage
usage_of_process(const struct process *process)
{
    struct usage sum = process->used;
    list_for_each (const struct thread, t, &process->threads, process_node) {
        struct usage used = usage_of_thread(t);
        usage_add(&sum, &used);
    }
    if (process->space)
        add_peak(&sum, process->space);
    return sum;
}
