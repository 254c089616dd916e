#include "text.h"
#include <err.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t used, room;
    char bytes[] __attribute__((aligned(16)));
};

void *
xmalloc(size_t size)
{
    void *memory = malloc(size ? size : 1);

    if (!memory)
        errx(2, "out of memory");
    return memory;
}

char *
xstrdup(const char *s)
{
    return strcpy(xmalloc(strlen(s) + 1), s);
}

static void *
grow(void *old, size_t size)
{
    void *memory = realloc(old, size);

    if (!memory)
        errx(2, "out of memory");
    return memory;
}

void
text_add(struct text *t, const char *bytes, size_t n)
{
    if (t->len + n + 1 > t->room) {
        t->room = (t->len + n + 32) * 2;
        t->bytes = grow(t->bytes, t->room);
    }
    memcpy(t->bytes + t->len, bytes, n);
    t->len += n;
    t->bytes[t->len] = '\0';
}

void
text_put(struct text *t, const char *s)
{
    text_add(t, s, strlen(s));
}

void
text_char(struct text *t, char c)
{
    text_add(t, &c, 1);
}

char *
text_take(struct text *t)
{
    char *bytes;

    text_add(t, "", 0);
    bytes = t->bytes;
    *t = (struct text){0};
    return bytes;
}

void
text_free(struct text *t)
{
    free(t->bytes);
    *t = (struct text){0};
}

void
strings_add(struct strings *s, char *item)
{
    if (s->count + 2 > s->room) {
        s->room = (s->count + 4) * 2;
        s->items = grow(s->items, s->room * sizeof(*s->items));
    }
    s->items[s->count++] = item;
    s->items[s->count] = NULL;
}

void
strings_free(struct strings *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->items[i]);
    free(s->items);
    *s = (struct strings){0};
}

void *
arena_alloc(struct arena *a, size_t size)
{
    struct arena_block *b = a->blocks;
    void *memory;

    size = (size + 15) & ~(size_t)15;
    if (!b || b->used + size > b->room) {
        size_t room = size > 2000 ? size : 2000;
        b = xmalloc(sizeof(*b) + room);
        b->next = a->blocks;
        b->used = 0;
        b->room = room;
        a->blocks = b;
    }
    memory = b->bytes + b->used;
    b->used += size;
    return memset(memory, 0, size);
}

char *
arena_copy(struct arena *a, const char *s, size_t n)
{
    return memcpy(arena_alloc(a, n + 1), s, n);
}

void
arena_free(struct arena *a)
{
    while (a->blocks) {
        struct arena_block *next = a->blocks->next;
        free(a->blocks);
        a->blocks = next;
    }
}
