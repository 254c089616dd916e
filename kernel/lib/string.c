#include "lib/string.h"

/* Compilers turn loops that copy or fill into calls of memcpy and memset;
 * here that would be a call to the function itself. The Makefile tells gcc not
 * to, whose attribute for one function would undo other flags for it. */
#if defined(__clang__)
#define NO_LOOP_TO_CALL __attribute__((no_builtin))
#else
#define NO_LOOP_TO_CALL
#endif

#define WORD      sizeof(word_t)
#define WORD_BITS (8 * WORD)
#define BLOCK     (8 * WORD) /* bytes one unrolled round moves */

/* Shorter runs are not worth the steps that align them. */
#define SHORT_RUN (2 * WORD)

/* A word as it lies in memory, whatever type the bytes have. */
typedef uint64_t __attribute__((may_alias)) word_t;

static inline size_t
misalignment(const void *p)
{
    return (uintptr_t)p % WORD;
}

static inline void
copy_block(word_t *dst, const word_t *src)
{
    word_t a = src[0], b = src[1], c = src[2], d = src[3];
    word_t e = src[4], f = src[5], g = src[6], h = src[7];
    dst[0] = a, dst[1] = b, dst[2] = c, dst[3] = d;
    dst[4] = e, dst[5] = f, dst[6] = g, dst[7] = h;
}

/* The n < WORD bytes at p, placed as a load of a whole word would place them
 * at the word's end; little-endian. */
static inline word_t
load_high(const uint8_t *p, size_t n)
{
    word_t word = 0;
    for (size_t i = 0; i < n; i++)
        word |= (word_t)p[i] << (8 * (WORD - n + i));
    return word;
}

/* Copies whole words from the start while at least SHORT_RUN bytes are left;
 * dst is aligned, src is `off` > 0 bytes behind an aligned address. Loads
 * are aligned too, each word put together from two neighbours; the last of
 * them ends before src + SHORT_RUN, so nothing outside src is read.
 * Returns the bytes copied. */
NO_LOOP_TO_CALL static size_t
copy_shifted(uint8_t *dst, const uint8_t *src, size_t n, size_t off)
{
    unsigned down = 8 * (unsigned)off, up = WORD_BITS - down;
    word_t *to = (word_t *)dst;
    const word_t *from = (const word_t *)(src + (WORD - off));
    word_t carry = load_high(src, WORD - off);
    size_t done = 0;
    for (; n - done >= SHORT_RUN; done += WORD) {
        word_t next = *from++;
        *to++ = carry >> down | next << up;
        carry = next;
    }
    return done;
}

/* Right also when the areas overlap, if dst is below src: a byte is loaded
 * before anything is stored at its place. */
NO_LOOP_TO_CALL static void *
copy_up(uint8_t *dst, const uint8_t *src, size_t n)
{
    void *start = dst;
    if (n >= SHORT_RUN) {
        for (; misalignment(dst) != 0; n--)
            *dst++ = *src++;
        size_t off = misalignment(src);
        if (off != 0) {
            size_t done = copy_shifted(dst, src, n, off);
            dst += done, src += done, n -= done;
        } else {
            for (; n >= BLOCK; dst += BLOCK, src += BLOCK, n -= BLOCK)
                copy_block((word_t *)dst, (const word_t *)src);
            for (; n >= WORD; dst += WORD, src += WORD, n -= WORD)
                *(word_t *)dst = *(const word_t *)src;
        }
    }
    while (n-- > 0)
        *dst++ = *src++;
    return start;
}

/* Copies from the last byte to the first: for areas that overlap with dst
 * above src. By words only if both are aligned alike, as what is moved by
 * whole elements is. */
NO_LOOP_TO_CALL static void *
copy_down(uint8_t *dst, const uint8_t *src, size_t n)
{
    dst += n, src += n;
    if (n >= SHORT_RUN && misalignment(dst) == misalignment(src)) {
        for (; misalignment(dst) != 0; n--)
            *--dst = *--src;
        for (; n >= BLOCK; n -= BLOCK) {
            dst -= BLOCK, src -= BLOCK;
            copy_block((word_t *)dst, (const word_t *)src);
        }
        for (; n >= WORD; n -= WORD) {
            dst -= WORD, src -= WORD;
            *(word_t *)dst = *(const word_t *)src;
        }
    }
    while (n-- > 0)
        *--dst = *--src;
    return dst;
}

void *
memcpy(void *restrict dst, const void *restrict src, size_t n)
{
    return copy_up(dst, src, n);
}

void *
memmove(void *dst, const void *src, size_t n)
{
    /* Also true, by wrapping, for every dst below src. */
    if ((uintptr_t)dst - (uintptr_t)src >= n)
        return copy_up(dst, src, n);
    return copy_down(dst, src, n);
}

NO_LOOP_TO_CALL void *
memset(void *dst, int byte, size_t n)
{
    uint8_t *p = dst;
    if (n >= SHORT_RUN) {
        word_t word = (uint8_t)byte * 0x0101010101010101u;
        for (; misalignment(p) != 0; n--)
            *p++ = (uint8_t)byte;
        for (; n >= BLOCK; p += BLOCK, n -= BLOCK) {
            word_t *w = (word_t *)p;
            w[0] = word, w[1] = word, w[2] = word, w[3] = word;
            w[4] = word, w[5] = word, w[6] = word, w[7] = word;
        }
        for (; n >= WORD; p += WORD, n -= WORD)
            *(word_t *)p = word;
    }
    while (n-- > 0)
        *p++ = (uint8_t)byte;
    return dst;
}

int
memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *p = a, *q = b;
    if (n >= SHORT_RUN && misalignment(p) == misalignment(q)) {
        for (; misalignment(p) != 0; p++, q++, n--)
            if (*p != *q)
                return *p - *q;
        for (; n >= WORD; p += WORD, q += WORD, n -= WORD)
            if (*(const word_t *)p != *(const word_t *)q)
                break;
    }
    for (; n > 0; p++, q++, n--)
        if (*p != *q)
            return *p - *q;
    return 0;
}

void *
memchr(const void *s, int byte, size_t n)
{
    const uint8_t *p = s;
    for (; n > 0; p++, n--)
        if (*p == (uint8_t)byte)
            return (void *)(uintptr_t)p;
    return NULL;
}

NO_LOOP_TO_CALL size_t
strlen(const char *s)
{
    const char *end = s;
    while (*end != '\0')
        end++;
    return (size_t)(end - s);
}

size_t
strnlen(const char *s, size_t max)
{
    size_t len = 0;
    while (len < max && s[len] != '\0')
        len++;
    return len;
}

int
strcmp(const char *a, const char *b)
{
    for (; *a == *b && *a != '\0'; a++, b++)
        ;
    return (unsigned char)*a - (unsigned char)*b;
}

int
strncmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; a++, b++, n--)
        if (*a != *b || *a == '\0')
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

char *
strchr(const char *s, int c)
{
    for (; *s != (char)c; s++)
        if (*s == '\0')
            return NULL;
    return (char *)(uintptr_t)s;
}

char *
strrchr(const char *s, int c)
{
    const char *last = NULL;
    do {
        if (*s == (char)c)
            last = s;
    } while (*s++ != '\0');
    return (char *)(uintptr_t)last;
}

size_t
strlcpy(char *dst, const char *src, size_t size)
{
    size_t len = strlen(src);
    if (size > 0) {
        size_t copied = MIN(len, size - 1);
        memcpy(dst, src, copied);
        dst[copied] = '\0';
    }
    return len;
}
