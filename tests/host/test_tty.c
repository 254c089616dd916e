// SOURCES: kernel/dev/tty.c kernel/dev/tty_line.c
// SOURCES: kernel/dev/tty_ioctl.c tests/host/tty_shim.c
/* Terminals: waiting, floods, writing, requests. What typing does is in
 * test_tty_line.c. */
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

/* ---- Requests ---- */

static uaddr_t
address(void *p)
{
    return uaddr((uintptr_t)p);
}

static void
test_termios(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    struct termios t;
    assert_int_equal(tty_ioctl(tty, TCGETS, address(&t)), 0);
    assert_true(t.c_lflag & ICANON);
    assert_int_equal(t.c_cc[VINTR], 3);
    t.c_lflag &= ~(uint32_t)(ICANON | ECHO);
    assert_int_equal(tty_ioctl(tty, TCSETS, address(&t)), 0);
    tty_shim_type(tty, "a", 1);
    expect_read(tty, "a");
    tty_shim.fail_copy = true;
    assert_int_equal(tty_ioctl(tty, TCGETS, address(&t)), -EFAULT);
    assert_int_equal(tty_ioctl(tty, TCSETS, address(&t)), -EFAULT);
    tty_put(tty);
}

static void
switch_canonical(struct tty *tty, bool on)
{
    struct termios t = tty->termios;
    t.c_lflag = on ? t.c_lflag | ICANON : t.c_lflag & ~(uint32_t)ICANON;
    assert_int_equal(tty_ioctl(tty, TCSETS, address(&t)), 0);
}

static void
test_mode_switch_keeps_input(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    tty_shim_type(tty, "ab", 2);
    expect_nothing(tty);
    switch_canonical(tty, false);
    expect_read(tty, "ab");
    tty_shim_type(tty, "cd", 2);
    switch_canonical(tty, true);
    tty_shim_type(tty, "\x7f\n", 2);
    char buf[8];
    assert_int_equal(tty_shim_read(tty, buf, 2, true), 2);
    assert_memory_equal(buf, "cd", 2);
    expect_read(tty, "\n");
    tty_put(tty);
}

static void
test_raw_then_canonical(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    switch_canonical(tty, false);
    for (unsigned i = 0; i < 3000; i++) {
        tty_shim_type(tty, "xyz", 3);
        expect_read(tty, "xyz");
    }
    switch_canonical(tty, true);
    tty_shim_port.output_len = 0;
    tty_shim_type(tty, "ab\x7f\n", 4);
    expect_shown("ab"
                 "\b \b"
                 "\r\n");
    expect_read(tty, "a\n");
    tty_put(tty);
}

static void
test_flush(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    struct termios t = tty->termios;
    tty_shim_type(tty, "a\nb", 3);
    assert_int_equal(tty_ioctl(tty, TCSETSF, address(&t)), 0);
    expect_nothing(tty);
    tty_shim_type(tty, "c\nd", 3);
    assert_int_equal(tty_ioctl(tty, TCFLSH, uaddr(TCIFLUSH)), 0);
    expect_nothing(tty);
    assert_int_equal(tty_ioctl(tty, TCFLSH, uaddr(3)), -EINVAL);
    tty_put(tty);
}

static int
finish_output(uint64_t deadline UNUSED)
{
    tty_shim_port.queued = 0;
    return 0;
}

static void
test_drain(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    struct termios t = tty->termios;
    t.c_oflag = 0;
    tty_shim_port.queued = 3;
    assert_int_equal(tty_ioctl(tty, TCSETSW, address(&t)), -EINTR);
    assert_true(tty->termios.c_oflag & OPOST);
    tty_shim.on_sleep = finish_output;
    assert_int_equal(tty_ioctl(tty, TCSETSW, address(&t)), 0);
    assert_false(tty->termios.c_oflag & OPOST);
    tty_put(tty);
}

static void
test_output_dropped(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    int n = -1;
    tty_shim_port.queued = 3;
    assert_int_equal(tty_ioctl(tty, TIOCOUTQ, address(&n)), 0);
    assert_int_equal(n, 3);
    assert_int_equal(tty_ioctl(tty, TCFLSH, uaddr(TCIFLUSH)), 0);
    assert_int_equal(tty_shim_port.discards, 0);
    assert_int_equal(tty_ioctl(tty, TCFLSH, uaddr(TCOFLUSH)), 0);
    assert_int_equal(tty_shim_port.discards, 1);
    tty_shim_type(tty, "\x03", 1);
    assert_int_equal(tty_shim_port.discards, 2);
    tty->termios.c_lflag |= NOFLSH;
    tty_shim_type(tty, "a\n\x03", 3);
    assert_int_equal(tty_shim_port.discards, 2);
    expect_read(tty, "a\n");
    tty_put(tty);
}

static void
test_flow(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    assert_int_equal(tty_ioctl(tty, TCXONC, uaddr(TCOOFF)), 0);
    assert_int_equal(tty_shim_write(tty, "x", 1, true), -EAGAIN);
    assert_int_equal(tty_ioctl(tty, TCXONC, uaddr(TCOON)), 0);
    assert_int_equal(tty_shim_write(tty, "x", 1, true), 1);
    assert_int_equal(tty_ioctl(tty, TCXONC, uaddr(TCIOFF)), 0);
    assert_int_equal(tty_ioctl(tty, TCXONC, uaddr(TCION)), 0);
    expect_shown("x\x13\x11");
    assert_int_equal(tty_ioctl(tty, TCXONC, uaddr(4)), -EINVAL);
    tty->termios.c_iflag |= IXANY;
    tty_shim_type(tty,
                  "\x13"
                  "a",
                  2);
    assert_int_equal(tty_shim_write(tty, "y", 1, true), 1);
    tty_put(tty);
}

/* In the background: output only with TOSTOP, settings always. */
static void
test_background(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    struct termios t = tty->termios;
    char c;
    tty_shim.refused = SIGTTOU;
    assert_int_equal(tty_shim_write(tty, "x", 1, true), 1);
    assert_int_equal(tty_ioctl(tty, TCGETS, address(&t)), 0);
    assert_int_equal(tty_ioctl(tty, TCSETS, address(&t)), -EIO);
    assert_int_equal(tty_ioctl(tty, TCFLSH, uaddr(TCIFLUSH)), -EIO);
    tty->termios.c_lflag |= TOSTOP;
    assert_int_equal(tty_shim_write(tty, "x", 1, true), -EIO);
    tty_shim.refused = SIGTTIN;
    assert_int_equal(tty_shim_read(tty, &c, 1, true), -EIO);
    tty_put(tty);
}

static struct tty *hung;

static int
set_hung_up(uint64_t deadline UNUSED)
{
    hung->hung_up = true;
    return 0;
}

static void
test_hung_up(void **state UNUSED)
{
    struct tty *tty = hung = tty_shim_make();
    int n;
    char c;
    tty_shim.on_sleep = set_hung_up;
    assert_int_equal(tty_shim_read(tty, &c, 1, false), -EIO);
    tty_shim_type(tty, "a\n", 2);
    assert_int_equal(tty_shim_read(tty, &c, 1, false), 0);
    assert_int_equal(tty_shim_write(tty, "x", 1, false), -EIO);
    assert_int_equal(tty_ioctl(tty, FIONREAD, address(&n)), -EIO);
    assert_int_equal(tty_ioctl(tty, TIOCSPGRP, address(&n)), -ENOTTY);
    hung->hung_up = false;
    tty_shim_port.output_room = 0;
    assert_int_equal(tty_shim_write(tty, "x", 1, false), -EIO);
    tty_put(tty);
}

static void
test_winsize(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    struct winsize w;
    assert_int_equal(tty_ioctl(tty, TIOCGWINSZ, address(&w)), 0);
    assert_int_equal(w.ws_row, 0);
    assert_int_equal(w.ws_col, 0);
    assert_int_equal(tty_ioctl(tty, TIOCSWINSZ, address(&w)), 0);
    assert_int_equal(tty_shim.nsignals, 0);
    w.ws_col = 132;
    assert_int_equal(tty_ioctl(tty, TIOCSWINSZ, address(&w)), 0);
    assert_int_equal(tty_shim.signals[0], SIGWINCH);
    tty_put(tty);
}

static void
test_count(void **state UNUSED)
{
    struct tty *tty = tty_shim_make();
    int n = -1;
    assert_int_equal(tty_ioctl(tty, FIONREAD, address(&n)), 0);
    assert_int_equal(n, 0);
    tty_shim_type(tty, "ab\ncd", 5);
    assert_int_equal(tty_ioctl(tty, FIONREAD, address(&n)), 0);
    assert_int_equal(n, 3);
    assert_int_equal(tty_ioctl(tty, 0x1234, uaddr(0)), -ENOTTY);
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
        cmocka_unit_test(test_termios),
        cmocka_unit_test(test_mode_switch_keeps_input),
        cmocka_unit_test(test_raw_then_canonical),
        cmocka_unit_test(test_flush),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_output_dropped),
        cmocka_unit_test(test_flow),
        cmocka_unit_test(test_background),
        cmocka_unit_test(test_hung_up),
        cmocka_unit_test(test_winsize),
        cmocka_unit_test(test_count),
    };
    return cmocka_run_group_tests_name("tty", tests, NULL, NULL);
}
