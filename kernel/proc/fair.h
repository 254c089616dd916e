/* Fair queues: whose turn it is among those who share a hart.
 *
 * Owns nothing: a queue and what waits in it are guarded by the run queue's
 * lock (proc/sched.c), in any context. Each share has a clock of its own, its
 * virtual time, which runs while it has the hart: the faster, the less weight
 * it has. Who is furthest behind is next, so in the long run all clocks show
 * the same, and time on the hart goes by weight. */
#pragma once

#include "lib/tree.h"

#define FAIR_WEIGHT 1024 /* of nice 0 */

/* How far behind the others somebody may be who comes back from a sleep. */
#define FAIR_CREDIT_NS 5000000ul

struct fair_share {
    struct tree_node node;
    uint64_t time; /* virtual, in ns; counts from its queue's floor */
    uint32_t weight;
    bool queued;
};

struct fair_queue {
    struct tree_node *root;
    uint64_t floor; /* the time of whoever was furthest behind; only grows, from
                     * FAIR_CREDIT_NS on */
    unsigned count;
};

/* The weight of a nice value, -20 to 19: each is 5/4 of the next, so that a
 * step moves a tenth of the hart between two threads. */
uint32_t fair_weight(int nice);

/* Returns how far ns on the hart move the share's clock. */
static inline uint64_t
fair_scale(const struct fair_share *share, uint64_t ns)
{
    return likely(share->weight == FAIR_WEIGHT)
               ? ns
               : ns * FAIR_WEIGHT / share->weight;
}

/* Sets the clock of one that comes from a sleep: it keeps its place, but what
 * it slept beyond FAIR_CREDIT_NS is lost. */
void fair_forgive(const struct fair_queue *queue, struct fair_share *share);

/* Adds a share, behind those that show the same time; takes one out; takes out
 * the one whose turn it is, or returns NULL. */
void fair_put(struct fair_queue *queue, struct fair_share *share);
void fair_remove(struct fair_queue *queue, struct fair_share *share);
struct fair_share *fair_take_first(struct fair_queue *queue);

/* Whose turn it is; and who comes last, or last before `before` if that is not
 * NULL. NULL: nobody. */
struct fair_share *fair_first(const struct fair_queue *queue);
struct fair_share *fair_last(const struct fair_queue *queue,
                             const struct fair_share *before);
