/* The boot chart as a picture: one row for each bar, in light and dark. */
#include "chart.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_MS 1000000u

/* Pixels. */
#define WIDTH      960
#define LEFT       170 /* where time begins */
#define RIGHT      800 /* and where it ends */
#define TOP        96
#define ROW        26
#define BAR_HEIGHT 16

static const char style[] =
    "<style>\n"
    "  :root { color-scheme: light dark;\n"
    "    --ground: #fbfaf7; --ink: #23262d; --soft: #6b7280;\n"
    "    --grid: #e4e2dc; --phase: #c9cfda; --bar: #7ba3d0;\n"
    "    --path: #d9663a; --failed: #b3261e; --absent: #b8b2a3; }\n"
    "  @media (prefers-color-scheme: dark) { :root {\n"
    "    --ground: #16181d; --ink: #e8e6e1; --soft: #9aa1ad;\n"
    "    --grid: #2b2f37; --phase: #3f4756; --bar: #5583b8;\n"
    "    --path: #e9814f; --failed: #e5484d; --absent: #6f6a60; } }\n"
    "  .ground { fill: var(--ground) }\n"
    "  text { font: 13px ui-sans-serif, system-ui, sans-serif;\n"
    "    fill: var(--ink) }\n"
    "  .title { font-size: 20px; font-weight: 600 }\n"
    "  .soft { fill: var(--soft); font-size: 12px }\n"
    "  .grid { stroke: var(--grid); stroke-width: 1 }\n"
    "  .phase { fill: var(--phase) } .bar { fill: var(--bar) }\n"
    "  .path { fill: var(--path) } .failed { fill: var(--failed) }\n"
    "  .absent { fill: var(--absent) }\n"
    "  .line { stroke: var(--path); stroke-width: 1.5; fill: none;\n"
    "    stroke-dasharray: 3 3 }\n"
    "</style>\n";

/* Prints text in which XML means nothing. */
static void
put_text(const char *s)
{
    for (; *s; s++)
        if (*s == '<')
            fputs("&lt;", stdout);
        else if (*s == '&')
            fputs("&amp;", stdout);
        else
            putchar((unsigned char)*s < ' ' ? '?' : *s);
}

/* Where a time is, in tenths of a pixel. */
static unsigned long
place(const struct chart *c, uint64_t ns)
{
    uint64_t length = c->end ? c->end : 1;

    return (unsigned long)(LEFT * 10ul + ns * (RIGHT - LEFT) * 10 / length);
}

static int
row_y(size_t row)
{
    return TOP + (int)row * ROW;
}

static void
put_axis(const struct chart *c)
{
    uint64_t step = chart_step(c->end, 10);
    int bottom = row_y(c->count) + 4;

    for (uint64_t at = 0; at <= c->end; at += step) {
        unsigned long x = place(c, at);
        printf("<path class=\"grid\" d=\"M%lu.%lu %d V%d\"/>\n", x / 10, x % 10,
               TOP - 8, bottom);
        printf("<text class=\"soft\" text-anchor=\"middle\" x=\"%lu\" "
               "y=\"%d\">%lu</text>\n",
               x / 10, TOP - 14, (unsigned long)(at / NS_PER_MS));
    }
    printf("<text class=\"soft\" x=\"%d\" y=\"%d\">ms</text>\n", RIGHT + 24,
           TOP - 14);
}

static const char *
class_of(const struct bar *b)
{
    if (b->critical)
        return "path";
    if (b->failed)
        return strcmp(b->failed, "no-device") == 0 ? "absent" : "failed";
    return b->kind == BAR_PHASE ? "phase" : "bar";
}

/* What stands at the end of a row. */
static void
put_duration(const struct bar *b, int y)
{
    unsigned long us = (unsigned long)((b->ended - b->began) / 1000);

    printf("<text class=\"soft\" text-anchor=\"end\" x=\"%d\" y=\"%d\">"
           "%lu.%lu ms</text>\n",
           RIGHT + 76, y + 12, us / 1000, us / 100 % 10);
    if (b->failed)
        printf("<text class=\"soft\" x=\"%d\" y=\"%d\">%s</text>\n", RIGHT + 88,
               y + 12, b->failed);
}

static void
put_bar(const struct chart *c, size_t row)
{
    const struct bar *b = &c->bars[row];
    unsigned long from = place(c, b->began), to = place(c, b->ended);
    int y = row_y(row);

    if (to < from + 20) /* the shortest can be seen, too */
        to = from + 20;
    printf("<text text-anchor=\"end\" x=\"%d\" y=\"%d\"%s>", LEFT - 12, y + 13,
           b->kind == BAR_PHASE ? " class=\"soft\"" : "");
    put_text(b->name);
    printf(
        "</text>\n<rect class=\"%s\" x=\"%lu.%lu\" y=\"%d\" width=\"%lu.%lu\" "
        "height=\"%d\" rx=\"3\"/>\n",
        class_of(b), from / 10, from % 10, y, (to - from) / 10,
        (to - from) % 10, BAR_HEIGHT);
    put_duration(b, y);
}

/* Connects what is on the critical path, from each end to the next begin. */
static void
put_path(const struct chart *c)
{
    const struct bar *before = NULL;
    size_t row_before = 0;

    for (size_t row = 0; row < c->count; row++) {
        const struct bar *b = &c->bars[row];
        unsigned long from, to;
        if (!b->critical)
            continue;
        if (before) {
            from = place(c, before->ended);
            to = place(c, b->began);
            printf("<path class=\"line\" d=\"M%lu.%lu %d V%d H%lu.%lu\"/>\n",
                   from / 10, from % 10, row_y(row_before) + BAR_HEIGHT,
                   row_y(row) + BAR_HEIGHT / 2, to / 10, to % 10);
        }
        before = b;
        row_before = row;
    }
}

static void
put_legend(void)
{
    static const struct {
        const char *class, *text;
        int x;
    } entries[] = {
        {"path", "critical path: all else waited for it", LEFT},
        {"bar", "service", LEFT + 250},
        {"absent", "no device", LEFT + 335},
        {"failed", "failed", LEFT + 430},
        {"phase", "phase", LEFT + 505},
    };

    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        printf("<rect class=\"%s\" x=\"%d\" y=\"50\" width=\"12\" "
               "height=\"12\" rx=\"3\"/>\n",
               entries[i].class, entries[i].x);
        printf("<text class=\"soft\" x=\"%d\" y=\"60\">%s</text>\n",
               entries[i].x + 18, entries[i].text);
    }
}

void
chart_write_svg(const struct chart *c)
{
    int height = row_y(c->count) + 28;

    printf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
           "width=\"%d\" height=\"%d\" role=\"img\">\n"
           "<title>Boot chart of Umbra</title>\n%s",
           WIDTH, height, WIDTH, height, style);
    printf("<rect class=\"ground\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n",
           WIDTH, height);
    printf("<text class=\"title\" x=\"%d\" y=\"34\">Umbra was up %lu ms after "
           "power-on</text>\n",
           LEFT, (unsigned long)(c->end / NS_PER_MS));
    put_legend();
    put_axis(c);
    put_path(c);
    for (size_t row = 0; row < c->count; row++)
        put_bar(c, row);
    printf("</svg>\n");
}
