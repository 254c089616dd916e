/* Services out of a question, what the holes ask of the table of them, and a
 * record of what the holes do: tests define here what init's other files are
 * in the machine. */
#pragma once

#include "grade.h"
#include "user/init/service.h"
#include "user/init/supervision.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TABLE_MOST 24
#define LIST_MOST  24

static struct service services[TABLE_MOST];
static struct supervision supervisions[TABLE_MOST];
static struct config configs[TABLE_MOST];
static char *lists[TABLE_MOST][3][LIST_MOST + 1];
static size_t service_count;

/* ---- The record ---- */

static char record[1 << 16];
static size_t recorded;

/* A line of the record. */
static inline PRINTF(1, 2) void note(const char *format, ...)
{
    size_t left = sizeof(record) - recorded;
    va_list args;

    if (left < 512)
        return;
    va_start(args, format);
    recorded += (size_t)vsnprintf(record + recorded, 500, format, args);
    va_end(args);
    recorded = MIN(recorded, sizeof(record) - 2);
    record[recorded++] = '\n';
    record[recorded] = '\0';
}

/* ---- The table ---- */

static inline void
take_list(struct grade *g, struct config_list *list, char **items)
{
    list->items = items;
    list->count = grade_u8(g);
    for (size_t i = 0; i < list->count; i++)
        items[i] = (char *)(uintptr_t)grade_string(g);
}

/* Makes the table that the question holds, in the order of names. */
static inline void
take_table(struct grade *g)
{
    service_count = grade_u32(g);
    for (size_t i = 0; i < service_count; i++) {
        struct service *s = &services[i];
        struct config *c = &configs[i];
        s->config = c;
        s->supervision = &supervisions[i];
        s->supervision->service = s;
        s->supervision->failure.fd = -1;
        snprintf(c->name, sizeof(c->name), "%s", grade_string(g));
        s->state = grade_u8(g);
        s->wanted = grade_u8(g);
        s->again = grade_u8(g);
        c->console = grade_u8(g);
        c->type = grade_u8(g);
        s->pid = (pid_t)grade_u32(g);
        take_list(g, &c->requires, lists[i][0]);
        take_list(g, &c->wants, lists[i][1]);
        take_list(g, &c->after, lists[i][2]);
        s->next = i + 1 < service_count ? &services[i + 1] : NULL;
    }
}

struct service *
service_next(const struct service *s)
{
    return s ? s->next : service_count ? services : NULL;
}

struct service *
service_find(const char *name)
{
    for (size_t i = 0; i < service_count; i++)
        if (strcmp(configs[i].name, name) == 0)
            return &services[i];
    return NULL;
}

bool
config_lists(const struct config_list *list, const char *word)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], word) == 0)
            return true;
    return false;
}

static inline const char *
event_name(enum service_event event)
{
    static const char *const names[] = {
        "launched", "ready",       "stop-sent", "ended",
        "gave-up",  "no-hardware", "reset",
    };

    return event < SERVICE_EVENTS ? names[event] : "?";
}
