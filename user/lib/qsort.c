#include <stdlib.h>

/* Heap sort: no recursion, no memory, no bad case. */

static void
swap(char *a, char *b, size_t size)
{
    while (size-- > 0) {
        char c = *a;
        *a++ = *b;
        *b++ = c;
    }
}

/* Sinks element i of base[0..count) until both its children are smaller. */
static void
sink(char *base, size_t i, size_t count, size_t size,
     int (*compare)(const void *, const void *))
{
    size_t child;

    for (; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count &&
            compare(base + child * size, base + (child + 1) * size) < 0)
            child++;
        if (compare(base + i * size, base + child * size) >= 0)
            return;
        swap(base + i * size, base + child * size, size);
    }
}

void
qsort(void *base, size_t count, size_t size,
      int (*compare)(const void *, const void *))
{
    for (size_t i = count / 2; i-- > 0;)
        sink(base, i, count, size, compare);
    for (size_t n = count; n-- > 1;) {
        swap(base, (char *)base + n * size, size);
        sink(base, 0, n, size, compare);
    }
}

void *
bsearch(const void *key, const void *base, size_t count, size_t size,
        int (*compare)(const void *, const void *))
{
    while (count > 0) {
        const char *middle = (const char *)base + count / 2 * size;
        int order = compare(key, middle);
        if (order == 0)
            return (void *)middle;
        if (order > 0) {
            base = middle + size;
            count--;
        }
        count /= 2;
    }
    return NULL;
}
