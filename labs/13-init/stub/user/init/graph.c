#include "graph.h"
#include <stdlib.h>
#include <string.h>
#include <todo.h>

bool
graph_init(struct graph *g, size_t count)
{
    g->count = count;
    g->edges = calloc(count * count + 1, sizeof(*g->edges));
    return g->edges;
}

void
graph_free(struct graph *g)
{
    free(g->edges);
    g->edges = NULL;
}

void
graph_add(struct graph *g, size_t from, size_t to)
{
    g->edges[from * g->count + to] = true;
}

void
graph_isolate(struct graph *g, size_t node)
{
    for (size_t i = 0; i < g->count; i++)
        g->edges[node * g->count + i] = g->edges[i * g->count + node] = false;
}

/* Follow the edges, deepest first, and remember the way: a node that is met
 * while it is still on the way closes a cycle; one that has been left behind,
 * with all that it leads to, need not be looked at again. Which of the nodes
 * on the way are part of the cycle? What is allocated is freed, on each way
 * out; without memory there is no cycle. */
size_t
graph_find_cycle(const struct graph *g, size_t *path)
{
    LAB_TODO(13);
}
