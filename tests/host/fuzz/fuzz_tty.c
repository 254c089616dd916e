// SOURCES: kernel/dev/tty.c kernel/dev/tty_line.c
// SOURCES: kernel/dev/tty_ioctl.c tests/host/tty_shim.c
/* The line discipline: typing, reading, writing and settings in any order, with
 * a sender that waits and a screen that fills. */
#include "fuzz.h"

#include "abi/errno.h"
#include "abi/termios.h"
#include "dev/tty_impl.h"
#include "tty_shim.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define STEPS_MAX 256u

/* Somebody has to wait: it takes what the sender still has, then a signal ends
 * the wait. */
static int
on_sleep(uint64_t deadline_ns)
{
    tty_shim_port.output_len = 0;
    if (tty_shim_port.output_room == 0 && tty_shim.sleeps % 3) {
        tty_shim_port.output_room = 7;
        return 0;
    }
    if (deadline_ns == WAIT_FOREVER)
        return -EINTR;
    tty_shim.now_ns = deadline_ns;
    return -ETIMEDOUT;
}

static void
type(struct tty *tty, struct fuzz_input *in)
{
    size_t n = 1 + fuzz_choose(in, 64);
    const uint8_t *bytes = fuzz_bytes(in, &n);

    /* What was held back before is lost: its sender has given up. */
    tty_shim_port.input_len = 0;
    tty_shim_type(tty, (const char *)bytes, n);
}

static void
read_some(struct tty *tty, struct fuzz_input *in)
{
    size_t n = fuzz_number(in, 1) * (fuzz_choose(in, 8) ? 1 : 20);
    char *buf = malloc(n + (n == 0));

    FUZZ_CHECK(buf);
    int64_t got = tty_shim_read(tty, buf, n, fuzz_choose(in, 2));
    FUZZ_CHECK(got <= (int64_t)n);
    FUZZ_CHECK(got >= 0 || got == -EAGAIN || got == -EINTR || got == -EIO ||
               got == -EFAULT || got == -ENOMEM);
    free(buf);
}

static void
write_some(struct tty *tty, struct fuzz_input *in)
{
    size_t n = fuzz_number(in, 1);
    uint8_t *bytes = fuzz_copy(in, n);

    tty_shim_port.output_len = 0;
    tty_shim_port.output_room = fuzz_choose(in, 4) ? 4096 : fuzz_choose(in, 8);
    int64_t put = tty_shim_write(tty, (char *)bytes, n, fuzz_choose(in, 2));
    FUZZ_CHECK(put <= (int64_t)n);
    free(bytes);
}

static void
set(struct tty *tty, struct fuzz_input *in)
{
    static const unsigned requests[] = {TCSETS, TCSETSW, TCSETSF};
    struct termios t = tty->termios;
    uint8_t *at = (uint8_t *)&t;

    for (unsigned n = 1 + fuzz_choose(in, 4); n > 0; n--)
        at[fuzz_choose(in, sizeof(t))] ^= (uint8_t)fuzz_number(in, 1);
    int err =
        tty_ioctl(tty, requests[fuzz_choose(in, 3)], uaddr((uintptr_t)&t));
    FUZZ_CHECK(err <= 0);
}

static void
control(struct tty *tty, struct fuzz_input *in)
{
    static const unsigned with_number[] = {TCSBRK, TCXONC, TCFLSH, TCSBRKP};
    static const unsigned with_memory[] = {TCGETS, TIOCOUTQ, TIOCGWINSZ,
                                           TIOCSWINSZ, FIONREAD};
    uint8_t memory[64] = {0};

    if (fuzz_choose(in, 2))
        (void)!tty_ioctl(tty, with_number[fuzz_choose(in, 4)],
                         uaddr(fuzz_choose(in, 5)));
    else
        (void)!tty_ioctl(tty, with_memory[fuzz_choose(in, 5)],
                         uaddr((uintptr_t)memory));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct tty *tty = tty_shim_make();

    tty_shim.on_sleep = on_sleep;
    for (unsigned i = 0; i < STEPS_MAX && in.left > 0; i++) {
        switch (fuzz_choose(&in, 8)) {
        case 0:
        case 1:
        case 2:
            type(tty, &in);
            break;
        case 3:
            read_some(tty, &in);
            break;
        case 4:
            write_some(tty, &in);
            break;
        case 5:
            set(tty, &in);
            break;
        case 6:
            control(tty, &in);
            break;
        case 7:
            tty_shim_port.output_len = 0;
            tty_shim_port.output_room = fuzz_number(&in, 1);
            tty_output_ready(tty);
            break;
        }
    }
    tty_put(tty);
    return 0;
}
