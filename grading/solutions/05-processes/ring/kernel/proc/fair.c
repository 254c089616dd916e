/* A queue is a ring, in the order of its shares' clocks: root is whose turn it
 * is, and left of that is who comes last. Few threads share a hart, and who is
 * put back mostly comes near the end. */
#include "proc/fair.h"

#define LOWEST_NICE (-20)

/* FAIR_WEIGHT at nice 0, and from there a quarter more or less, rounded. */
static const uint32_t weights[] = {
    88818, 71054, 56843, 45475, 36380, 29104, 23283, 18626, 14901, 11921,
    9537,  7629,  6104,  4883,  3906,  3125,  2500,  2000,  1600,  1280,
    1024,  819,   655,   524,   419,   336,   268,   215,   172,   137,
    110,   88,    70,    56,    45,    36,    29,    23,    18,    15,
};

uint32_t
fair_weight(int nice)
{
    return weights[nice - LOWEST_NICE];
}

void
fair_forgive(const struct fair_queue *queue, struct fair_share *share)
{
    uint64_t floor = READ_ONCE(queue->floor);
    uint64_t least = floor > FAIR_CREDIT_NS ? floor - FAIR_CREDIT_NS : 0;
    share->time = MAX(share->time, least);
}

static struct fair_share *
share_of(struct tree_node *node)
{
    return node == NULL ? NULL : container_of(node, struct fair_share, node);
}

/* Links node into the ring, behind `before`. */
static void
link_behind(struct tree_node *before, struct tree_node *node)
{
    node->left = before;
    node->right = before->right;
    before->right->left = node;
    before->right = node;
}

/* Looks for the place from the end. */
void
fair_put(struct fair_queue *queue, struct fair_share *share)
{
    struct tree_node *node = &share->node, *first = queue->root;
    node->key = share->time;
    share->queued = true;
    queue->count++;
    if (first == NULL) {
        node->left = node->right = node;
        queue->root = node;
        return;
    }
    struct tree_node *before = first->left;
    if (node->key < first->key)
        queue->root = node; /* which is behind the last, too */
    else
        while (before->key > node->key)
            before = before->left;
    link_behind(before, node);
}

void
fair_remove(struct fair_queue *queue, struct fair_share *share)
{
    struct tree_node *node = &share->node;
    node->left->right = node->right;
    node->right->left = node->left;
    if (queue->root == node)
        queue->root = node->right == node ? NULL : node->right;
    share->queued = false;
    queue->count--;
}

struct fair_share *
fair_first(const struct fair_queue *queue)
{
    return share_of(queue->root);
}

struct fair_share *
fair_last(const struct fair_queue *queue, const struct fair_share *before)
{
    struct tree_node *first = queue->root;
    if (first == NULL || (before != NULL && first == &before->node))
        return NULL;
    return share_of(before != NULL ? before->node.left : first->left);
}

struct fair_share *
fair_take_first(struct fair_queue *queue)
{
    struct fair_share *first = fair_first(queue);
    if (first == NULL)
        return NULL;
    fair_remove(queue, first);
    queue->floor = MAX(queue->floor, first->time);
    return first;
}
