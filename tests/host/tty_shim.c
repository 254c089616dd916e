#include "tty_shim.h"
#include "abi/errno.h"
#include "arch/clock.h"
#include "dev/tty_impl.h"
#include "lib/panic.h"
#include "mm/slab.h"
#include "mm/uio.h"
#include "proc/cred.h"
#include "proc/signal.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct tty_shim tty_shim;

void
panic(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    abort();
}

/* ---- Locks and waiting ---- */

void
spin_init(struct spinlock *lock, const char *name, enum lock_rank rank)
{
    *lock = (struct spinlock){.name = name, .rank = rank};
}

void NO_LOCK_CHECK
spin_lock(struct spinlock *lock)
{
    if (lock->locked)
        panic("%s is locked twice", lock->name);
    lock->locked = 1;
}

void NO_LOCK_CHECK
spin_unlock(struct spinlock *lock)
{
    if (!lock->locked)
        panic("%s is unlocked twice", lock->name);
    lock->locked = 0;
}

void
waitq_init(struct waitq *wq)
{
    list_init(&wq->waiters);
}

void
waitq_wake_all(struct waitq *wq UNUSED)
{
    tty_shim.wakes++;
}

int NO_LOCK_CHECK
waitq_sleep_until(struct waitq *wq UNUSED, struct spinlock *lock,
                  uint64_t deadline_ns)
{
    int result = deadline_ns == WAIT_FOREVER ? -EINTR : -ETIMEDOUT;
    tty_shim.sleeps++;
    spin_unlock(lock);
    if (tty_shim.on_sleep)
        result = tty_shim.on_sleep(deadline_ns);
    else if (result == -ETIMEDOUT)
        tty_shim.now_ns = deadline_ns;
    spin_lock(lock);
    return result;
}

uint64_t
clock_now_ns(void)
{
    return tty_shim.now_ns;
}

/* ---- Memory ---- */

void *
kmalloc(size_t size)
{
    return tty_shim.fail_alloc ? NULL : malloc(size);
}

void *
kzalloc(size_t size)
{
    return tty_shim.fail_alloc ? NULL : calloc(1, size);
}

void
kfree(void *object)
{
    free(object);
}

static void *
pointer(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

int
uaccess_read(void *dst, uaddr_t src, size_t n)
{
    if (tty_shim.fail_copy)
        return -EFAULT;
    memcpy(dst, pointer(src.v), n);
    return 0;
}

int uaccess_read_now(void *dst, uaddr_t src, size_t n) ALIAS("uaccess_read");

int
uaccess_write(uaddr_t dst, const void *src, size_t n)
{
    if (tty_shim.fail_copy)
        return -EFAULT;
    memcpy(pointer(dst.v), src, n);
    return 0;
}

/* The next min(n, residual) bytes of the buffer; uio moves past them. */
static void *
advance(struct uio *uio, size_t *n)
{
    void *at = pointer(uio->vec->base + uio->skip);
    *n = MIN(*n, uio->residual);
    uio->skip += *n;
    uio->residual -= *n;
    return at;
}

int64_t
uio_fill(struct uio *uio, const void *src, size_t n)
{
    if (tty_shim.fail_copy)
        return -EFAULT;
    void *at = advance(uio, &n);
    memcpy(at, src, n);
    return (int64_t)n;
}

int64_t
uio_drain(struct uio *uio, void *dst, size_t n)
{
    if (tty_shim.fail_copy)
        return -EFAULT;
    void *at = advance(uio, &n);
    memcpy(dst, at, n);
    return (int64_t)n;
}

/* ---- Processes ---- */

int
signal_send_group(int pgid, int sig)
{
    tty_shim.groups[tty_shim.nsignals % SHIM_SIGNALS] = pgid;
    tty_shim.signals[tty_shim.nsignals % SHIM_SIGNALS] = sig;
    tty_shim.nsignals++;
    return 0;
}

bool
tty_job_is_stranger(const struct tty *tty UNUSED)
{
    return false;
}

int
tty_job_check(struct tty *tty UNUSED, int sig)
{
    return sig == tty_shim.refused ? -EIO : 0;
}

const struct cred *
cred_current(void)
{
    static const struct cred root;
    return &root;
}

int
tty_job_ioctl(struct tty *tty UNUSED, unsigned request UNUSED,
              uaddr_t arg UNUSED)
{
    return -ENOTTY;
}

/* ---- A port with a sender that waits and a screen that fills ---- */

struct tty_shim_port tty_shim_port;

static size_t
port_write(void *port UNUSED, const char *text, size_t len)
{
    len = MIN(len, tty_shim_port.output_room);
    memcpy(tty_shim_port.output + tty_shim_port.output_len, text, len);
    tty_shim_port.output_len += len;
    tty_shim_port.output_room -= len;
    return len;
}

static size_t
port_room(void *port UNUSED)
{
    return tty_shim_port.output_room;
}

static size_t
port_queued(void *port UNUSED)
{
    return tty_shim_port.queued;
}

static void
port_discard(void *port UNUSED)
{
    tty_shim_port.discards++;
    tty_shim_port.queued = 0;
}

static size_t
port_read(void *port UNUSED, char *buf, size_t max)
{
    size_t n = MIN(max, tty_shim_port.input_len);
    memcpy(buf, tty_shim_port.input, n);
    tty_shim_port.input += n;
    tty_shim_port.input_len -= n;
    return n;
}

static const struct tty_port test_port = {
    .write = port_write,
    .room = port_room,
    .queued = port_queued,
    .discard = port_discard,
    .read = port_read,
};

struct tty *
tty_shim_make(void)
{
    static uint64_t rdev;
    tty_shim = (struct tty_shim){0};
    memset(&tty_shim_port, 0, sizeof(tty_shim_port));
    tty_shim_port.input = "";
    tty_shim_port.output_room = sizeof(tty_shim_port.output);
    struct tty *tty;
    assert_int_equal(tty_create(&test_port, NULL, ++rdev, &tty), 0);
    tty->foreground = 7;
    return tty;
}

void
tty_shim_type(struct tty *tty, const char *text, size_t len)
{
    assert_int_equal(tty_shim_port.input_len, 0);
    tty_shim_port.input = text;
    tty_shim_port.input_len = len;
    tty_input_ready(tty);
}

int64_t
tty_shim_read(struct tty *tty, char *buf, size_t max, bool nonblock)
{
    struct uio uio;
    struct uio_vec vec;
    uio_init_kernel(&uio, &vec, buf, max);
    return tty_read(tty, &uio, nonblock);
}

int64_t
tty_shim_write(struct tty *tty, const char *text, size_t len, bool nonblock)
{
    struct uio uio;
    struct uio_vec vec;
    uio_init_kernel(&uio, &vec, (char *)(uintptr_t)text, len);
    return tty_write(tty, &uio, nonblock);
}

void
expect_read(struct tty *tty, const char *want)
{
    char buf[8192];
    int64_t n = tty_shim_read(tty, buf, sizeof(buf), true);
    assert_int_equal(n, strlen(want));
    assert_memory_equal(buf, want, (size_t)n);
}

void
expect_nothing(struct tty *tty)
{
    char c;
    assert_int_equal(tty_shim_read(tty, &c, 1, true), -EAGAIN);
}

void
expect_shown(const char *want)
{
    char shown[512];
    assert_true(tty_shim_port.output_len < sizeof(shown));
    memcpy(shown, tty_shim_port.output, tty_shim_port.output_len);
    shown[tty_shim_port.output_len] = '\0';
    assert_string_equal(shown, want);
}
