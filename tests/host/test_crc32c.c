/* CRC-32C against published values and a plain computation. */
// SOURCES: kernel/lib/crc32c.c

#include "lib/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Bit by bit, as the polynomial says. */
static uint32_t
plain(uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    while (n-- > 0) {
        crc ^= *p++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
    }
    return ~crc;
}

/* The examples of iSCSI's specification, and the usual check value. */
static void
test_known_values(void **state)
{
    uint8_t bytes[32];

    (void)state;
    assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(crc32c(0, "", 0), 0);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(crc32c(0, bytes, sizeof bytes), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(crc32c(0, bytes, sizeof bytes), 0x62a8ab43);
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(crc32c(0, bytes, sizeof bytes), 0x46dd794e);
}

static void
test_every_length_and_alignment(void **state)
{
    uint8_t bytes[64];

    (void)state;
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37 + 11);
    for (size_t from = 0; from < 16; from++)
        for (size_t n = 0; n + from <= sizeof bytes; n++)
            assert_int_equal(crc32c(0, bytes + from, n),
                             plain(0, bytes + from, n));
}

static void
test_pieces_add_up(void **state)
{
    const char text[] = "any text, cut anywhere, has one checksum";
    size_t len = strlen(text);
    uint32_t whole = crc32c(0, text, len);

    (void)state;
    for (size_t cut = 0; cut <= len; cut++)
        assert_int_equal(crc32c(crc32c(0, text, cut), text + cut, len - cut),
                         whole);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_every_length_and_alignment),
        cmocka_unit_test(test_pieces_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
