#include "chart.h"
#include <err.h>
#include <errno.h>
#include <prog.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS  1000000u
#define PHASES_MAX 8
#define NAME_WIDTH 18
#define BAR_WIDTH  48 /* columns; with all else that makes 80 */

/* ---- What happened ---- */

static struct bar *
add_bar(struct chart *c)
{
    c->bars = prog_realloc(c->bars, (c->count + 1) * sizeof(*c->bars));
    c->bars[c->count] = (struct bar){0};
    return &c->bars[c->count++];
}

/* Adds a bar for the time before init, and one for each phase but the last,
 * which has no end. */
static void
add_phases(struct chart *c)
{
    static struct control_phase phases[PHASES_MAX];
    size_t length, count;
    struct bar *b;

    if (client_ask(CONTROL_PHASES, "", 0, phases, sizeof(phases), &length) != 0)
        errx(SVC_FAILED, "init knows no phases");
    count = length / sizeof(*phases);
    b = add_bar(c);
    *b = (struct bar){.name = "kernel", .critical = true};
    b->ended = count > 0 ? phases[0].began : 0;
    for (size_t i = 0; i + 1 < count && phases[i].began; i++) {
        b = add_bar(c);
        *b = (struct bar){.name = phases[i].name,
                          .began = phases[i].began,
                          .ended = phases[i].ended};
        if (b->ended == 0)
            b->ended = show_now();
        if (b->ended > c->end)
            c->end = b->ended;
    }
    if (count == 0 || phases[count - 1].began == 0)
        warnx("the system is still starting; this is so far");
}

static int
by_begin(const void *a, const void *b)
{
    const struct bar *x = a, *y = b;

    if (x->began != y->began)
        return x->began < y->began ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Adds the services that were started before everything was up. */
static void
add_services(struct chart *c)
{
    size_t count, first = c->count;
    struct service_info *all = client_services(true, &count);

    for (size_t i = 0; i < count; i++) {
        const struct control_service *r = &all[i].record;
        struct bar *b;
        if (r->first_started == 0 || r->first_started > c->end)
            continue;
        b = add_bar(c);
        *b = (struct bar){.kind = BAR_SERVICE,
                          .name = r->name,
                          .service = &all[i],
                          .began = r->first_started,
                          .ended = r->first_ready};
        if (r->first_ready == 0) {
            b->failed = r->state;
            b->ended = r->changed;
        }
        /* One that came up later is shown to the end. */
        b->late = b->ended > c->end;
        if (b->late)
            b->ended = c->end;
    }
    qsort(c->bars + first, c->count - first, sizeof(*c->bars), by_begin);
}

/* ---- What took longest ---- */

static bool
needs(const struct bar *b, const char *name)
{
    static const char *const keys[] = {"after", "requires", "wants"};

    for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
        const char *need;
        for (unsigned int n = 0; (need = client_detail(b->service, keys[k], n));
             n++)
            if (strcmp(need, name) == 0)
                return true;
    }
    return false;
}

/* What b waited for last: of what it needs, or, if it is not essential, of
 * the essential services; NULL if of nothing. b NULL: the end of it all, which
 * comes once each has come up or is known not to. */
static struct bar *
waited_for(const struct chart *c, const struct bar *b)
{
    struct bar *last = NULL;

    for (int among_needs = 1; !last && among_needs >= 0; among_needs--)
        for (size_t i = 0; i < c->count; i++) {
            struct bar *other = &c->bars[i];
            bool counts = other->kind == BAR_SERVICE && other != b &&
                          !other->late &&
                          other->ended <= (b ? b->began : c->end);
            if (counts && b && among_needs)
                counts = needs(b, other->name);
            else if (counts && b)
                counts = other->service->record.essential &&
                         !b->service->record.essential;
            if (counts && (!last || other->ended > last->ended))
                last = other;
        }
    return last;
}

static void
mark_critical(struct chart *c)
{
    struct bar *b = waited_for(c, NULL);

    for (size_t steps = 0; b && steps < c->count; steps++) {
        b->critical = true;
        b = waited_for(c, b);
    }
    /* The first phase has no services; nobody starts before it is over. */
    if (c->count > 1)
        c->bars[1].critical = true;
}

uint64_t
chart_step(uint64_t length, unsigned int most)
{
    static const unsigned int factors[] = {1, 2, 5};

    for (uint64_t unit = NS_PER_MS / 10;; unit *= 10)
        for (size_t i = 0; i < ARRAY_LEN(factors); i++)
            if (length / (unit * factors[i]) <= most)
                return unit * factors[i];
}

/* ---- As text ---- */

static int
column_of(const struct chart *c, uint64_t ns)
{
    return c->end ? (int)(ns * BAR_WIDTH / c->end) : 0;
}

static void
print_axis(const struct chart *c)
{
    char line[BAR_WIDTH + 16], mark[16];
    uint64_t step = chart_step(c->end, 4);

    memset(line, ' ', sizeof(line));
    for (uint64_t at = 0; at <= c->end; at += step) {
        int n = snprintf(mark, sizeof(mark), "%lu",
                         (unsigned long)(at / NS_PER_MS));
        int column = column_of(c, at);
        if (column + n <= BAR_WIDTH)
            memcpy(line + column, mark, (size_t)n);
    }
    printf("%*s%.*s\n", 80 - BAR_WIDTH - 1, "", BAR_WIDTH, line);
}

static void
print_bar(const struct chart *c, const struct bar *b)
{
    int from = column_of(c, b->began), to = column_of(c, b->ended);
    char fill = b->kind == BAR_PHASE ? '-' : '=';
    uint64_t us = (b->ended - b->began) / 1000;

    if (b->critical)
        fill = '#';
    else if (b->failed)
        fill = 'x';
    if (from >= BAR_WIDTH)
        from = BAR_WIDTH - 1;
    if (to <= from) /* the shortest can be seen, too */
        to = from + 1;
    show_text(b->name, NAME_WIDTH);
    printf(" %6lu.%lu ms |%*s", (unsigned long)(us / 1000),
           (unsigned long)(us / 100 % 10), from, "");
    for (int i = from; i < to; i++)
        putchar(fill);
    putchar('\n');
}

static void
print_text(const struct chart *c)
{
    printf("All was up %lu ms after power-on; # is what it waited for, x did "
           "not come up\n",
           (unsigned long)(c->end / NS_PER_MS));
    print_axis(c);
    for (size_t i = 0; i < c->count; i++)
        print_bar(c, &c->bars[i]);
}

int
chart_show(bool svg)
{
    struct chart c = {0};

    add_phases(&c);
    add_services(&c);
    mark_critical(&c);
    if (svg)
        chart_write_svg(&c);
    else
        print_text(&c);
    return SVC_DONE;
}
