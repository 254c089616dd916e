#include "graph.h"
#include <stdlib.h>
#include <string.h>

enum colour {
    UNSEEN,
    OPEN, /* it is on the path that is being followed */
    DONE, /* all behind it was seen */
};

/* A walk along the edges, deepest first, without recursion: path[depth - 1] is
 * where it stands, and next[] where it goes on from each node. */
struct graph_walk {
    const struct graph *graph;
    enum colour *colours;
    size_t *next, *path;
    size_t depth;
};

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

static bool
walk_init(struct graph_walk *w, const struct graph *g)
{
    *w = (struct graph_walk){.graph = g};
    w->colours = calloc(g->count + 1, sizeof(*w->colours));
    w->next = calloc(g->count + 1, sizeof(*w->next));
    w->path = calloc(g->count + 1, sizeof(*w->path));
    return w->colours && w->next && w->path;
}

static void
walk_free(struct graph_walk *w)
{
    free(w->colours);
    free(w->next);
    free(w->path);
}

static void
enter(struct graph_walk *w, size_t node)
{
    w->colours[node] = OPEN;
    w->path[w->depth++] = node;
}

/* The next node that the one at the end of the path comes after, or count. */
static size_t
next_edge(struct graph_walk *w)
{
    const struct graph *g = w->graph;
    size_t node = w->path[w->depth - 1], to = w->next[node];

    while (to < g->count && !g->edges[node * g->count + to])
        to++;
    w->next[node] = to + 1;
    return to;
}

/* Follows what `from` comes after until a node is met that is on the path;
 * *where on the path that is. False if none is met. */
static bool
meets_itself(struct graph_walk *w, size_t from, size_t *where)
{
    enter(w, from);
    while (w->depth > 0) {
        size_t to = next_edge(w);
        if (to >= w->graph->count) {
            w->colours[w->path[--w->depth]] = DONE;
        } else if (w->colours[to] == OPEN) {
            for (*where = 0; w->path[*where] != to;)
                ++*where;
            return true;
        } else if (w->colours[to] == UNSEEN) {
            enter(w, to);
        }
    }
    return false;
}

size_t
graph_find_cycle(const struct graph *g, size_t *path)
{
    struct graph_walk w;
    size_t length = 0, first;
    bool ready = walk_init(&w, g);

    for (size_t i = 0; ready && length == 0 && i < g->count; i++)
        if (w.colours[i] == UNSEEN && meets_itself(&w, i, &first)) {
            length = w.depth - first;
            memcpy(path, w.path + first, length * sizeof(*path));
        }
    walk_free(&w);
    return length;
}
