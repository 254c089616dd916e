/* The kernel's snprintf against the C library's, over every conversion, flag
 * and length, and random widths, precisions and values. FMT_SEED in the
 * environment repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Under other names, both can live in one program. */
#define snprintf  k_snprintf
#define vsnprintf k_vsnprintf
#include "../../kernel/lib/fmt.c"
#undef snprintf
#undef vsnprintf

/* The formats here are made at run time, on purpose. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

#define ROUNDS 100000

static uint64_t random_state;

static uint64_t
random64(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1d;
}

static uint32_t
random_below(uint32_t limit)
{
    return (uint32_t)(random64() >> 32) % limit;
}

/* A value of any magnitude; often one at the edge of a type. */
static uint64_t
random_value(void)
{
    static const uint64_t edges[] = {
        0,          1,         9,          10,        0x7f,       0x80,
        0xff,       0x7fff,    0x8000,     0xffff,    0x7fffffff, 0x80000000,
        0xffffffff, INT64_MAX, 1ull << 63, UINT64_MAX};
    if (random_below(3) == 0)
        return edges[random_below(ARRAY_LEN(edges))];
    return random64() >> random_below(64);
}

/* Formats with both and compares text, length, and what a short buffer
 * gets. */
static void
check(const char *format, ...)
{
    char ours[512], theirs[512];
    memset(ours, '#', sizeof(ours));
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int expected = vsnprintf(theirs, sizeof(theirs), format, args);
    int len = k_vsnprintf(ours, sizeof(ours), format, again);
    va_end(again);
    va_end(args);
    if (len != expected || strcmp(ours, theirs) != 0)
        fail_msg("%s: \"%s\" (%d), but libc: \"%s\" (%d)", format, ours, len,
                 theirs, expected);

    char cut[512];
    size_t size = random_below((uint32_t)len + 2);
    memset(cut, '#', sizeof(cut));
    va_start(args, format);
    assert_int_equal(k_vsnprintf(cut, size, format, args), expected);
    va_end(args);
    size_t kept = size == 0 ? 0 : MIN(size - 1, (size_t)len);
    assert_memory_equal(cut, theirs, kept);
    if (size > 0)
        assert_int_equal(cut[kept], '\0');
    assert_int_equal(cut[size > 0 ? kept + 1 : 0], '#');
}

/* Writes "%[flags][width][.precision]". */
static char *
random_spec(char *at, const char *flags)
{
    *at++ = '%';
    for (; *flags != '\0'; flags++)
        if (random_below(3) == 0)
            *at++ = *flags;
    if (random_below(2) == 0)
        at += sprintf(at, "%u", 1 + random_below(40));
    if (random_below(2) == 0)
        at += sprintf(at, ".%u", random_below(30));
    return at;
}

static void
check_random_number(void)
{
    static const char *const lengths[] = {"", "l", "ll", "z"};
    static const char conversions[] = "dux";
    char conversion = conversions[random_below(sizeof(conversions) - 1)];
    char format[64] = "<";
    /* What ISO C leaves undefined is left out: '#' for decimal numbers. */
    char *at = random_spec(format + 1, conversion == 'x' ? "-0#" : "-0");
    unsigned length = random_below(ARRAY_LEN(lengths));
    sprintf(at, "%s%c>", lengths[length], conversion);
    uint64_t value = random_value();
    if (length == 0)
        check(format, (unsigned)value);
    else
        check(format, value);
}

static void
check_random_text(void)
{
    static const char *const texts[] = {"", "a", "umbra",
                                        "a text of a few words"};
    char format[64];
    char *at = random_spec(format, "-");
    strcpy(at, "s|");
    check(format, texts[random_below(ARRAY_LEN(texts))]);
    sprintf(format, "[%%%s%uc]", random_below(2) ? "-" : "",
            1 + random_below(20));
    check(format, 'a' + (int)random_below(26));
}

static void
test_random(void **state)
{
    (void)state;
    const char *text = getenv("FMT_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 1;
    print_message("FMT_SEED=%llu\n", (unsigned long long)seed);
    random_state = seed * 0x9e3779b97f4a7c15 | 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        check_random_number();
        check_random_text();
    }
}

static void
test_stars(void **state)
{
    (void)state;
    for (int width = -20; width <= 20; width++)
        for (int precision = -2; precision <= 12; precision++) {
            check("<%*d>", width, -42);
            check("<%.*d>", precision, 42);
            check("<%*.*x>", width, precision, 0xbeef);
            check("<%0*.*x>", width, precision, 0xbeef);
            check("<%*.*s>", width, precision, "some text");
            check("<%-*lu>", width, 123456789012ul);
        }
}

static void
test_plain(void **state)
{
    (void)state;
    check("%s", "");
    check("no conversion");
    check("100%%");
    check("%s%s%d%c%%%x", "a", "b", 3, '4', 5u);
    check("%.0d|%.0u|%.0x|%#.0x", 0, 0u, 0u, 0u);
    check("%#x %#x", 0u, 0xABCu);
    check("%ld %lu", INT64_MIN, UINT64_MAX);
    check("%c", 0);
}

static void
expect(const char *expected, const char *format, ...)
{
    char buf[128];
    va_list args;
    va_start(args, format);
    int len = k_vsnprintf(buf, sizeof(buf), format, args);
    va_end(args);
    assert_string_equal(buf, expected);
    assert_int_equal(len, strlen(expected));
}

/* Where the kernel's differs from the C library's, or is alone. */
static void
test_own(void **state)
{
    (void)state;
    expect("0x00000000deadbeef", "%p", (void *)0xdeadbeef);
    expect("0x0000000000000000", "%p", NULL);
    expect("  0x0000000000000001", "%20p", (void *)1);
    expect("0x0000000000000001  |", "%-20p|", (void *)1);
    expect("(null)", "%s", NULL);
    /* Printed as they stand. */
    expect("%k 1", "%k %d", 1);
    expect("%", "%");
    expect("a %-5", "a %-5");
    expect("%08.3f!", "%08.3f!");
    expect("%n", "%n");
}

/* %.*s must not look behind its precision. */
static void
test_unterminated(void **state)
{
    (void)state;
    char *text = malloc(3);
    memcpy(text, "abc", 3);
    expect("[abc]", "[%.3s]", text);
    expect("[ab]", "[%.*s]", 2, text);
    free(text);
}

static size_t calls, bytes;

static void
count_put(struct fmt_sink *sink, const char *text, size_t len)
{
    (void)sink;
    (void)text;
    assert_true(len > 0);
    calls++;
    bytes += len;
}

static size_t
format_to(struct fmt_sink *sink, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t len = fmt_vformat(sink, format, args);
    va_end(args);
    return len;
}

static void
test_sink(void **state)
{
    (void)state;
    struct fmt_sink sink = {.put = count_put};
    assert_int_equal(format_to(&sink, "literal text %100d end", 7), 117);
    assert_int_equal(bytes, 117);
    assert_true(calls < 12);
    assert_int_equal(format_to(&sink, ""), 0);
}

static void
test_size_zero(void **state)
{
    (void)state;
    assert_int_equal(k_snprintf(NULL, 0, "%d", 12345), 5);
    char one = '#';
    assert_int_equal(k_snprintf(&one, 1, "%d", 12345), 5);
    assert_int_equal(one, '\0');
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),  cmocka_unit_test(test_stars),
        cmocka_unit_test(test_own),    cmocka_unit_test(test_unterminated),
        cmocka_unit_test(test_sink),   cmocka_unit_test(test_size_zero),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
