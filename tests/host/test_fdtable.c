/* Descriptor tables: which number a file gets, and who lets go of it when. */
// SOURCES: kernel/fs/fdtable.c kernel/fs/file.c
// SOURCES: kernel/fs/path.c kernel/fs/dentry.c kernel/fs/context.c
// SOURCES: kernel/fs/inode.c kernel/mm/uio.c mkfs/host_kernel.c
// SOURCES: tests/host/fs_shim.c
#include "fs_shim.h"

#include "abi/errno.h"
#include "fs/fdtable.h"
#include "fs/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int released; /* files gone so far */

static void
count_release(struct file *file UNUSED)
{
    released++;
}

static const struct file_ops counting_ops = {
    .release = count_release,
    .is_stream = true,
};

static struct file *
new_file(void)
{
    return file_create(&counting_ops, O_RDWR, NULL);
}

static struct fdtable *table;

static int
install(int min, bool cloexec)
{
    return fdtable_install(table, new_file(), min, cloexec);
}

static void
test_lowest_free(void **state UNUSED)
{
    for (int i = 0; i < 200; i++)
        assert_int_equal(install(0, false), i);
    assert_int_equal(fdtable_close(table, 7), 0);
    assert_int_equal(fdtable_close(table, 130), 0);
    assert_int_equal(fdtable_close(table, 64), 0);
    assert_int_equal(install(0, false), 7);
    assert_int_equal(install(65, false), 130);
    assert_int_equal(install(0, false), 64);
    assert_int_equal(install(0, false), 200);
    assert_int_equal(install(500, false), 500);
    assert_int_equal(install(500, false), 501);
    assert_int_equal(install(0, false), 201);
}

static void
test_full(void **state UNUSED)
{
    for (int i = 0; i < FDTABLE_MAX; i++)
        assert_int_equal(install(0, false), i);
    assert_int_equal(install(0, false), -EMFILE);
    assert_int_equal(install(FDTABLE_MAX - 1, false), -EMFILE);
    assert_int_equal(install(FDTABLE_MAX, false), -EINVAL);
    assert_int_equal(install(-1, false), -EINVAL);
    assert_int_equal(fdtable_close(table, 1000), 0);
    assert_int_equal(install(0, false), 1000);
}

static void
test_bad_descriptors(void **state UNUSED)
{
    static const int bad[] = {-1, 0, 31, 32, 1023, 1024, 1 << 30, -(1 << 30)};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(fdtable_close(table, bad[i]), -EBADF);
        assert_null(fdtable_get(table, bad[i]));
        assert_int_equal(fdtable_get_cloexec(table, bad[i]), -EBADF);
        assert_int_equal(fdtable_set_cloexec(table, bad[i], true), -EBADF);
    }
    released = 0;
    assert_int_equal(fdtable_replace(table, 1024, new_file(), false), -EBADF);
    assert_int_equal(fdtable_replace(table, -1, new_file(), false), -EBADF);
    assert_int_equal(released, 2);
}

static void
test_replace(void **state UNUSED)
{
    assert_int_equal(install(0, true), 0);
    struct file *file = new_file();
    assert_int_equal(fdtable_replace(table, 0, file_ref(file), false), 0);
    assert_int_equal(released, 1);
    assert_int_equal(fdtable_get_cloexec(table, 0), 0);
    assert_int_equal(fdtable_replace(table, 1023, file, true), 1023);
    assert_int_equal(fdtable_get_cloexec(table, 1023), 1);
    assert_int_equal(install(0, false), 1);
    assert_int_equal(fdtable_close(table, 0), 0);
    assert_int_equal(released, 1);
    assert_int_equal(fdtable_close(table, 1023), 0);
    assert_int_equal(released, 2);
}

static void
test_close_on_exec(void **state UNUSED)
{
    for (int i = 0; i < 100; i++)
        assert_int_equal(install(0, i % 3 == 0), i);
    assert_int_equal(fdtable_set_cloexec(table, 3, false), 0);
    assert_int_equal(fdtable_set_cloexec(table, 4, true), 0);
    assert_ptr_equal(fdtable_own(table), table);
    fdtable_close_on_exec(table);
    assert_int_equal(released, 34);
    assert_null(fdtable_get(table, 4));
    assert_null(fdtable_get(table, 99));
    assert_int_equal(install(0, false), 0);
    assert_int_equal(fdtable_get_cloexec(table, 0), 0);
}

static void
test_clone(void **state UNUSED)
{
    for (int i = 0; i < 70; i++)
        assert_int_equal(install(0, i == 69), i);
    assert_int_equal(fdtable_close(table, 5), 0);
    struct fdtable *copy = fdtable_clone(table);
    assert_int_equal(released, 1);

    assert_null(fdtable_get(copy, 5));
    assert_int_equal(fdtable_get_cloexec(copy, 69), 1);
    assert_ptr_equal(fdtable_get(copy, 68), fdtable_get(table, 68));

    assert_int_equal(fdtable_close(table, 68), 0);
    assert_int_equal(released, 1);
    fdtable_put(copy);
    assert_int_equal(released, 2);
}

/* Any sequence of calls agrees with an array. */
static void
test_random(void **state UNUSED)
{
    bool open[FDTABLE_MAX] = {false};

    srand(1);
    for (int step = 0; step < 20000; step++) {
        int fd = rand() % (step < 10000 ? FDTABLE_MAX : 40);
        if (rand() % 2) {
            assert_int_equal(fdtable_close(table, fd), open[fd] ? 0 : -EBADF);
            open[fd] = false;
        } else {
            int expected = fd;
            while (expected < FDTABLE_MAX && open[expected])
                expected++;
            if (expected == FDTABLE_MAX)
                expected = -EMFILE;
            assert_int_equal(install(fd, false), expected);
            if (expected >= 0)
                open[expected] = true;
        }
    }
}

static int
set_up(void **state UNUSED)
{
    released = 0;
    table = fdtable_create();
    return table ? 0 : -1;
}

static int
tear_down(void **state UNUSED)
{
    fdtable_put(table);
    return 0;
}

static int
start(void **state UNUSED)
{
    file_init_cache();
    return 0;
}

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lowest_free),     TEST(test_full),
        TEST(test_bad_descriptors), TEST(test_replace),
        TEST(test_close_on_exec),   TEST(test_clone),
        TEST(test_random),
    };
    return cmocka_run_group_tests_name("fdtable", tests, start, NULL);
}
