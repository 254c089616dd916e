/* Cycles of a graph, and what becomes of memory. */
// WITH: user/init/graph.c
// WRAP: malloc calloc realloc free
#include "grade.h"
#include "user/init/graph.h"
#include <stdlib.h>
#include <string.h>

#define MOST  600
#define GUARD 0x5a5a5a5a5a5a5a5aul

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *p);

static unsigned taken, given_back;
static unsigned fails_at; /* this one finds no memory; 0: none */

static void *
count(void *p, bool old)
{
    taken += p && !old;
    return p;
}

static bool
fails(void)
{
    return fails_at && --fails_at == 0;
}

void *
__wrap_malloc(size_t size)
{
    return fails() ? NULL : count(__real_malloc(size), false);
}

void *
__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : count(__real_calloc(n, size), false);
}

void *
__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : count(__real_realloc(old, size), old);
}

void
__wrap_free(void *p)
{
    given_back += p != NULL;
    __real_free(p);
}

static size_t path[MOST + 1];
static bool copy[MOST * MOST];

/* Finds a cycle; puts its length and nodes, whether the graph and what is
 * behind the path are as they were, and what is left of memory. */
static size_t
find(struct grade *g, const struct graph *graph)
{
    size_t size = graph->count * graph->count * sizeof(*graph->edges), n;
    unsigned held = taken - given_back;

    memcpy(copy, graph->edges, size);
    path[graph->count] = GUARD;
    n = graph_find_cycle(graph, path);
    grade_put_u32(g, (uint32_t)n);
    for (size_t i = 0; i < n && i < graph->count; i++)
        grade_put_u32(g, (uint32_t)path[i]);
    grade_put_u8(g, memcmp(copy, graph->edges, size) == 0);
    grade_put_u8(g, path[graph->count] == GUARD);
    grade_put_u32(g, taken - given_back - held);
    return n;
}

/* Makes the graph that the question holds: its size, and pairs of nodes. */
static void
take(struct grade *g, struct graph *graph)
{
    uint32_t nodes = grade_u32(g);
    size_t len;
    const uint16_t *edges = grade_bytes(g, &len);

    if (!graph_init(graph, nodes))
        grade_differs("no memory");
    for (size_t i = 0; i < len / sizeof(*edges); i += 2)
        graph_add(graph, edges[i], edges[i + 1]);
}

/* The cycle, and once more. */
static void
cycle(struct grade *g)
{
    struct graph graph;

    take(g, &graph);
    find(g, &graph);
    find(g, &graph);
}

/* All cycles, the members of each being taken out. */
static void
all(struct grade *g)
{
    struct graph graph;
    size_t n;

    take(g, &graph);
    while ((n = find(g, &graph)) > 0 && n <= graph.count)
        for (size_t i = 0; i < n; i++)
            graph_isolate(&graph, path[i]);
}

/* The cycle, when there is no memory the n-th time that it is asked for. */
static void
no_memory(struct grade *g)
{
    struct graph graph;
    unsigned at = grade_u32(g);

    take(g, &graph);
    fails_at = at;
    find(g, &graph);
}

GRADE_CASES({"cycle", cycle}, {"all", all}, {"no memory", no_memory});
