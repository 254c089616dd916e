/* Operations of all kinds at random, through the calls of the file layer, on
 * disks of which some are too small: what they return and what is there
 * afterwards is what a plain model says, also after mounting again, and after
 * a loss of power. An argument says how many operations. */
// SOURCES: $(TREE_SRCS)

#include "tree_rig.h"

static unsigned steps = 75000;

/* Disks, and what is in memory of them: roomy, with tiny caches, with few
 * blocks, with few inodes, and with much in memory. */
static const struct setting {
    size_t blocks, cache, names;
    struct efs_format format;
} settings[] = {
    {6000, 1024, 64, {.inodes = 1024}},
    {2000, 64, 4, {.inodes = 512, .journal_blocks = 100}},
    {420, 64, 16, {.inodes = 512, .journal_blocks = 80}},
    {4000, 256, 64, {.inodes = 512, .journal_blocks = 80}},
    {700, 4096, 512, {.inodes = 256}},
};

/* Runs n operations; returns how many found no room. */
static uint64_t
run_setting(const struct setting *s, unsigned seed, unsigned n)
{
    static struct tree_rig rig;

    tree_init(&rig, s->blocks, s->cache, s->names, &s->format);
    rig.random = seed;
    while (n-- > 0)
        tree_step(&rig);
    tree_remount(&rig, false);
    tree_free(&rig);
    return rig.refused;
}

static void
test_random_operations(void **state)
{
    unsigned runs = MAX(steps / 40000, (unsigned)ARRAY_LEN(settings));

    uint64_t refused = 0;

    (void)state;
    for (unsigned i = 0; i < runs; i++)
        refused += run_setting(&settings[i % ARRAY_LEN(settings)], i + 1,
                               steps / runs);
    assert_true(refused > 0);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations),
    };
    if (argc > 1)
        steps = (unsigned)strtoul(argv[1], NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
