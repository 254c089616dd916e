#include "control_describe.h"
#include "phase.h"
#include <stdio.h>
#include <string.h>

void
control_describe(const struct service *s, struct control_service *to)
{
    *to = (struct control_service){
        .pid = s->pid,
        .exit_status = s->exit_status,
        .restarts = s->restarts,
        .health = (int8_t)s->health,
        .enabled = s->enabled,
        .wanted = s->wanted,
        .essential = s->config->phase == CONFIG_ESSENTIAL,
        .changed = s->changed,
        .started = s->started,
        .ready = s->ready,
        .beat = s->beat,
        .first_started = s->first_started,
        .first_ready = s->first_ready,
    };
    strlcpy(to->name, s->config->name, sizeof(to->name));
    strlcpy(to->state, service_state_name(s->state), sizeof(to->state));
    strlcpy(to->reason, s->reason, sizeof(to->reason));
    strlcpy(to->status, s->status_text, sizeof(to->status));
}

/* Texts that are written one after the other. */
struct texts {
    char *to;
    size_t size, used;
};

static void
texts_put(struct texts *t, const char *key, const char *value)
{
    size_t n = value ? strlen(key) + strlen(value) + 2 : 0;

    if (!value || n > t->size - t->used)
        return;
    snprintf(t->to + t->used, n, "%s=%s", key, value);
    t->used += n;
}

/* A text for each word. */
static void
texts_put_each(struct texts *t, const char *key, const struct config_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        texts_put(t, key, l->items[i]);
}

size_t
control_describe_file(const struct config *c, char *to, size_t size)
{
    struct texts t = {.to = to, .size = size};

    texts_put(&t, "description", c->description);
    texts_put_each(&t, "exec", &c->exec);
    texts_put(&t, "user", c->user);
    texts_put_each(&t, "after", &c->after);
    texts_put_each(&t, "requires", &c->requires);
    texts_put_each(&t, "wants", &c->wants);
    texts_put_each(&t, "devices", &c->devices);
    texts_put_each(&t, "sockets", &c->sockets);
    return t.used;
}

void
control_describe_phases(struct control_phase *to)
{
    for (int i = 0; i < PHASES; i++) {
        const struct phase_times *p = phase_times((enum phase)i);
        to[i] = (struct control_phase){.began = p->began, .ended = p->ended};
        strlcpy(to[i].name, p->name, sizeof(to[i].name));
    }
}
