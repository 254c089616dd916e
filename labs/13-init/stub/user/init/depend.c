#include "depend.h"
#include "graph.h"
#include "state.h"
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <todo.h>

static bool console_open_for_all;

bool
depend_is_up(const struct service *s)
{
    return s->state == SERVICE_STARTING || s->state == SERVICE_RUNNING ||
           s->state == SERVICE_STOPPING;
}

/* The states one by one: what can follow without anybody asking? */
bool
depend_is_settled(const struct service *s)
{
    LAB_TODO(13);
}

/* Whether nobody will bring up what is down. What runs does not stay down. */
static bool
stays_down(const struct service *s)
{
    LAB_TODO(13);
}

/* Of those that s requires, the first that stays down; a name that no service
 * has (service_find) is one, too. */
const char *
depend_failed(const struct service *s)
{
    LAB_TODO(13);
}

/* The first of a list that is on its way up or down, or NULL. */
static const char *
unsettled(const struct config_list *names)
{
    LAB_TODO(13);
}

/* Whether another has the console. */
static bool
console_is_taken(const struct service *s)
{
    for (struct service *t = service_next(NULL); t; t = service_next(t))
        if (t != s && t->config->console && t->pid)
            return true;
    return false;
}

/* The console first; then what it requires: that must run, and nothing less.
 * All others must only be settled, for they may fail. */
const char *
depend_waits_for(const struct service *s)
{
    LAB_TODO(13);
}

static bool
comes_after(const struct service *s, const struct service *t)
{
    const char *name = t->config->name;

    return config_lists(&s->config->requires, name) ||
           config_lists(&s->config->wants, name) ||
           config_lists(&s->config->after, name);
}

/* Look at all services. Why is one that is wanted, and comes after s, no reason
 * to wait? Think of what `svc stop` of a single service has to do. */
bool
depend_is_held(const struct service *s)
{
    LAB_TODO(13);
}

void
depend_open_console(void)
{
    console_open_for_all = true;
}

/* ---- Cycles ---- */

/* "a -> b -> a": a comes after b. */
static void
name_cycle(struct service *const *all, const size_t *path, size_t n, char *to,
           size_t size)
{
    size_t used = (size_t)snprintf(to, size, "a cycle: ");

    for (size_t i = 0; i <= n && used < size; i++)
        used +=
            (size_t)snprintf(to + used, size - used, "%s%s", i ? " -> " : "",
                             all[path[i % n]]->config->name);
}

/* Each member of the cycle is out of the graph, broken and not wanted, and
 * fails with the text that name_cycle makes for them all; unless it has failed,
 * for its file was wrong. */
static void
fail_members(struct service *const *all, struct graph *g, const size_t *path,
             size_t n)
{
    LAB_TODO(13);
}

void
depend_break_cycles(void)
{
    struct graph g = {0};
    size_t count = 0;

    for (struct service *s = service_next(NULL); s; s = service_next(s))
        count++;
    struct service **all = calloc(count + 1, sizeof(struct service *));
    size_t *path = calloc(count + 1, sizeof(size_t)), n = 0, length;
    if (all && path && graph_init(&g, count)) {
        for (struct service *s = service_next(NULL); s; s = service_next(s))
            all[n++] = s;
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < n; k++)
                if (comes_after(all[i], all[k]))
                    graph_add(&g, i, k);
        while ((length = graph_find_cycle(&g, path)) > 0)
            fail_members(all, &g, path, length);
    }
    graph_free(&g);
    free(all);
    free(path);
}
