/* How a process may end: by itself, by a fault, never, and with a word. */
// WITH: user/init/graph.c
// WRAP: calloc
#include "grade.h"
#include "user/init/graph.h"
#include <stdio.h>
#include <stdlib.h>

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static unsigned callocs;

void *
__wrap_calloc(size_t count, size_t size)
{
    callocs++;
    return __real_calloc(count, size);
}

/* How often graph_init asks for memory. */
static void
asks(struct grade *g)
{
    struct graph graph;

    graph_init(&graph, grade_u32(g));
    graph_free(&graph);
    grade_put_u32(g, callocs);
}

static void
faults(struct grade *g)
{
    (void)g;
    __asm__ volatile("sd zero, 0(zero)");
}

static void
hangs(struct grade *g)
{
    (void)g;
    for (;;)
        ;
}

static void
says(struct grade *g)
{
    puts(grade_string(g));
    exit(1);
}

static void
ends(struct grade *g)
{
    grade_put_u32(g, 7);
    grade_end(g);
}

GRADE_CASES({"asks", asks}, {"faults", faults}, {"hangs", hangs},
            {"says", says}, {"ends", ends});
