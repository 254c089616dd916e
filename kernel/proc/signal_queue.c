#include "proc/signal_queue.h"
#include "lib/bits.h"
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

int
signal_queue_add(struct process *process, struct signal_queue *queue,
                 const struct siginfo *info)
{
    struct process_signals *owner = &process->signals;
    uint64_t bit = SIGNAL_BIT(info->signo);
    struct queued *queued = NULL;
    if (info->signo < SIGRTMIN && queue->set & bit)
        return 0;
    if (owner->queued < SIGNAL_QUEUED_MAX)
        queued = kmalloc(sizeof(*queued));
    if (queued) {
        queued->info = *info;
        list_push_back(&queue->infos, &queued->node);
        owner->queued++;
    } else if (info->signo >= SIGRTMIN && info->code != SI_USER) {
        return -EAGAIN;
    }
    queue->set |= bit;
    return 0;
}

static void
drop(struct process *process, struct queued *queued) REQUIRES(process_lock)
{
    list_del(&queued->node);
    kfree(queued);
    process->signals.queued--;
}

bool
signal_queue_take(struct process *process, struct signal_queue *queue,
                  uint64_t set, struct siginfo *info)
{
    struct queued *found = NULL;
    unsigned n = 0;
    set &= queue->set;
    if (set == 0)
        return false;
    if (set & SYNCHRONOUS)
        set &= SYNCHRONOUS;
    int sig = 1 + (int)bit_count_trailing_zeros64(set);
    list_for_each_safe (node, &queue->infos) {
        struct queued *queued = list_entry(node, struct queued, node);
        if (queued->info.signo == sig && n++ == 0)
            found = queued;
    }
    *info = (struct siginfo){.signo = sig};
    if (found) {
        *info = found->info;
        drop(process, found);
    }
    if (n < 2)
        queue->set &= ~SIGNAL_BIT(sig);
    return true;
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

void
signal_queue_discard(struct process *process, struct signal_queue *queue,
                     uint64_t set)
{
    if (!(queue->set & set))
        return;
    queue->set &= ~set;
    list_for_each_safe (node, &queue->infos) {
        struct queued *queued = list_entry(node, struct queued, node);
        if (SIGNAL_BIT(queued->info.signo) & set)
            drop(process, queued);
    }
}
