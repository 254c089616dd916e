#include "proc/fair.h"
#include "lib/todo.h"

/* Nice 0 weighs FAIR_WEIGHT, and each nice value 5/4 of what the next one does.
 * There is no floating point in the kernel: where do the digits behind the
 * point go, and how do you keep enough of them until the end? */
uint32_t
fair_weight(int nice)
{
    LAB_TODO(5);
}

/* The queue's floor says how far the others are. What is further behind it than
 * FAIR_CREDIT_NS is lost, less is kept, and nobody's clock goes back. */
void
fair_forgive(const struct fair_queue *queue, struct fair_share *share)
{
    LAB_TODO(5);
}

/* The tree is ordered by its nodes' keys, and a key belongs to one node only
 * (kernel/lib/tree.h). Two shares may well show the same time: then this one
 * comes behind those that are there, by as little as there is. */
void
fair_put(struct fair_queue *queue, struct fair_share *share)
{
    LAB_TODO(5);
}

/* The share is in the queue, wherever. */
void
fair_remove(struct fair_queue *queue, struct fair_share *share)
{
    LAB_TODO(5);
}

/* The smallest key: follow the tree. NULL if it is empty. */
struct fair_share *
fair_first(const struct fair_queue *queue)
{
    LAB_TODO(5);
}

/* The largest key, or the largest below that of `before`; tree_floor finds the
 * largest that is at most some number. Is there always a smaller number? */
struct fair_share *
fair_last(const struct fair_queue *queue, const struct fair_share *before)
{
    LAB_TODO(5);
}

/* Whoever was furthest behind says where the others are by now: the floor,
 * which only grows. */
struct fair_share *
fair_take_first(struct fair_queue *queue)
{
    LAB_TODO(5);
}
