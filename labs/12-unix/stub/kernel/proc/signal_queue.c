#include "proc/signal_queue.h"
#include "lib/bits.h"
#include "lib/todo.h"
#include "mm/slab.h"

/* What a fault sends: acted on before anything else moves the program
 * counter away from it. */
#define SYNCHRONOUS                                                  \
    (SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | \
     SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSYS))

struct queued {
    struct list_node node;
    struct siginfo info;
};

void
signal_queue_init(struct signal_queue *queue)
{
    queue->set = 0;
    list_init(&queue->infos);
}

/* Below SIGRTMIN one is as good as two. The rest of the rules stand in the
 * header; the count of what is queued is the process's, for all its queues. */
int
signal_queue_add(struct process *process, struct signal_queue *queue,
                 const struct siginfo *info)
{
    LAB_TODO(12);
}

static void
drop(struct process *process, struct queued *queued) REQUIRES(process_lock)
{
    list_del(&queued->node);
    kfree(queued);
    process->signals.queued--;
}

/* Three rules for which one is first: the header has them. A number is pending
 * as long as there is one more of it. What was queued without an info has only
 * its number. */
bool
signal_queue_take(struct process *process, struct signal_queue *queue,
                  uint64_t set, struct siginfo *info)
{
    LAB_TODO(12);
}

struct siginfo *
signal_queue_find_timer(struct signal_queue *queue, int id)
{
    struct queued *queued;
    list_for_each_entry (queued, &queue->infos, node)
        if (queued->info.of_timer && queued->info.pid == id)
            return &queued->info;
    return NULL;
}

/* Both the set and what was sent with it. */
void
signal_queue_discard(struct process *process, struct signal_queue *queue,
                     uint64_t set)
{
    LAB_TODO(12);
}
