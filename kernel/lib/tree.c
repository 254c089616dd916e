#include "lib/tree.h"

/* Numbers that nobody needs to be unable to guess (xorshift); two
 * callers at once at worst get the same. */
static uint32_t
next_priority(void)
{
    static uint32_t state = 2463534242u;
    uint32_t x = READ_ONCE(state);
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    WRITE_ONCE(state, x);
    return x;
}

struct tree_node *
tree_floor(struct tree_node *root, uint64_t key)
{
    struct tree_node *best = NULL;
    while (root) {
        if (root->key <= key) {
            best = root;
            root = root->right;
        } else {
            root = root->left;
        }
    }
    return best;
}

void
tree_insert(struct tree_node **root, struct tree_node *node)
{
    node->priority = next_priority();
    while (*root && (*root)->priority >= node->priority)
        root = node->key < (*root)->key ? &(*root)->left : &(*root)->right;

    /* The node goes here; what was here becomes its two sides. */
    struct tree_node *rest = *root;
    struct tree_node **less = &node->left, **more = &node->right;
    *root = node;
    while (rest) {
        if (rest->key < node->key) {
            *less = rest;
            less = &rest->right;
            rest = rest->right;
        } else {
            *more = rest;
            more = &rest->left;
            rest = rest->left;
        }
    }
    *less = *more = NULL;
}

void
tree_remove(struct tree_node **root, struct tree_node *node)
{
    while (*root != node)
        root = node->key < (*root)->key ? &(*root)->left : &(*root)->right;

    /* Its two sides become one in its place. */
    struct tree_node *less = node->left, *more = node->right;
    while (less && more) {
        if (less->priority >= more->priority) {
            *root = less;
            root = &less->right;
            less = less->right;
        } else {
            *root = more;
            root = &more->left;
            more = more->left;
        }
    }
    *root = less ? less : more;
}
