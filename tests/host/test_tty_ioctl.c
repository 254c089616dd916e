// SOURCES: kernel/dev/tty.c kernel/dev/tty_line.c
// SOURCES: kernel/dev/tty_ioctl.c tests/host/tty_shim.c
/* Terminals: requests, and what hangs up or stands in the background. */
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
    return cmocka_run_group_tests_name("tty_ioctl", tests, NULL, NULL);
}
