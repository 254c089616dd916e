// SOURCES: kernel/lib/print.c kernel/lib/fmt.c
// CFLAGS: -Dsnprintf=kernel_snprintf -Dvsnprintf=kernel_vsnprintf
/* The log ring and what the console shows of it. The log lives as long as the
 * program, so every test starts at the log's end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/fmt.h"
#include "lib/print.h"

static char shown[1 << 20];
static size_t shown_len;
static uint64_t now, start;
static int depth, most_depth;

static void
put(const char *text, size_t len)
{
    memcpy(shown + shown_len, text, len);
    shown_len += len;
}

static uint64_t
get_now(void)
{
    return now;
}

static void
lock(void)
{
    assert_int_equal(depth, 0);
    most_depth = ++depth;
}

static void
unlock(void)
{
    assert_int_equal(depth, 1);
    depth--;
}

static int
setup(void **state UNUSED)
{
    static char waste[PRINT_LOG_SIZE];
    while (print_read_log(&start, waste, sizeof(waste)) > 0)
        ;
    shown_len = 0;
    now = 1234567890;
    print_hooks = (struct print_hooks){.put = put,
                                       .lock = lock,
                                       .unlock = unlock,
                                       .now_ns = get_now,
                                       .limit = PRINT_DEBUG};
    return 0;
}

static void
expect_shown(const char *want)
{
    assert_int_equal(shown_len, strlen(want));
    assert_memory_equal(shown, want, shown_len);
}

static void
expect_log(const char *want)
{
    static char buf[PRINT_LOG_SIZE + 1];
    size_t n = print_read_log(&start, buf, PRINT_LOG_SIZE);
    buf[n] = '\0';
    assert_string_equal(buf, want);
    assert_int_equal(print_read_log(&start, buf, PRINT_LOG_SIZE), 0);
}

static void
test_line(void **state UNUSED)
{
    pr_info("%s is %d", "answer", 42);
    expect_shown("[    1.234567] answer is 42\n");
    expect_log("<6>[    1.234567] answer is 42\n");
}

static void
test_limit(void **state UNUSED)
{
    print_hooks.limit = PRINT_NOTE;
    pr_info("quiet");
    pr_warn("loud");
    expect_shown("[    1.234567] loud\n");
    expect_log("<6>[    1.234567] quiet\n<4>[    1.234567] loud\n");
}

static void
test_no_console(void **state UNUSED)
{
    print_hooks.put = NULL;
    pr_err("only logged");
    expect_shown("");
    expect_log("<3>[    1.234567] only logged\n");
}

static void
test_no_clock(void **state UNUSED)
{
    print_hooks.now_ns = NULL;
    pr_info("early");
    expect_log("<6>[    0.000000] early\n");
}

static void
test_no_lock(void **state UNUSED)
{
    most_depth = 0;
    print_hooks.lock = NULL;
    pr_info("alone");
    assert_int_equal(most_depth, 0);
    expect_log("<6>[    1.234567] alone\n");
}

static void
test_controls_are_escaped(void **state UNUSED)
{
    pr_info("a\nb\x1b[2J\x7f\xc3\xa9");
    expect_log("<6>[    1.234567] a\\x0ab\\x1b[2J\\x7f\xc3\xa9\n");
}

static void
test_long_line_is_cut(void **state UNUSED)
{
    char text[2000], log[2000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    pr_info("%s", text);
    size_t n = print_read_log(&start, log, sizeof(log));
    assert_int_equal(n, 512);
    assert_memory_equal(log + 508, "...\n", 4);
}

static void
test_boot(void **state UNUSED)
{
    now = 12345678;
    print_boot("virtio0", "blk, %u descriptors", 128u);
    expect_shown("[0.012] virtio0   blk, 128 descriptors\n");
    expect_log("<6>[    0.012345] virtio0: blk, 128 descriptors\n");
}

static void
test_boot_quiet(void **state UNUSED)
{
    print_hooks.limit = PRINT_NOTE;
    print_boot("rtc", "x");
    expect_shown("");
    expect_log("<6>[    1.234567] rtc: x\n");
}

static void
test_ring_loses_whole_lines(void **state UNUSED)
{
    static char buf[PRINT_LOG_SIZE];
    uint64_t old = start;
    for (unsigned i = 0; i < 5000; i++)
        print(PRINT_DEBUG, "line %u", i);
    size_t n = print_read_log(&old, buf, sizeof(buf));
    assert_true(n > PRINT_LOG_SIZE - 64 && n <= PRINT_LOG_SIZE);
    assert_memory_equal(buf, "<7>[", 4);
    const char *last = "line 4999\n";
    assert_memory_equal(buf + n - strlen(last), last, strlen(last));
    assert_int_equal(shown_len, 0);
}

static void
test_read_piecewise(void **state UNUSED)
{
    char buf[64];
    size_t n = 0, got;
    pr_info("piece by piece");
    while ((got = print_read_log(&start, buf + n, 5)) > 0) {
        assert_true(got <= 5);
        n += got;
    }
    buf[n] = '\0';
    assert_string_equal(buf, "<6>[    1.234567] piece by piece\n");
}

static void
test_position_beyond_end(void **state UNUSED)
{
    char buf[8];
    uint64_t pos = UINT64_MAX;
    assert_int_equal(print_read_log(&pos, buf, sizeof(buf)), 0);
    assert_true(pos < UINT64_MAX);
}

/* A lock that is held for ever must not matter. */
static void
test_panic(void **state UNUSED)
{
    depth = 1;
    print_hooks.panicking = true;
    pr_err("still heard");
    expect_shown("[    1.234567] still heard\n");
    expect_log("<3>[    1.234567] still heard\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_line, setup),
        cmocka_unit_test_setup(test_limit, setup),
        cmocka_unit_test_setup(test_no_console, setup),
        cmocka_unit_test_setup(test_no_clock, setup),
        cmocka_unit_test_setup(test_no_lock, setup),
        cmocka_unit_test_setup(test_controls_are_escaped, setup),
        cmocka_unit_test_setup(test_long_line_is_cut, setup),
        cmocka_unit_test_setup(test_boot, setup),
        cmocka_unit_test_setup(test_boot_quiet, setup),
        cmocka_unit_test_setup(test_ring_loses_whole_lines, setup),
        cmocka_unit_test_setup(test_read_piecewise, setup),
        cmocka_unit_test_setup(test_position_beyond_end, setup),
        cmocka_unit_test_setup(test_panic, setup),
    };
    return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
