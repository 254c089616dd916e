// The entropy driver.
//
// SOURCES: kernel/virtio/virtq.c kernel/virtio/mmio.c kernel/virtio/driver.c
// SOURCES: kernel/virtio/handshake.c
// SOURCES: kernel/virtio/rng.c mkfs/host_kernel.c
// SOURCES: tests/host/kernel_shim.c tests/host/virtio_model.c
// SOURCES: tests/host/virtio_model_ring.c
// CFLAGS: -iquote tests/host/include
// LIBS: -Wl,--wrap=print -Wl,--wrap=kmalloc -Wl,--wrap=kzalloc

#include "virtio_model.h"

#include "dev/random.h"
#include "kernel_shim.h"
#include "virtio/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct virtio_driver *const virtio_drivers[] = {&virtio_rng_driver, NULL};

/* What the kernel's generator got. */
static uint8_t added[256];
static size_t nadded;

void
random_add(const void *bytes, size_t n)
{
    memcpy(added + nadded, bytes, n);
    nadded += n;
}

static uint32_t answer;

static void
serve_random(struct model *m UNUSED, const struct model_chain *c, uint32_t *len)
{
    assert_int_equal(c->nsegments, 1);
    assert_true(c->segments[0].write);
    assert_int_equal(c->segments[0].len, 64);
    for (*len = 0; *len < answer; ++*len)
        c->segments[0].base[*len] = (uint8_t)(*len + 1);
}

static struct model *
attach(uint32_t version, uint64_t features)
{
    struct model *m = model_new(version, VIRTIO_ID_ENTROPY, features);
    m->serve = serve_random;
    nadded = 0;
    shim_log_clear();
    assert_true(model_probe(m));
    assert_int_equal(m->notifications, 1);
    return m;
}

/* As many bytes as the device says, no more. */
static void
test_seed(void **state UNUSED)
{
    static const uint32_t answers[] = {64, 10, 1};
    for (uint32_t version = 1; version <= 2; version++)
        for (unsigned i = 0; i < ARRAY_LEN(answers); i++) {
            struct model *m = attach(version, i ? VIRTIO_F_EVENT_IDX : 0);
            answer = answers[i];
            model_run_all(false);
            assert_int_equal(m->served, 1);
            assert_int_equal(nadded, answer);
            for (unsigned k = 0; k < answer; k++)
                assert_int_equal(added[k], k + 1);
            model_free_all();
        }
}

static void
test_no_answer(void **state UNUSED)
{
    struct model *m = attach(2, 0);
    m->asleep = true;
    model_run_all(false);
    assert_int_equal(nadded, 0);
    model_free_all();
}

static void
test_lies(void **state UNUSED)
{
    static const enum model_lie lies[] = {LIE_LEN_HUGE, LIE_ID_SIZE,
                                          LIE_IDX_JUMPS};
    for (unsigned i = 0; i < ARRAY_LEN(lies); i++) {
        struct model *m = attach(2, 0);
        m->lie = lies[i];
        model_run_all(false);
        assert_int_equal(nadded, 0);
        assert_int_equal(shim_log_count("is broken"), 1);
        assert_int_equal(m->status, VIRTIO_STATUS_FAILED);
        model_free_all();
    }
}

static void
test_memory_runs_out(void **state UNUSED)
{
    unsigned failures = 0;
    for (bool all = false; !all; failures++) {
        struct model *m = model_new(2, VIRTIO_ID_ENTROPY, 0);
        shim_fail_alloc = failures + 1;
        all = model_probe(m) && shim_fail_alloc > 0;
        shim_fail_alloc = 0;
        assert_int_equal((m->status & VIRTIO_STATUS_DRIVER_OK) != 0, all);
        model_free_all();
    }
    assert_true(failures > 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seed),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
