/* Who comes after whom: cycles are found here, and named.
 *
 * Pure: it knows numbers and edges, nothing of services. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct graph {
    size_t count;
    bool *edges; /* [from * count + to]: from comes after to */
};

/* A graph of count nodes without edges, or false if there is no memory. */
bool graph_init(struct graph *g, size_t count);
void graph_free(struct graph *g);

/* Says that from comes after to; one may come after itself, which is a cycle.
 */
void graph_add(struct graph *g, size_t from, size_t to);

/* Takes away all edges to and from a node. */
void graph_isolate(struct graph *g, size_t node);

/* Finds a cycle: each of its nodes comes after the next one, and the last after
 * the first. Writes them to path, which has room for count, and returns how
 * many; 0 if there is no cycle. The same graph gives the same cycle. */
size_t graph_find_cycle(const struct graph *g, size_t *path);
