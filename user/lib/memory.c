#include <string.h>
#include <stdint.h>

typedef uint64_t __attribute__((may_alias)) word;

#define WORD_MASK (sizeof(word) - 1)

static int
same_phase(const void *a, const void *b)
{
    return (((uintptr_t)a ^ (uintptr_t)b) & WORD_MASK) == 0;
}

void *
memcpy(void *restrict to, const void *restrict from, size_t n)
{
    unsigned char *d = to;
    const unsigned char *s = from;

    if (same_phase(d, s) && n >= 2 * sizeof(word)) {
        for (; (uintptr_t)d & WORD_MASK; n--)
            *d++ = *s++;
        for (; n >= 4 * sizeof(word); n -= 4 * sizeof(word)) {
            word *dw = (word *)d;
            const word *sw = (const word *)s;
            word w0 = sw[0], w1 = sw[1], w2 = sw[2], w3 = sw[3];
            dw[0] = w0;
            dw[1] = w1;
            dw[2] = w2;
            dw[3] = w3;
            d += 4 * sizeof(word);
            s += 4 * sizeof(word);
        }
        for (; n >= sizeof(word); n -= sizeof(word)) {
            *(word *)d = *(const word *)s;
            d += sizeof(word);
            s += sizeof(word);
        }
    }
    while (n-- > 0)
        *d++ = *s++;
    return to;
}

static void
copy_backwards(unsigned char *d, const unsigned char *s, size_t n)
{
    d += n;
    s += n;
    if (same_phase(d, s)) {
        for (; n > 0 && ((uintptr_t)d & WORD_MASK); n--)
            *--d = *--s;
        for (; n >= sizeof(word); n -= sizeof(word)) {
            d -= sizeof(word);
            s -= sizeof(word);
            *(word *)d = *(const word *)s;
        }
    }
    while (n-- > 0)
        *--d = *--s;
}

void *
memmove(void *to, const void *from, size_t n)
{
    /* memcpy above copies upwards, so it is right for any to below from. */
    if ((uintptr_t)to - (uintptr_t)from >= n)
        return memcpy(to, from, n);
    copy_backwards(to, from, n);
    return to;
}

void *
memset(void *to, int byte, size_t n)
{
    unsigned char *d = to;
    word pattern = (unsigned char)byte * 0x0101010101010101ull;

    if (n >= 2 * sizeof(word)) {
        for (; (uintptr_t)d & WORD_MASK; n--)
            *d++ = (unsigned char)byte;
        for (; n >= 4 * sizeof(word); n -= 4 * sizeof(word)) {
            word *w = (word *)d;
            w[0] = w[1] = w[2] = w[3] = pattern;
            d += 4 * sizeof(word);
        }
        for (; n >= sizeof(word); n -= sizeof(word)) {
            *(word *)d = pattern;
            d += sizeof(word);
        }
    }
    while (n-- > 0)
        *d++ = (unsigned char)byte;
    return to;
}

int
memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *p = a, *q = b;

    if (same_phase(p, q) && ((uintptr_t)p & WORD_MASK) == 0)
        while (n >= sizeof(word) && *(const word *)p == *(const word *)q) {
            p += sizeof(word);
            q += sizeof(word);
            n -= sizeof(word);
        }
    for (; n > 0; n--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

void *
memchr(const void *s, int byte, size_t n)
{
    const unsigned char *p = s;

    for (; n > 0; n--, p++)
        if (*p == (unsigned char)byte)
            return (void *)p;
    return NULL;
}
