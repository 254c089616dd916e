/* The scheduler's tracepoints. A thread that reads what is traced passes for an
 * idle hart: else each look would be an event that makes it look again.
 *
 * Owns nothing; under the lock of the thread's run queue. */
#pragma once

#include "proc/thread.h"
#include "trace/control.h"

static ALWAYS_INLINE void
trace_switch(struct thread *prev, struct thread *next)
{
    next->arch.traced = trace_switches;
    if (!trace_on(sched))
        return;
    int from = prev->arch.untraced ? 0 : prev->tid;
    int to = next->arch.untraced ? 0 : next->tid;
    if (from != to)
        trace_sched_switch(from, prev->state, to);
}

static ALWAYS_INLINE void
trace_wake(const struct thread *thread)
{
    if (trace_on(sched) && !thread->arch.untraced)
        trace_sched_wake(thread->tid, thread->arch.cpu->index);
}

/* It is one of depth threads in its queue now. */
static ALWAYS_INLINE void
trace_queue(const struct thread *thread, unsigned depth)
{
    if (trace_on(sched) && !thread->arch.untraced)
        trace_sched_queue(thread->tid, thread->arch.cpu->index, depth);
}
