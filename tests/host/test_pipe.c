/* Pipes: order, atomicity, ends that close, signals and bad memory. */
// SOURCES: kernel/fs/pipe.c kernel/fs/file.c kernel/fs/path.c
// SOURCES: kernel/fs/dentry.c kernel/fs/context.c kernel/fs/inode.c
// SOURCES: kernel/mm/uio.c mkfs/host_kernel.c tests/host/fs_shim.c
#include "fs_shim.h"

#include "abi/errno.h"
#include "abi/limits.h"
#include "abi/signal.h"
#include "abi/stat.h"
#include "abi/termios.h"
#include "fs/file.h"
#include "fs/pipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct file *ends[2];
static char text[2 * PIPE_SIZE], got[2 * PIPE_SIZE];

static int64_t
write_pipe(const void *src, size_t n)
{
    struct uio uio;
    struct uio_vec vec;
    uio_init_user(&uio, &vec, uaddr((uintptr_t)src), n);
    return file_transfer(ends[1], FILE_WRITE, &uio, NULL);
}

static int64_t
read_pipe(void *dst, size_t n)
{
    struct uio uio;
    struct uio_vec vec;
    uio_init_user(&uio, &vec, uaddr((uintptr_t)dst), n);
    return file_transfer(ends[0], FILE_READ, &uio, NULL);
}

static void
close_end(int i)
{
    file_put(ends[i]);
    ends[i] = NULL;
}

static void
set_nonblocking(void)
{
    ends[0]->flags |= O_NONBLOCK;
    ends[1]->flags |= O_NONBLOCK;
}

static void
test_order(void **state UNUSED)
{
    assert_int_equal(write_pipe("abc", 3), 3);
    assert_int_equal(write_pipe("defgh", 5), 5);
    assert_int_equal(read_pipe(got, 2), 2);
    assert_memory_equal(got, "ab", 2);
    assert_int_equal(read_pipe(got, 100), 6);
    assert_memory_equal(got, "cdefgh", 6);
    assert_int_equal(write_pipe("", 0), 0);
    assert_int_equal(read_pipe(got, 0), 0);
}

/* Numbers that look random, below n. */
static size_t
random_below(size_t n)
{
    static uint64_t state = 1;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
}

/* Any sizes, the ring going round many times: bytes come out as they went
 * in. */
static void
test_stream(void **state UNUSED)
{
    size_t written = 0, read = 0;

    set_nonblocking();
    for (int step = 0; step < 3000; step++) {
        size_t n = random_below(step % 7 ? 5000 : PIPE_SIZE) + 1;
        if (random_below(2)) {
            for (size_t i = 0; i < n; i++)
                text[i] = (char)((written + i) * 7 % 251);
            int64_t put = write_pipe(text, n);
            if (put > 0)
                written += (size_t)put;
            else
                assert_int_equal(put, -EAGAIN);
        } else {
            int64_t some = read_pipe(got, n);
            assert_true(some > 0 || (some == -EAGAIN && read == written));
            for (int64_t i = 0; i < some; i++)
                assert_int_equal((uint8_t)got[i], (read + (size_t)i) * 7 % 251);
            read += some > 0 ? (size_t)some : 0;
        }
        assert_true(written - read <= PIPE_SIZE);
    }
    assert_true(read > 20 * PIPE_SIZE);
}

static void
test_nonblocking(void **state UNUSED)
{
    set_nonblocking();
    assert_int_equal(read_pipe(got, 1), -EAGAIN);
    assert_int_equal(write_pipe(text, 2 * PIPE_SIZE), PIPE_SIZE);
    assert_int_equal(write_pipe(text, 1), -EAGAIN);
    assert_int_equal(read_pipe(got, 100), 100);

    /* All or nothing up to PIPE_BUF, as much as fits beyond. */
    assert_int_equal(write_pipe(text, 101), -EAGAIN);
    assert_int_equal(write_pipe(text, PIPE_BUF), -EAGAIN);
    assert_int_equal(write_pipe(text, 60), 60);
    assert_int_equal(write_pipe(text, PIPE_BUF + 1), 40);
}

static void
test_closed_writer(void **state UNUSED)
{
    assert_int_equal(write_pipe("xy", 2), 2);
    close_end(1);
    assert_int_equal(read_pipe(got, 1), 1);
    assert_int_equal(read_pipe(got, 10), 1);
    assert_int_equal(read_pipe(got, 10), 0);
    assert_int_equal(read_pipe(got, 10), 0);
}

static void
test_closed_reader(void **state UNUSED)
{
    close_end(0);
    assert_int_equal(write_pipe("", 0), 0);
    assert_int_equal(shim_signals, 0);
    assert_int_equal(write_pipe("x", 1), -EPIPE);
    assert_int_equal(shim_signals, 1ull << SIGPIPE);
}

static int
write_five(void)
{
    assert_int_equal(write_pipe("later", 5), 5);
    return 0;
}

static int
interrupt(void)
{
    return -EINTR;
}

static int
close_writer(void)
{
    close_end(1);
    return 0;
}

static int
close_reader(void)
{
    close_end(0);
    return 0;
}

static int
read_1000(void)
{
    assert_int_equal(read_pipe(got, 1000), 1000);
    return 0;
}

static void
test_reader_sleeps(void **state UNUSED)
{
    shim_sleep = write_five;
    assert_int_equal(read_pipe(got, 10), 5);
    shim_sleep = interrupt;
    assert_int_equal(read_pipe(got, 10), -EINTR);
    shim_sleep = close_writer;
    assert_int_equal(read_pipe(got, 10), 0);
}

static void
test_writer_sleeps(void **state UNUSED)
{
    shim_sleep = read_1000;
    assert_int_equal(write_pipe(text, PIPE_SIZE + 2500), PIPE_SIZE + 2500);

    shim_sleep = interrupt;
    assert_int_equal(write_pipe(text, 501), -EINTR);
    assert_int_equal(write_pipe(text, PIPE_BUF + 500), 500);
    shim_sleep = close_reader;
    assert_int_equal(write_pipe(text, 1), -EPIPE);
}

static void
test_reader_leaves_a_writer(void **state UNUSED)
{
    shim_sleep = close_reader;
    assert_int_equal(write_pipe(text, PIPE_SIZE + 1), PIPE_SIZE);
    assert_int_equal(shim_signals, 1ull << SIGPIPE);
}

static void
test_bad_memory(void **state UNUSED)
{
    assert_int_equal(write_pipe((void *)SHIM_BAD_USER, 10), -EFAULT);
    assert_int_equal(write_pipe("ok", 2), 2);
    assert_int_equal(read_pipe((void *)SHIM_BAD_USER, 10), -EFAULT);
    assert_int_equal(read_pipe(got, 10), 2);
}

static bool met;

/* What others see of a pipe while a thread waits for its memory. */
static void
meet_writer(void)
{
    shim_faulting = NULL;
    shim_pages_away = false;
    met = true;
    assert_int_equal(write_pipe("second", 6), -EAGAIN); /* not its turn */
    assert_int_equal(read_pipe(got, 10), 3);
    assert_memory_equal(got, "old", 3);
    assert_int_equal(read_pipe(got, 10), -EAGAIN);
}

static void
meet_reader(void)
{
    shim_faulting = NULL;
    shim_pages_away = false;
    met = true;
    assert_int_equal(read_pipe(text, 10), -EAGAIN);
    assert_int_equal(write_pipe("new", 3), 3);
}

static void
test_turns(void **state UNUSED)
{
    set_nonblocking();
    assert_int_equal(write_pipe("old", 3), 3);
    met = false;
    shim_pages_away = true;
    shim_faulting = meet_writer;
    assert_int_equal(write_pipe("first", 5), 5);
    assert_true(met);

    met = false;
    shim_pages_away = true;
    shim_faulting = meet_reader;
    assert_int_equal(read_pipe(got, 100), 5);
    assert_true(met);
    assert_memory_equal(got, "first", 5);
    assert_int_equal(read_pipe(got, 100), 3);
    assert_memory_equal(got, "new", 3);
}

static void
test_several_buffers(void **state UNUSED)
{
    char a[3], b[1], c[8] = "";
    struct uio_vec vec[] = {{(uintptr_t)a, 3},
                            {0, 0},
                            {(uintptr_t)b, 1},
                            {(uintptr_t)c, sizeof(c)}};
    struct uio uio = {.vec = vec, .residual = 12, .user = true};

    assert_int_equal(write_pipe("abcdefg", 7), 7);
    assert_int_equal(file_transfer(ends[0], FILE_READ, &uio, NULL), 7);
    assert_memory_equal(a, "abc", 3);
    assert_memory_equal(b, "d", 1);
    assert_string_equal(c, "efg");
    assert_int_equal(uio.residual, 5);
}

static void
test_no_position(void **state UNUSED)
{
    struct uio uio;
    struct uio_vec vec;
    uio_init_user(&uio, &vec, uaddr((uintptr_t)got), 1);
    assert_int_equal(file_seek(ends[0], 0, SEEK_CUR), -ESPIPE);
    uint64_t at = 0;
    assert_int_equal(file_transfer(ends[0], FILE_READ, &uio, &at), -ESPIPE);
    assert_int_equal(file_transfer(ends[0], FILE_WRITE, &uio, NULL), -EBADF);
    assert_int_equal(file_transfer(ends[1], FILE_READ, &uio, NULL), -EBADF);
}

static void
test_described(void **state UNUSED)
{
    struct stat st;
    int used;

    assert_int_equal(write_pipe("12345", 5), 5);
    file_stat(ends[0], &st);
    assert_true(S_ISFIFO(st.st_mode));
    assert_int_equal(ends[0]->ops->ioctl(ends[0], FIONREAD, (uintptr_t)&used),
                     0);
    assert_int_equal(used, 5);
    assert_int_equal(ends[0]->ops->ioctl(ends[0], TCGETS, 0), -ENOTTY);
}

static int
set_up(void **state)
{
    shim_signals = 0;
    shim_sleep = NULL;
    shim_pages_away = *(const bool *)*state;
    return pipe_create(0, ends);
}

static int
tear_down(void **state UNUSED)
{
    for (int i = 0; i < 2; i++) {
        if (ends[i])
            close_end(i);
    }
    return 0;
}

static int
start(void **state UNUSED)
{
    file_init_cache();
    return 0;
}

static bool there = false, away = true; /* shim_pages_away */

#define TEST_WITH(function, pages)                                \
    {                                                             \
#function " " #pages, function, set_up, tear_down, &pages \
    }
#define TEST(function) TEST_WITH(function, there), TEST_WITH(function, away)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_order),         TEST(test_stream),
        TEST(test_nonblocking),   TEST(test_closed_writer),
        TEST(test_closed_reader), TEST(test_reader_sleeps),
        TEST(test_writer_sleeps), TEST(test_reader_leaves_a_writer),
        TEST(test_bad_memory),    TEST(test_several_buffers),
        TEST(test_no_position),   TEST(test_described),
        TEST(test_turns),
    };
    return cmocka_run_group_tests_name("pipe", tests, start, NULL);
}
