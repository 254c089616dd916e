/* A balanced search tree whose nodes lie inside the things it finds.
 *
 * Owns nothing: a root is a pointer, NULL for an empty tree, and the caller
 * locks it. It is a treap: ordered by key from left to right and by a random
 * priority from the top down, so its depth is logarithmic whatever the order
 * of insertion. Any context. */
#pragma once

#include "lib/compiler.h"

struct tree_node {
    struct tree_node *left, *right;
    uint64_t key; /* of one node in a tree only */
    uint32_t priority;
};

/* Returns the node with the greatest key that is at most `key`, or NULL. */
struct tree_node *tree_floor(struct tree_node *root, uint64_t key);

/* Adds a node whose key is set. */
void tree_insert(struct tree_node **root, struct tree_node *node);

/* Takes out a node that is in the tree. */
void tree_remove(struct tree_node **root, struct tree_node *node);
