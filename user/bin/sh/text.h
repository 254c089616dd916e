/* Text that grows, and memory that is freed all at once.
 *
 * Running out of memory ends the shell: it could do nothing useful. */
#pragma once

#include <stddef.h>

/* bytes[0..len), terminated once text_add or text_end was called. */
struct text {
    char *bytes;
    size_t len, room;
};

void text_add(struct text *t, const char *bytes, size_t n);
void text_put(struct text *t, const char *s);
void text_char(struct text *t, char c);
/* The terminated text; it belongs to the caller, and *t is empty again. */
char *text_take(struct text *t);
void text_free(struct text *t);

/* A row of strings that ends with NULL. */
struct strings {
    char **items;
    size_t count, room;
};

/* Appends s, which is then the row's own. */
void strings_add(struct strings *s, char *item);
void strings_free(struct strings *s);

/* A list of blocks that arena_free frees together. */
struct arena {
    struct arena_block *blocks;
};

void *arena_alloc(struct arena *a, size_t size); /* zeroed */
char *arena_copy(struct arena *a, const char *s, size_t n);
void arena_free(struct arena *a);

/* As malloc and strdup, never NULL. */
void *xmalloc(size_t size);
char *xstrdup(const char *s);
