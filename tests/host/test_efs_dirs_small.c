/* Directories with blocks so small that few names fill the whole tree, and
 * with hashes so weak that many names share them. */
// SOURCES: $(filter-out %/index.c %/dirtree.c,$(EFS_SRCS))
// SOURCES: tests/host/efs_rig.c tests/host/dir_model.c

#include "dir_model.h"
#include "efs_rig.h"

#include "fs/eclipsefs/record_block.h"

static uint64_t prime, mix;

#undef EFSX_BLOCK_ROOM
#undef EFS_VALUE_MAX
#undef EFSX_HASH_PRIME
#undef EFSX_HASH_MIX
#define EFSX_BLOCK_ROOM 300u
#define EFS_VALUE_MAX   100u
#define EFSX_HASH_PRIME prime
#define EFSX_HASH_MIX   mix
#include "fs/eclipsefs/dirtree.c"
#include "fs/eclipsefs/index.c"

#include <stdio.h>

#define INODES 64u
#define MOST   20000u
#define STRONG 0x100000001b3u, 0x9e3779b97f4a7c15u
#define WEAK   0x100000001u, 1 /* some thousand different upper halves */
#define NONE   1, 1            /* a single one */

static struct efs_rig rig;
static struct model m;

static void
start(size_t blocks, uint64_t hash_prime, uint64_t hash_mix, size_t longest)
{
    prime = hash_prime;
    mix = hash_mix;
    rig_init(&rig, blocks, INODES);
    model_init(&m, &rig.fs, MOST, longest);
}

static int
teardown(void **state)
{
    (void)state;
    model_free(&m);
    rig_free(&rig);
    return 0;
}

/* Adds names until no more fit; returns how many do. */
static uint32_t
fill(void)
{
    uint32_t id = 0;

    while (model_add(&m, id) == 0)
        id++;
    model_check_name(&m, id);
    model_check(&m);
    return id;
}

static void
empty(uint64_t free_blocks)
{
    while (m.count > 0) {
        uint32_t id = model_random(MOST);
        while (!m.ino[id])
            id = (id + 1) % MOST;
        assert_int_equal(model_remove(&m, id), 0);
        if (m.count % 500 == 0)
            model_check(&m);
    }
    assert_int_equal(m.dir.layout, EFS_INLINE);
    assert_int_equal(m.dir.data_len, 0);
    assert_int_equal(rig_count_free(&rig), free_blocks);
}

static void
test_full_trees(void **state)
{
    (void)state;
    start(1000, STRONG, 40);
    uint64_t free_blocks = rig_count_free(&rig);
    for (unsigned round = 0; round < 3; round++) {
        uint32_t names = fill();
        printf("full at %u names in %llu blocks\n", names,
               (unsigned long long)(free_blocks - rig_count_free(&rig)));
        assert_true(names > 2000);
        empty(free_blocks);
    }
}

static void
churn(unsigned steps)
{
    for (unsigned i = 0; i < steps; i++) {
        uint32_t id = model_random(1000);
        int err = m.ino[id] ? model_remove(&m, id) : model_add(&m, id);
        assert_true(err == 0 || err == -ENOSPC);
        model_check_name(&m, id);
        if (i % 100 == 0)
            model_check(&m);
    }
    model_check(&m);
}

static void
test_many_equal_hashes(void **state)
{
    (void)state;
    start(1000, WEAK, 30);
    uint64_t free_blocks = rig_count_free(&rig);
    churn(20000);
    empty(free_blocks);
}

/* They fill one leaf. */
static void
test_only_equal_hashes(void **state)
{
    (void)state;
    start(1000, NONE, 20);
    uint64_t free_blocks = rig_count_free(&rig);
    assert_in_range(fill(), 300 / 28, 300 / 10);
    assert_int_equal(rig_count_free(&rig), free_blocks - 1);
    churn(5000);
    empty(free_blocks);
}

/* A full disk: now the first, now the second of the blocks that an addition
 * takes is missing. */
static void
test_no_space_changes_nothing(void **state)
{
    unsigned refused = 0;

    (void)state;
    start(JOURNAL_BLOCKS_MIN + 60, STRONG, 40);
    uint64_t free_blocks = rig_count_free(&rig);
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t id = model_random(2000);
        int err = m.ino[id] ? 0 : model_add(&m, id);
        assert_true(err == 0 || err == -ENOSPC);
        refused += err != 0;
        for (unsigned n = err ? model_random(30) : 0; n > 0; n--) {
            id = model_random(2000);
            if (m.ino[id])
                assert_int_equal(model_remove(&m, id), 0);
        }
        if (err) {
            model_check(&m);
            assert_int_equal(efs_commit(&rig.fs), 0);
        }
    }
    printf("refused %u times\n", refused);
    assert_true(refused > 500);
    empty(free_blocks);
}

/* ---- Damage ---- */

/* Spoils a few bytes of the directory's record or of a block of it that is on
 * the way to some name. */
static void
spoil(void)
{
    static const uint8_t values[] = {0, 1, 2, 0x7f, 0x80, 0xff};
    struct efs_path path;

    assert_int_equal(
        efs_index_find(&rig.fs, &m.dir, model_random(UINT32_MAX), &path), 0);
    const struct efs_step *step = &path.step[model_random(path.depth + 1)];
    uint8_t *bytes = journal_edit(rig.fs.journal, step->buf,
                                  step->block ? efs_seal : efs_node_seal);
    assert_non_null(bytes);
    for (uint32_t n = 1 + model_random(4); n > 0; n--) {
        uint32_t at = model_random(step->used + (step->block ? 16 : 0));
        bytes[at + (step->block ? 0 : m.dir.data % BLOCK_SIZE)] =
            model_random(2) ? values[model_random(sizeof values)]
                            : (uint8_t)model_random(256);
    }
    efs_index_put(&path);
}

static void
walk(void)
{
    struct efs_entry entry;
    struct efs_dir d;
    uint32_t names = 0;

    efs_dir_open(&d, &rig.fs, &m.dir, 0);
    while (efs_dir_next(&d, &entry) > 0)
        assert_true(++names < MOST);
    efs_dir_close(&d);
}

/* Looks a name up, and adds it or takes it away. */
static void
change(uint32_t id)
{
    char name[ECLIPSEFS_NAME_MAX];
    size_t len = model_name(&m, id, name);
    struct efs_link link;

    int err = efs_dir_lookup(&rig.fs, &m.dir, name, len, &link);
    if (err == -ENOENT)
        err = efs_dir_add(&rig.fs, &m.dir, name, len, 7);
    else if (!err)
        err = efs_dir_remove(&rig.fs, &m.dir, name, len);
}

/* All of it is one change, which is taken back. */
static void
damage(uint32_t names, unsigned rounds)
{
    start(1000, STRONG, 40);
    for (uint32_t id = 0; id < names; id++)
        assert_int_equal(model_add(&m, id), 0);
    struct efs_node good = m.dir;
    for (unsigned i = 0; i < rounds; i++) {
        rig_begin(&rig);
        spoil();
        walk();
        for (unsigned n = 0; n < 3; n++)
            change(model_random(2 * names));
        assert_int_equal(efs_end(&rig.fs, -ECANCELED), -ECANCELED);
        rig.fs.broken = false;
        m.dir = good;
    }
    model_check(&m);
    model_free(&m);
    rig_free(&rig);
}

static void
test_damage_is_survived(void **state)
{
    (void)state;
    damage(4, 2000);
    damage(100, 5000);
    damage(1500, 5000);
    start(1000, STRONG, 40);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_full_trees, teardown),
        cmocka_unit_test_teardown(test_many_equal_hashes, teardown),
        cmocka_unit_test_teardown(test_only_equal_hashes, teardown),
        cmocka_unit_test_teardown(test_no_space_changes_nothing, teardown),
        cmocka_unit_test_teardown(test_damage_is_survived, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
