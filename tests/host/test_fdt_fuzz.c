// SOURCES: kernel/lib/fdt.c kernel/lib/fdt_bus.c kernel/dev/platform.c
// SOURCES: kernel/dev/aia.c kernel/dev/isa.c tests/host/dtbs.c
// SOURCES: tests/host/fdt_walk.c
// LIBS: -lfdt
/* Damaged device trees: each is refused with a reason, or can be walked from
 * end to end through every function without a read outside the blob. The
 * sanitizers are the judges; FDT_FUZZ_SEED and FDT_FUZZ_ROUNDS in the
 * environment repeat a run or make it longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>

#include "abi/errno.h"
#include "dtbs.h"
#include "fdt_walk.h"
#include "lib/fdt.h"
#include "lib/string.h"

#define ROUNDS 25000

static uint64_t random_state;

/* xorshift64*; the state is never 0. */
static uint32_t
random_below(uint32_t limit)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * 0x2545f4914f6cdd1d) >> 32) % limit;
}

/* ---- The damage ---- */

/* Cuts a tree off at every length: as it stands, and with a header that
 * claims the shorter size. */
static void
test_truncated(void **state)
{
    (void)state;
    static const char *const names[] = {"qemu-smp1", "qemu-numa2", "buses",
                                        "moved", "memory"};
    unsigned lengths = 0;
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        const struct dtb *dtb = dtb_get(names[i]);
        for (size_t size = 0; size < dtb->size; size++, lengths++) {
            uint8_t *blob = malloc(size + (size == 0));
            memcpy(blob, dtb->blob, size);
            assert_false(fdt_walk_all(blob, size));
            if (size >= sizeof(struct fdt_header)) {
                fdt_set_totalsize(blob, (uint32_t)size);
                fdt_walk_all(blob, size);
            }
            free(blob);
        }
        assert_true(fdt_walk_all(dtb->blob, dtb->size));
    }
    print_message("tried %u lengths\n", lengths);
}

static void
mutate(uint8_t *blob, size_t size)
{
    static const uint32_t words[] = {
        0,          1,          2,          3,          4, 9,
        0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc, 5, 0x01000000};
    /* More often in the header, where there is more to break. */
    uint32_t at = random_below((uint32_t)size);
    if (random_below(8) == 0)
        at = random_below(72);
    switch (random_below(5)) {
    case 0:
        blob[at] ^= (uint8_t)(1u << random_below(8));
        break;
    case 1:
        blob[at] = (uint8_t)random_below(256);
        break;
    case 2:
        at = MIN(at & ~3u, (uint32_t)size - 4);
        fdt32_st(blob + at, words[random_below(ARRAY_LEN(words))]);
        break;
    case 3: /* a number a little off */
        at = MIN(at & ~3u, (uint32_t)size - 4);
        fdt32_st(blob + at,
                 fdt32_ld((fdt32_t *)(blob + at)) + random_below(17) - 8);
        break;
    case 4: /* a piece from elsewhere */
        at = MIN(at & ~3u, (uint32_t)size - 16);
        memmove(blob + at, blob + (random_below((uint32_t)size - 16) & ~3u),
                16);
        break;
    }
}

static uint64_t
from_environment(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 0) : fallback;
}

static void
test_mutated(void **state)
{
    (void)state;
    static const char *const names[] = {"qemu-smp1", "qemu-smp3", "buses",
                                        "moved",     "memory",    "disabled"};
    uint64_t seed = from_environment("FDT_FUZZ_SEED", 20211203);
    uint64_t rounds = from_environment("FDT_FUZZ_ROUNDS", ROUNDS);
    print_message("FDT_FUZZ_SEED=%llu FDT_FUZZ_ROUNDS=%llu\n",
                  (unsigned long long)seed, (unsigned long long)rounds);
    uint64_t accepted = 0;
    for (uint64_t round = 0; round < rounds; round++) {
        /* Each round by itself, so that one can be repeated alone. */
        random_state = (seed + round) * 0x9e3779b97f4a7c15 | 1;
        const struct dtb *dtb = dtb_get(names[round % ARRAY_LEN(names)]);
        uint8_t *blob = malloc(dtb->size);
        memcpy(blob, dtb->blob, dtb->size);
        for (uint32_t n = 1 + random_below(4); n > 0; n--)
            mutate(blob, dtb->size);
        accepted += fdt_walk_all(blob, dtb->size);
        free(blob);
    }
    print_message("%llu of them accepted\n", (unsigned long long)accepted);
    assert_in_range(accepted, rounds / 10, rounds * 9 / 10);
}

/* A structure block, its cells given; strings are "phandle". Returns what
 * fdt_open says of it, "" for nothing. */
static const char *
open_cells(const uint32_t *cells, unsigned ncells)
{
    static const char strings[] = "phandle";
    uint32_t start = sizeof(struct fdt_header) + 16;
    uint32_t size = start + 4 * ncells + (uint32_t)sizeof(strings);
    uint8_t *blob = calloc(1, size);
    fdt_set_magic(blob, 0xd00dfeed);
    fdt_set_version(blob, 17);
    fdt_set_last_comp_version(blob, 16);
    fdt_set_totalsize(blob, size);
    fdt_set_off_mem_rsvmap(blob, sizeof(struct fdt_header));
    fdt_set_off_dt_struct(blob, start);
    fdt_set_size_dt_struct(blob, 4 * ncells);
    fdt_set_off_dt_strings(blob, start + 4 * ncells);
    fdt_set_size_dt_strings(blob, sizeof(strings));
    for (unsigned i = 0; i < ncells; i++)
        fdt32_st(blob + start + 4 * i, cells[i]);
    memcpy(blob + start + 4 * ncells, strings, sizeof(strings));

    struct fdt tree;
    const char *why;
    int error = fdt_open(&tree, blob, size, &why);
    assert_int_equal(error, why == NULL ? 0 : -EINVAL);
    free(blob);
    return why != NULL ? why : "";
}

#define OPEN(...)                               \
    open_cells((const uint32_t[]){__VA_ARGS__}, \
               sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

#define NAME 0x61000000 /* "a" */

static void
test_bad_structure(void **state)
{
    (void)state;
    assert_string_equal(OPEN(1, 0, 2, 9), "");
    assert_string_equal(OPEN(4, 1, 0, 4, 3, 0, 0, 4, 2, 4, 9), "");
    assert_string_equal(OPEN(1, 0, 3, 5, 0, 0, 0, 1, NAME, 2, 2, 9), "");
    assert_non_null(strstr(OPEN(9), "last node"));
    assert_non_null(strstr(OPEN(1, 0, 9), "last node"));
    assert_non_null(strstr(OPEN(1, 0, 2), "no end token"));
    assert_non_null(strstr(OPEN(2, 9), "did not begin"));
    assert_non_null(strstr(OPEN(1, NAME, 2, 9), "has a name"));
    assert_non_null(strstr(OPEN(1, 0, 2, 1, 0, 2, 9), "sibling"));
    assert_non_null(strstr(OPEN(3, 0, 0, 9), "not at a node's start"));
    assert_non_null(
        strstr(OPEN(1, 0, 1, NAME, 2, 3, 0, 0, 2, 9), "not at a node's start"));
    assert_non_null(strstr(OPEN(1, 0, 1, NAME, 2, 4, 3, 0, 0, 2, 9),
                           "not at a node's start"));
    assert_non_null(strstr(OPEN(1, 0, 5, 2, 9), "unknown token"));
    assert_non_null(strstr(OPEN(1, 0x61616161), "name does not end"));
    assert_non_null(strstr(OPEN(1, 0, 3, 0), "cut off"));
    assert_non_null(strstr(OPEN(1, 0, 3, 9, 0, 2, 9), "leaves the structure"));
    assert_non_null(
        strstr(OPEN(1, 0, 3, 0xffffffff, 0, 2, 9), "leaves the structure"));
    assert_non_null(strstr(OPEN(1, 0, 3, 0, 8, 2, 9), "strings block"));
}

/* Exactly FDT_DEPTH_MAX levels are accepted. */
static void
test_depth(void **state)
{
    (void)state;
    for (unsigned depth = 1; depth <= FDT_DEPTH_MAX + 1; depth++) {
        uint32_t cells[3 * (FDT_DEPTH_MAX + 1) + 1];
        unsigned n = 0;
        for (unsigned i = 0; i < depth; i++) {
            cells[n++] = 1;
            cells[n++] = i == 0 ? 0 : NAME;
        }
        for (unsigned i = 0; i < depth; i++)
            cells[n++] = 2;
        cells[n++] = 9;
        const char *why = open_cells(cells, n);
        if (depth <= FDT_DEPTH_MAX)
            assert_string_equal(why, "");
        else
            assert_non_null(strstr(why, "too deep"));
    }
}

/* interrupt-parent can lead round in a circle. */
static void
test_circle(void **state)
{
    (void)state;
    const struct dtb *dtb = dtb_get("circle");
    assert_true(fdt_walk_all(dtb->blob, dtb->size));
}

int
main(int argc, char **argv)
{
    (void)argc;
    dtbs_load(argv[0], "");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_structure), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_circle),        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_mutated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
