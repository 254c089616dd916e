#include "proc/fair.h"

uint32_t
fair_weight(int nice)
{
    uint64_t weight = FAIR_WEIGHT << 10;
    for (; nice > 0; nice--)
        weight = weight * 4 / 5;
    for (; nice < 0; nice++)
        weight = weight * 5 / 4;
    return (uint32_t)(weight >> 10);
}

void
fair_forgive(const struct fair_queue *queue, struct fair_share *share)
{
    share->time = MAX(share->time, READ_ONCE(queue->floor) - FAIR_CREDIT_NS);
}

void
fair_put(struct fair_queue *queue, struct fair_share *share)
{
    /* Keys are of one node only: behind those with the same time. */
    const struct tree_node *same;
    while ((same = tree_floor(queue->root, share->time)) &&
           same->key == share->time)
        share->time++;
    share->node.key = share->time;
    share->queued = true;
    tree_insert(&queue->root, &share->node);
    WRITE_ONCE(queue->count, queue->count + 1);
}

void
fair_remove(struct fair_queue *queue, struct fair_share *share)
{
    tree_remove(&queue->root, &share->node);
    share->queued = false;
    WRITE_ONCE(queue->count, queue->count - 1);
}

struct fair_share *
fair_first(const struct fair_queue *queue)
{
    struct tree_node *node = queue->root;
    while (node && node->left)
        node = node->left;
    return node ? container_of(node, struct fair_share, node) : NULL;
}

struct fair_share *
fair_last(const struct fair_queue *queue, const struct fair_share *before)
{
    struct tree_node *node = NULL;
    if (!before || before->time > 0) /* 0 - 1 is not less */
        node = tree_floor(queue->root, before ? before->time - 1 : UINT64_MAX);
    return node ? container_of(node, struct fair_share, node) : NULL;
}

struct fair_share *
fair_take_first(struct fair_queue *queue)
{
    struct fair_share *first = fair_first(queue);
    if (!first)
        return NULL;
    fair_remove(queue, first);
    queue->floor = MAX(queue->floor, first->time);
    return first;
}
