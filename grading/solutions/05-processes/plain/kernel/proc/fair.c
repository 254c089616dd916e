/* A sorted list, linked through the nodes' right sides: a tree that happens to
 * have no left ones. */
#include "proc/fair.h"

static struct fair_share *
share_of(struct tree_node *node)
{
    return container_of(node, struct fair_share, node);
}

/* Nice 0 weighs FAIR_WEIGHT; from there, step by step, a quarter less or more.
 * There is no floating point in the kernel: where do the digits behind the
 * point go, and how do you keep enough of them until the end? */
uint32_t
fair_weight(int nice)
{
    uint64_t weight = (uint64_t)FAIR_WEIGHT << 32;
    for (; nice < 0; nice++)
        weight = weight * 5 / 4;
    for (; nice > 0; nice--)
        weight = weight * 4 / 5;
    return (uint32_t)((weight + (1ul << 31)) >> 32);
}

/* The queue's floor says how far the others are. What is further behind it than
 * FAIR_CREDIT_NS is lost, less is kept, and nobody's clock goes back. */
void
fair_forgive(const struct fair_queue *queue, struct fair_share *share)
{
    share->time = MAX(share->time, queue->floor - FAIR_CREDIT_NS);
}

/* The tree is ordered by its nodes' keys, and a key belongs to one node only
 * (kernel/lib/tree.h). Two shares may well show the same time: then this one
 * comes behind those that are there, by as little as there is. */
void
fair_put(struct fair_queue *queue, struct fair_share *share)
{
    struct tree_node **at = &queue->root;
    while (*at != NULL && share_of(*at)->time <= share->time)
        at = &(*at)->right;
    share->node = (struct tree_node){.right = *at, .key = share->time};
    *at = &share->node;
    share->queued = true;
    queue->count++;
}

/* The share is in the queue, wherever. */
void
fair_remove(struct fair_queue *queue, struct fair_share *share)
{
    struct tree_node **at = &queue->root;
    while (*at != &share->node)
        at = &(*at)->right;
    *at = share->node.right;
    share->queued = false;
    queue->count--;
}

/* The smallest key: follow the tree. NULL if it is empty. */
struct fair_share *
fair_first(const struct fair_queue *queue)
{
    return queue->root != NULL ? share_of(queue->root) : NULL;
}

/* The largest key, or the largest below that of `before`; tree_floor finds the
 * largest that is at most some number. Is there always a smaller number? */
struct fair_share *
fair_last(const struct fair_queue *queue, const struct fair_share *before)
{
    const struct tree_node *end = before != NULL ? &before->node : NULL;
    struct tree_node *last = NULL;
    for (struct tree_node *node = queue->root; node != end; node = node->right)
        last = node;
    return last != NULL ? share_of(last) : NULL;
}

/* Whoever was furthest behind says where the others are by now: the floor,
 * which only grows. */
struct fair_share *
fair_take_first(struct fair_queue *queue)
{
    struct fair_share *first = fair_first(queue);
    if (first == NULL)
        return NULL;
    queue->floor = MAX(queue->floor, first->time);
    fair_remove(queue, first);
    return first;
}
