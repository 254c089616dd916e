#include "model_impl.h"

#include <stdlib.h>
#include <string.h>

/* user/tests/crash.c writes it. */
static uint8_t
pattern(uint64_t tag, uint64_t offset)
{
    uint64_t x = tag * 0x9e3779b97f4a7c15u + offset / 8;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (uint8_t)((x ^ x >> 31) >> offset % 8 * 8);
}

static uint64_t
size_after(uint64_t size, const struct event *e)
{
    if (e->truncate)
        return e->length;
    return MAX(size, e->offset + e->length);
}

static bool
size_is_possible(const struct node *node, struct window w, uint64_t found)
{
    uint64_t size = 0;
    bool possible = false, met_window = false;

    for (size_t i = 0; i < node->nevents && node->events[i].op < w.last; i++) {
        if (node->events[i].op >= w.durable && !met_window) {
            met_window = true;
            possible = size == found;
        }
        size = size_after(size, &node->events[i]);
        possible |= met_window && size == found;
    }
    return possible || size == found;
}

/* Whether the byte at x can be `found`: its value at some moment in the
 * window at which the file was longer than x. */
static bool
byte_is_possible(const struct node *node, struct window w, uint64_t x,
                 uint8_t found)
{
    uint64_t size = 0;
    uint8_t value = 0;

    for (size_t i = 0; i <= node->nevents; i++) {
        const struct event *e = &node->events[i];
        bool over = i == node->nevents || e->op >= w.last;
        if ((over || e->op >= w.durable) && size > x && value == found)
            return true;
        if (over)
            return false;
        if (!e->truncate && x >= e->offset && x < e->offset + e->length)
            value = pattern(e->tag, x);
        else if (x >= size || (e->truncate && x >= e->length))
            value = 0;
        size = size_after(size, e);
    }
    return false;
}

/* The value that byte x has at the end of the window: right for nearly all.
 * Returns the size then, behind which there is none. */
static uint64_t
fill_latest(const struct node *node, size_t last, uint8_t *bytes, size_t size)
{
    uint64_t now = 0;

    memset(bytes, 0, size);
    for (size_t i = 0; i < node->nevents && node->events[i].op < last; i++) {
        const struct event *e = &node->events[i];
        uint64_t end = MIN(e->offset + e->length, (uint64_t)size);
        if (e->truncate && e->length < size)
            memset(bytes + e->length, 0, size - e->length);
        for (uint64_t x = e->offset; !e->truncate && x < end; x++)
            bytes[x] = pattern(e->tag, x);
        now = size_after(now, e);
    }
    return now;
}

bool
model_content_fits(const struct node *node, struct window w,
                   const struct found *f, char *text, size_t text_size)
{
    if (!size_is_possible(node, w, f->size))
        return model_complain(text, text_size, "%s: a length of %zu never was",
                              f->path, f->size);
    uint8_t *latest = model_checked(malloc(f->size + 1));
    bool good = true;
    uint64_t now = fill_latest(node, w.last, latest, f->size);
    for (size_t x = 0; x < f->size && good; x++)
        if ((x >= now || latest[x] != f->bytes[x]) &&
            !byte_is_possible(node, w, x, f->bytes[x]))
            good = model_complain(text, text_size,
                                  "%s: byte %zu is 0x%02x, which it never was",
                                  f->path, x, f->bytes[x]);
    free(latest);
    return good;
}
