/* The kernel's string functions against the C library's: every size up to
 * 130 bytes, both sides at every alignment, every overlap. Each source and
 * destination ends with its allocation, so that the address sanitizer sees a
 * step too far. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "abi/errno.h"

/* Under other names, both can live in one program. */
#define memcpy  k_memcpy
#define memmove k_memmove
#define memset  k_memset
#define memcmp  k_memcmp
#define memchr  k_memchr
#define strlen  k_strlen
#define strnlen k_strnlen
#define strcmp  k_strcmp
#define strncmp k_strncmp
#define strchr  k_strchr
#define strrchr k_strrchr
#define strlcpy k_strlcpy
#include "../../kernel/lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr

#define SIZE_MAX_TESTED 130
#define ALIGNMENTS      8
#define GUARD           16 /* bytes on each side that must stay as they are */

static void
fill_counting(uint8_t *p, size_t n, unsigned first)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(first + i * 7);
}

/* An allocation of exactly align + n bytes; *start is where the n begin. */
static uint8_t *
allocate(unsigned align, size_t n, uint8_t **start)
{
    uint8_t *base = malloc(align + n + (align + n == 0));
    assert_non_null(base);
    *start = base + align;
    return base;
}

static void
test_memcpy(void **state)
{
    (void)state;
    for (size_t n = 0; n <= SIZE_MAX_TESTED; n++)
        for (unsigned pair = 0; pair < ALIGNMENTS * ALIGNMENTS; pair++) {
            uint8_t *from, *to;
            uint8_t *from_base = allocate(pair / ALIGNMENTS, n, &from);
            uint8_t *to_base = allocate(pair % ALIGNMENTS, n, &to);
            fill_counting(from, n, (unsigned)n);
            memset(to_base, 0xee, pair % ALIGNMENTS + n);
            assert_ptr_equal(k_memcpy(to, from, n), to);
            assert_memory_equal(to, from, n);
            for (uint8_t *p = to_base; p < to; p++)
                assert_int_equal(*p, 0xee);
            free(from_base);
            free(to_base);
        }
}

static void
test_memmove(void **state)
{
    (void)state;
    enum { SPAN = 3 * SIZE_MAX_TESTED };
    uint8_t buf[SPAN], expected[SPAN];
    for (size_t n = 0; n <= SIZE_MAX_TESTED; n++)
        for (unsigned from = 0; from < ALIGNMENTS; from++)
            for (size_t to = 0; to <= SIZE_MAX_TESTED + ALIGNMENTS; to++) {
                /* dst below src by as much as it was above. */
                for (unsigned swap = 0; swap < 2; swap++) {
                    size_t src = swap ? to : from, dst = swap ? from : to;
                    fill_counting(buf, SPAN, 1);
                    fill_counting(expected, SPAN, 1);
                    memmove(expected + dst, expected + src, n);
                    assert_ptr_equal(k_memmove(buf + dst, buf + src, n),
                                     buf + dst);
                    assert_int_equal(memcmp(buf, expected, SPAN), 0);
                }
            }
}

/* Whole blocks, in both directions, at the ends of an allocation. */
static void
test_memmove_large(void **state)
{
    (void)state;
    enum { SPAN = 9000 };
    for (unsigned shift = 1; shift <= 80; shift++) {
        uint8_t *buf = malloc(SPAN), *expected = malloc(SPAN);
        fill_counting(buf, SPAN, shift);
        fill_counting(expected, SPAN, shift);
        k_memmove(buf, buf + shift, SPAN - shift);
        memmove(expected, expected + shift, SPAN - shift);
        assert_memory_equal(buf, expected, SPAN);
        k_memmove(buf + shift, buf, SPAN - shift);
        memmove(expected + shift, expected, SPAN - shift);
        assert_memory_equal(buf, expected, SPAN);
        free(buf);
        free(expected);
    }
}

static void
test_memset(void **state)
{
    (void)state;
    static const int values[] = {0, 1, 0x80, 0xff, -1, 0x1234};
    uint8_t buf[SIZE_MAX_TESTED + ALIGNMENTS + 2 * GUARD];
    uint8_t expected[sizeof(buf)];
    for (size_t n = 0; n <= SIZE_MAX_TESTED; n++)
        for (unsigned align = 0; align < ALIGNMENTS; align++)
            for (unsigned v = 0; v < ARRAY_LEN(values); v++) {
                memset(buf, 0x5a, sizeof(buf));
                memset(expected, 0x5a, sizeof(buf));
                uint8_t *p = buf + GUARD + align;
                memset(expected + GUARD + align, values[v], n);
                assert_ptr_equal(k_memset(p, values[v], n), p);
                assert_memory_equal(buf, expected, sizeof(buf));
            }
}

static int
sign(int value)
{
    return (value > 0) - (value < 0);
}

static void
test_memcmp_and_memchr(void **state)
{
    (void)state;
    for (size_t n = 0; n <= SIZE_MAX_TESTED; n++)
        for (unsigned pair = 0; pair < ALIGNMENTS * ALIGNMENTS; pair++) {
            uint8_t *a, *b;
            uint8_t *a_base = allocate(pair / ALIGNMENTS, n, &a);
            uint8_t *b_base = allocate(pair % ALIGNMENTS, n, &b);
            memset(a, 0x55, n);
            memset(b, 0x55, n);
            assert_int_equal(k_memcmp(a, b, n), 0);
            assert_null(k_memchr(a, 0x54, n));
            for (size_t i = 0; i < n; i++) {
                b[i] = i % 2 ? 0xaa : 0;
                assert_int_equal(sign(k_memcmp(a, b, n)),
                                 sign(memcmp(a, b, n)));
                assert_int_equal(sign(k_memcmp(b, a, n)),
                                 sign(memcmp(b, a, n)));
                assert_int_equal(k_memcmp(a, b, i), 0);
                assert_ptr_equal(k_memchr(b, b[i] | 0x100, n), b + i);
                b[i] = 0x55;
            }
            free(a_base);
            free(b_base);
        }
}

static void
test_strings(void **state)
{
    (void)state;
    static const char *const words[] = {
        "",      "a",     "b",
        "ab",    "aba",   "abc",
        "abd",   "abcd",  "\xff\x80z",
        "a\x80", "a/b/c", "////",
        "/",     "a\x7f", "a longer string with several words in it"};
    for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
        const char *a = words[i];
        assert_int_equal(k_strlen(a), strlen(a));
        for (unsigned c = 0; c < 256; c++) {
            assert_ptr_equal(k_strchr(a, (int)c), strchr(a, (int)c));
            assert_ptr_equal(k_strrchr(a, (int)c), strrchr(a, (int)c));
        }
        for (size_t n = 0; n < 50; n++)
            assert_int_equal(k_strnlen(a, n), strnlen(a, n));
        for (unsigned j = 0; j < ARRAY_LEN(words); j++) {
            const char *b = words[j];
            assert_int_equal(sign(k_strcmp(a, b)), sign(strcmp(a, b)));
            for (size_t n = 0; n < 50; n++)
                assert_int_equal(sign(k_strncmp(a, b, n)),
                                 sign(strncmp(a, b, n)));
        }
    }
}

/* Not a byte behind the limit is looked at. */
static void
test_unterminated(void **state)
{
    (void)state;
    char *tight = malloc(3);
    memcpy(tight, "abc", 3);
    assert_int_equal(k_strnlen(tight, 3), 3);
    assert_int_equal(k_strncmp(tight, "abcd", 3), 0);
    free(tight);
}

static void
test_strlcpy(void **state)
{
    (void)state;
    for (size_t size = 0; size < 8; size++) {
        char buf[8];
        memset(buf, '#', sizeof(buf));
        assert_int_equal(k_strlcpy(buf, "hello", size), 5);
        size_t copied = size == 0 ? 0 : MIN(size - 1, 5u);
        assert_memory_equal(buf, "hello", copied);
        if (size > 0)
            assert_int_equal(buf[copied], '\0');
        for (size_t i = size > 0 ? copied + 1 : 0; i < sizeof(buf); i++)
            assert_int_equal(buf[i], '#');
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memcpy),
        cmocka_unit_test(test_memmove),
        cmocka_unit_test(test_memmove_large),
        cmocka_unit_test(test_memset),
        cmocka_unit_test(test_memcmp_and_memchr),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_unterminated),
        cmocka_unit_test(test_strlcpy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
