// SOURCES: kernel/dev/tty.c kernel/dev/tty_line.c
// SOURCES: kernel/dev/tty_ioctl.c tests/host/tty_shim.c
/* Terminals: waiting, floods, writing. What typing does is in test_tty_line.c,
 * requests in test_tty_ioctl.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "abi/errno.h"
#include "abi/signal.h"
#include "dev/tty_impl.h"
#include "tty_shim.h"

static void
clear_local(struct tty *tty, uint32_t off)
{
    tty->termios.c_lflag &= ~off;
}

static void
no_echo(struct tty *tty)
{
    clear_local(tty, ECHO);
}

static void
raw(struct tty *tty)
{
    clear_local(tty, ICANON | ECHO | ISIG | IEXTEN);
    tty->termios.c_iflag = 0;
}

/* ---- Reading ---- */

static void
test_short_reads(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    char buf[4];
    tty_shim_type(tty, "hello\n", 6);
    assert_int_equal(tty_shim_read(tty, buf, 4, true), 4);
    assert_memory_equal(buf, "hell", 4);
    assert_int_equal(tty_shim_read(tty, buf, 4, true), 2);
    assert_memory_equal(buf, "o\n", 2);
    expect_nothing(tty);
    tty_put(tty);
}

static void
test_end_of_file_fits(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    char buf[4];
    tty_shim_type(tty,
                  "abcd"
                  "\x04"
                  "x\n",
                  7);
    assert_int_equal(tty_shim_read(tty, buf, 4, true), 4);
    expect_read(tty, "x\n");
    tty_put(tty);
}

static void
test_zero_length(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    char c;
    assert_int_equal(tty_shim_read(tty, &c, 0, false), 0);
    tty_put(tty);
}

static struct tty *sleeper;

static int
type_line(uint64_t deadline UNUSED)
{
    tty_shim_type(sleeper, "x\n", 2);
    return 0;
}

static void
test_read_sleeps(void **state UNUSED)
{
    struct tty *tty = sleeper = tty_shim_make();
    char buf[8];
    tty_shim.on_sleep = type_line;
    assert_int_equal(tty_shim_read(tty, buf, sizeof(buf), false), 2);
    assert_int_equal(tty_shim.sleeps, 1);
    tty_shim.on_sleep = NULL;
    assert_int_equal(tty_shim_read(tty, buf, sizeof(buf), false), -EINTR);
    tty_put(tty);
}

static void
set_min_time(struct tty *tty, uint8_t min, uint8_t time)
{
    raw(tty);
    tty->termios.c_cc[VMIN] = min;
    tty->termios.c_cc[VTIME] = time;
}

static void
test_raw_poll(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    char buf[8];
    set_min_time(tty, 0, 0);
    assert_int_equal(tty_shim_read(tty, buf, 8, false), 0);
    tty_shim_type(tty, "ab", 2);
    assert_int_equal(tty_shim_read(tty, buf, 8, false), 2);
    assert_int_equal(tty_shim.sleeps, 0);
    tty_put(tty);
}

static void
test_raw_timeout(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    char buf[8];
    set_min_time(tty, 0, 5);
    assert_int_equal(tty_shim_read(tty, buf, 8, false), 0);
    assert_int_equal(tty_shim.now_ns, 500000000);
    tty_put(tty);
}

static int
type_byte(uint64_t deadline)
{
    if (tty_shim.sleeps > 2) {
        tty_shim.now_ns = deadline;
        return deadline == WAIT_FOREVER ? -EINTR : -ETIMEDOUT;
    }
    tty_shim.now_ns += 100000000;
    tty_shim_type(sleeper, "y", 1);
    return 0;
}

static void
test_raw_between_bytes(void **state UNUSED)
{
    struct tty *tty = sleeper = tty_shim_make();
    char buf[8];
    set_min_time(tty, 5, 2);
    tty_shim.on_sleep = type_byte;
    assert_int_equal(tty_shim_read(tty, buf, 8, false), 2);
    /* Two bytes at 0.1 s and 0.2 s, and 0.2 s after the last. */
    assert_int_equal(tty_shim.now_ns, 400000000);
    tty_put(tty);
}

static void
test_raw_minimum(void **state UNUSED)
{
    struct tty *tty = sleeper = tty_shim_make();
    char buf[8];
    set_min_time(tty, 2, 0);
    tty_shim.on_sleep = type_byte;
    assert_int_equal(tty_shim_read(tty, buf, 8, false), 2);
    assert_int_equal(tty_shim.sleeps, 2);
    /* A read of less than VMIN waits for no more than it can hold. */
    tty_shim_type(tty, "z", 1);
    assert_int_equal(tty_shim_read(tty, buf, 1, false), 1);
    assert_int_equal(tty_shim.sleeps, 2);
    tty_put(tty);
}

/* ---- Floods ---- */

static char flood[20000];

static void
test_long_line(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    char buf[8192];
    no_echo(tty);
    memset(flood, 'a', 5000);
    flood[5000] = '\n';
    tty_shim_type(tty, flood, 5001);
    assert_int_equal(tty_shim_port.input_len, 0);
    assert_int_equal(tty_shim_port.output_len, 5000 - 4095);
    assert_int_equal(tty_shim_port.output[0], '\a');
    assert_int_equal(tty_shim_read(tty, buf, sizeof(buf), true), 4096);
    assert_int_equal(buf[4094], 'a');
    assert_int_equal(buf[4095], '\n');
    tty_put(tty);
}

static void
test_long_line_can_be_erased(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    no_echo(tty);
    memset(flood, 'a', 4095);
    tty_shim_type(tty, flood, 4095);
    tty_shim_type(tty,
                  "b"
                  "\x15"
                  "c\n",
                  4);
    expect_read(tty, "c\n");
    tty_put(tty);
}

static void
test_flood_of_lines(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    char buf[8192];
    size_t got = 0;
    no_echo(tty);
    for (size_t i = 0; i < sizeof(flood); i++)
        flood[i] = i % 10 == 9 ? '\n' : (char)('a' + i / 10 % 26);
    tty_shim_type(tty, flood, sizeof(flood));
    assert_true(tty_shim_port.input_len > 0); /* held back, not lost */
    while (got < sizeof(flood)) {
        assert_int_equal(tty_shim_read(tty, buf, sizeof(buf), true), 10);
        assert_memory_equal(buf, flood + got, 10);
        got += 10;
    }
    expect_nothing(tty);
    tty_put(tty);
}

static void
test_raw_flood(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    char buf[1000];
    size_t got = 0;
    raw(tty);
    for (size_t i = 0; i < sizeof(flood); i++)
        flood[i] = (char)(i * 7);
    tty_shim_type(tty, flood, sizeof(flood));
    assert_int_equal(tty_shim_port.input_len, sizeof(flood) - TTY_INPUT_SIZE);
    while (got < sizeof(flood)) {
        int64_t n = tty_shim_read(tty, buf, sizeof(buf), true);
        assert_true(n > 0);
        assert_memory_equal(buf, flood + got, (size_t)n);
        got += (size_t)n;
    }
    tty_put(tty);
}

static void
test_echo_holds_input_back(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    tty_shim_port.output_room = 300;
    memset(flood, 'a', 100);
    tty_shim_type(tty, flood, 100);
    assert_true(tty_shim_port.input_len > 0);
    tty_shim_port.output_room = 1000;
    tty_output_ready(tty);
    assert_int_equal(tty_shim_port.input_len, 0);
    assert_int_equal(tty_shim_port.output_len, 100);
    tty_put(tty);
}

static void
test_kill_wrapped_line(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    memset(flood, 'a', 100);
    tty_shim_type(tty, flood, 100);
    tty_shim_port.output_len = 0;
    tty_shim_type(tty,
                  "\x15"
                  "b\n",
                  3);
    expect_shown("^U\r\nb\r\n");
    expect_read(tty, "b\n");
    tty_put(tty);
}

/* ---- Writing ---- */

static void
test_write(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    assert_int_equal(tty_shim_write(tty, "a\nb\r\n", 5, false), 5);
    expect_shown("a\r\nb\r\r\n");
    tty_put(tty);
}

static int
make_room(uint64_t deadline UNUSED)
{
    tty_shim_port.output_room += 3;
    return 0;
}

static void
test_write_waits(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    tty_shim_port.output_room = 3;
    tty_shim.on_sleep = make_room;
    assert_int_equal(tty_shim_write(tty, "one\ntwo\nthree\n", 14, false), 14);
    expect_shown("one\r\ntwo\r\nthree\r\n");
    assert_true(tty_shim.sleeps > 3);
    tty_put(tty);
}

static void
test_write_interrupted(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    tty_shim_port.output_room = 4;
    assert_int_equal(tty_shim_write(tty, "abcdef", 6, false), 4);
    assert_int_equal(tty_shim_write(tty, "ef", 2, false), -EINTR);
    assert_int_equal(tty_shim_write(tty, "ef", 2, true), -EAGAIN);
    assert_false(tty->writing);
    tty_put(tty);
}

static void
test_write_stopped(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    tty_shim_type(tty, "\x13", 1);
    assert_int_equal(tty_shim_write(tty, "x", 1, true), -EAGAIN);
    tty_shim_type(tty, "\x11", 1);
    assert_int_equal(tty_shim_write(tty, "x", 1, true), 1);
    tty_put(tty);
}

static void
test_write_takes_turns(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    tty->writing = true;
    assert_int_equal(tty_shim_write(tty, "x", 1, true), -EAGAIN);
    assert_int_equal(tty_shim_write(tty, "x", 1, false), -EINTR);
    tty_put(tty);
}

static void
test_bad_memory(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    char c;
    tty_shim_type(tty, "a\n", 2);
    tty_shim.fail_copy = true;
    assert_int_equal(tty_shim_read(tty, &c, 1, true), -EFAULT);
    assert_int_equal(tty_shim_write(tty, "x", 1, true), -EFAULT);
    assert_false(tty->writing);
    tty_shim.fail_copy = false;
    tty_shim.fail_alloc = true;
    assert_int_equal(tty_shim_read(tty, &c, 1, true), -ENOMEM);
    tty_put(tty);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_reads),
        cmocka_unit_test(test_end_of_file_fits),
        cmocka_unit_test(test_zero_length),
        cmocka_unit_test(test_read_sleeps),
        cmocka_unit_test(test_raw_poll),
        cmocka_unit_test(test_raw_timeout),
        cmocka_unit_test(test_raw_between_bytes),
        cmocka_unit_test(test_raw_minimum),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_long_line_can_be_erased),
        cmocka_unit_test(test_flood_of_lines),
        cmocka_unit_test(test_raw_flood),
        cmocka_unit_test(test_echo_holds_input_back),
        cmocka_unit_test(test_kill_wrapped_line),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_waits),
        cmocka_unit_test(test_write_interrupted),
        cmocka_unit_test(test_write_stopped),
        cmocka_unit_test(test_write_takes_turns),
        cmocka_unit_test(test_bad_memory),
    };
    return cmocka_run_group_tests_name("tty", tests, NULL, NULL);
}
