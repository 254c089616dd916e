#include "depend.h"
#include "graph.h"
#include "state.h"
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

static bool console_open_for_all;

bool
depend_is_up(const struct service *s)
{
    return s->state == SERVICE_STARTING || s->state == SERVICE_RUNNING ||
           s->state == SERVICE_STOPPING;
}

bool
depend_is_settled(const struct service *s)
{
    switch (s->state) {
    case SERVICE_STOPPED:
        return !s->wanted && !s->again;
    case SERVICE_RUNNING:
        return s->wanted;
    case SERVICE_FAILED:
    case SERVICE_NO_DEVICE:
        return true;
    default:
        return false;
    }
}

/* Whether nobody will bring up what is down. */
static bool
stays_down(const struct service *s)
{
    return s->state == SERVICE_FAILED || s->state == SERVICE_NO_DEVICE ||
           (s->state == SERVICE_STOPPED && !s->wanted && !s->again);
}

const char *
depend_failed(const struct service *s)
{
    const struct config_list *requires = &s->config->requires;

    for (size_t i = 0; i < requires->count; i++) {
        const struct service *t = service_find(requires->items[i]);
        if (!t || stays_down(t))
        return requires->items[i];
    }
    return NULL;
}

/* The first of a list that is on its way up or down. */
static const char *
unsettled(const struct config_list *names)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct service *t = service_find(names->items[i]);
        if (t && !depend_is_settled(t))
            return names->items[i];
    }
    return NULL;
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

const char *
depend_waits_for(const struct service *s)
{
    const struct config *c = s->config;
    const char *name = NULL;

    if (c->console && (!console_open_for_all || console_is_taken(s)))
        return "the console";
    for (size_t i = 0; i < c->requires.count; i++) {
        const struct service *t = service_find(c->requires.items[i]);
        if (t && t->state != SERVICE_RUNNING)
        return c->requires.items[i];
    }
    name = unsettled(&c->requires);
    if (!name)
        name = unsettled(&c->wants);
    return name ? name : unsettled(&c->after);
}

static bool
comes_after(const struct service *s, const struct service *t)
{
    const char *name = t->config->name;

    return config_lists(&s->config->requires, name) ||
           config_lists(&s->config->wants, name) ||
           config_lists(&s->config->after, name);
}

bool
depend_is_held(const struct service *s)
{
    for (struct service *t = service_next(NULL); t; t = service_next(t))
        if (depend_is_up(t) && !t->wanted && comes_after(t, s))
            return true;
    return false;
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

/* A cycle's members fail, and are out of the graph. */
static void
fail_members(struct service *const *all, struct graph *g, const size_t *path,
             size_t n)
{
    char text[SERVICE_REASON_MAX];

    name_cycle(all, path, n, text, sizeof(text));
    for (size_t i = 0; i < n; i++) {
        struct service *s = all[path[i]];
        graph_isolate(g, path[i]);
        s->broken = true;
        s->wanted = false;
        if (s->state != SERVICE_FAILED)
            state_event(s, SERVICE_GAVE_UP, "%s", text);
    }
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
