#include "proc/sched.h"
#include "abi/sched.h"

#define WEIGHT_IDLE 3 /* of SCHED_IDLE, below any nice value's */

uint64_t
sched_online(void)
{
    uint64_t harts = 0;
    for (unsigned i = 0; i < cpu_count(); i++)
        harts |= (uint64_t)READ_ONCE(cpu_get(i)->online) << i;
    return harts;
}

void
sched_set_nice(struct thread *thread, int nice, unsigned policy)
{
    WRITE_ONCE(thread->nice, (int8_t)nice);
    WRITE_ONCE(thread->policy, (uint8_t)policy);
    WRITE_ONCE(thread->share.weight,
               policy == SCHED_IDLE ? WEIGHT_IDLE : fair_weight(nice));
}

void
sched_inherit(struct thread *child)
{
    const struct thread *self = thread_current();
    child->allowed = self->allowed;
    sched_set_nice(child, self->nice, self->policy);
}
