/* A treap of its own, whose nodes may well have the same key: each remembers
 * when it came, and both the order among equals and the shape of the tree
 * follow from that one number.
 *
 * The node's `priority` is the number of its arrival. Of two nodes with the
 * same key the later one is further right; and the arrival, scrambled, says how
 * high a node is. So no clock has to be moved to make room for another, and the
 * depth is logarithmic whatever the clocks show. */
#include "proc/fair.h"

/* ---- Weights ---- */

#define NICE_MIN (-20)
#define NICE_MAX 19

/* FAIR_WEIGHT * 1.25^-nice, rounded to the nearest. */
static const uint32_t weights[NICE_MAX - NICE_MIN + 1] = {
    88818, 71054, 56843, 45475, 36380, 29104, 23283, 18626, 14901, 11921,
    9537,  7629,  6104,  4883,  3906,  3125,  2500,  2000,  1600,  1280,
    1024,  819,   655,   524,   419,   336,   268,   215,   172,   137,
    110,   88,    70,    56,    45,    36,    29,    23,    18,    15,
};

_Static_assert(FAIR_WEIGHT == 1024, "the table is for this unit");

uint32_t
fair_weight(int nice)
{
    return weights[nice - NICE_MIN];
}

/* ---- The order of nodes, and their height ---- */

/* Arrivals are numbered round and round: of any two that wait at the same time
 * the earlier one is known all the same. */
static bool
comes_before(const struct tree_node *a, const struct tree_node *b)
{
    if (a->key != b->key)
        return a->key < b->key;
    return (int32_t)(a->priority - b->priority) < 0;
}

/* Different for different arrivals, and without a pattern: each step can be
 * undone. */
static uint32_t
height(const struct tree_node *node)
{
    uint32_t x = node->priority;
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

/* Queues of several harts count together: their locks are not one. */
static uint32_t
next_arrival(void)
{
    static uint32_t last;
    return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

/* ---- The treap ---- */

/* Divides a tree into what is before the node and what is behind it. */
static void
split(struct tree_node *tree, const struct tree_node *node,
      struct tree_node **before, struct tree_node **behind)
{
    while (tree) {
        if (comes_before(tree, node)) {
            *before = tree;
            before = &tree->right;
            tree = *before;
        } else {
            *behind = tree;
            behind = &tree->left;
            tree = *behind;
        }
    }
    *before = *behind = NULL;
}

/* Makes one tree of two, of which one is all before the other, at *place. */
static void
join(struct tree_node **place, struct tree_node *before,
     struct tree_node *behind)
{
    while (before && behind) {
        if (height(before) > height(behind)) {
            *place = before;
            place = &before->right;
            before = *place;
        } else {
            *place = behind;
            place = &behind->left;
            behind = *place;
        }
    }
    *place = before ? before : behind;
}

/* One step down from *place, to the side where the node belongs. */
static struct tree_node **
side_of(struct tree_node **place, const struct tree_node *node)
{
    return comes_before(node, *place) ? &(*place)->left : &(*place)->right;
}

static void
insert(struct tree_node **place, struct tree_node *node)
{
    while (*place && height(*place) > height(node))
        place = side_of(place, node);
    split(*place, node, &node->left, &node->right);
    *place = node;
}

static void
remove(struct tree_node **place, const struct tree_node *node)
{
    while (*place != node)
        place = side_of(place, node);
    join(place, node->left, node->right);
}

static struct tree_node *
leftmost(struct tree_node *tree)
{
    while (tree && tree->left)
        tree = tree->left;
    return tree;
}

/* The last node of all, or of those before `end`. */
static struct tree_node *
last_before(struct tree_node *tree, const struct tree_node *end)
{
    struct tree_node *last = NULL;
    while (tree) {
        bool counts = !end || comes_before(tree, end);
        if (counts)
            last = tree;
        tree = counts ? tree->right : tree->left;
    }
    return last;
}

/* ---- Shares ---- */

static struct fair_share *
share_of(struct tree_node *node)
{
    return node ? container_of(node, struct fair_share, node) : NULL;
}

void
fair_forgive(const struct fair_queue *queue, struct fair_share *share)
{
    share->time = MAX(share->time, queue->floor - FAIR_CREDIT_NS);
}

void
fair_put(struct fair_queue *queue, struct fair_share *share)
{
    share->node.key = share->time;
    share->node.priority = next_arrival();
    insert(&queue->root, &share->node);
    share->queued = true;
    queue->count++;
}

void
fair_remove(struct fair_queue *queue, struct fair_share *share)
{
    remove(&queue->root, &share->node);
    share->queued = false;
    queue->count--;
}

struct fair_share *
fair_first(const struct fair_queue *queue)
{
    return share_of(leftmost(queue->root));
}

struct fair_share *
fair_last(const struct fair_queue *queue, const struct fair_share *before)
{
    return share_of(last_before(queue->root, before ? &before->node : NULL));
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
