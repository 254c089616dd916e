/* lib/bits.h against the compiler's builtins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/bits.h"

static void
check_counts(uint64_t x)
{
    assert_int_equal(bit_count_ones64(x), __builtin_popcountll(x));
    assert_int_equal(bit_count_trailing_zeros64(x),
                     x == 0 ? 64 : __builtin_ctzll(x));
    assert_int_equal(bit_is_power_of_two64(x), __builtin_popcountll(x) == 1);
    if (x == 0)
        return;
    unsigned log = bit_log2_floor64(x);
    assert_int_equal(x >> log, 1);
    unsigned exact = bit_is_power_of_two64(x);
    assert_int_equal(bit_log2_ceil64(x), log + !exact);
}

static void
test_counts(void **state)
{
    (void)state;
    check_counts(0);
    check_counts(UINT64_MAX);
    uint64_t x = 0x9e3779b97f4a7c15;
    for (unsigned i = 0; i < 64; i++) {
        uint64_t bit = 1ull << i;
        check_counts(bit);
        check_counts(bit - 1);
        check_counts(~bit);
        check_counts(bit | 1);
        for (unsigned j = 0; j < 100; j++) {
            x = x * 6364136223846793005 + 1442695040888963407;
            check_counts(x >> i);
            check_counts(x << i);
        }
    }
}

static void
test_loads(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0,    0xf1, 0xe2, 0xd3, 0xc4,
                                    0xb5, 0xa6, 0x97, 0x88};
    const uint8_t *p = bytes + 1;
    assert_int_equal(be32_load(p), 0xf1e2d3c4);
    assert_int_equal(be64_load(p), 0xf1e2d3c4b5a69788);
    assert_int_equal(le16_load(p), 0xe2f1);
    assert_int_equal(le32_load(p), 0xc4d3e2f1);
    assert_int_equal(le64_load(p), 0x8897a6b5c4d3e2f1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
