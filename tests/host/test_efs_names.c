/* Operations on names, held against a model of a small tree. */
// SOURCES: $(EFS_SRCS) tests/host/efs_rig.c tests/host/names_model.c

#include "fs/eclipsefs/record_block.h"
#include "names_model.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "fs/eclipsefs/file.h"

#define LIVE 60u /* as many inodes in use, at most */

static uint32_t
below(uint32_t limit)
{
    static uint32_t x = 1;
    x = x * 1664525u + 1013904223u;
    return (x >> 8) % limit;
}

/* Some directory with a name. */
static uint32_t
some_dir(void)
{
    for (;;) {
        uint32_t ino = 1 + below(INODES);
        if (model_is_dir(ino) && model_links(ino) > 0)
            return ino;
    }
}

/* ---- Random operations ---- */

static void
random_create(uint32_t dir, uint32_t i)
{
    static const struct efs_new kinds[] = {
        {.mode = S_IFREG | 0644, .uid = 5},
        {.mode = S_IFDIR | 0755, .uid = 6},
        {.mode = S_IFLNK | 0777, .target = "some/where", .target_len = 10},
        {.mode = S_IFCHR | 0600, .rdev = 0x501},
        {.mode = S_IFIFO | 0600},
    };

    if (efs_space_free_inodes(&rig.fs) == INODES - LIVE)
        return;
    /* Few directories, so that they become large. */
    const struct efs_new *kind = &kinds[below(ARRAY_LEN(kinds))];
    if (S_ISDIR(kind->mode) && below(4) > 0)
        kind = &kinds[0];
    assert_int_equal(model_create(dir, i, kind), 0);
}

static void
random_link(uint32_t dir, uint32_t i)
{
    const char *name = model_name_of(i);
    uint32_t ino = 1 + below(INODES);

    if (!model[ino].mode || model_is_dir(ino) || model_links(ino) == 0)
        return;
    model_begin();
    assert_int_equal(model_end(efs_link(&rig.fs, &node[dir], name, strlen(name),
                                        &node[ino], now)),
                     0);
    model_name(dir, i, ino);
    model_expect_touched(dir);
    assert_int_equal(node[ino].ctime, now);
}

static void
random_rename(uint32_t from, uint32_t i)
{
    uint32_t to = some_dir(), j = below(NAMES);
    uint32_t moved = model[from].child[i], other = model[to].child[j];
    bool exchange = other && below(2);

    if (model_is_dir(moved) && model_lies_below(to, moved))
        return;
    if (other && model_is_dir(other) && model_lies_below(from, other) &&
        exchange)
        return;
    if (other && !exchange && model_is_dir(moved) != model_is_dir(other))
        return;
    model_rename(from, i, to, j, exchange);
}

static void
test_random_operations(void **state)
{
    unsigned large = 0;

    (void)state;
    for (unsigned step = 0; step < 5000; step++) {
        uint32_t dir = some_dir(), i = below(NAMES), what = below(8);
        if (!model[dir].child[i] && what < 5)
            random_create(dir, i);
        else if (!model[dir].child[i])
            random_link(dir, i);
        else if (what < 1)
            model_unlink(dir, i);
        else
            random_rename(dir, i);
        if (below(10) == 0)
            model_release();
        if (step % 1000 == 0)
            model_remount();
        model_check();
        large += node[dir].layout == EFS_HASH_INDEX;
    }
    print_message("%u steps in large directories\n", large);
    assert_true(large > 1000);
}

/* ---- Single cases ---- */

static const struct efs_new a_file = {.mode = S_IFREG | 0644};

static void
test_targets_of_symlinks(void **state)
{
    char target[EFS_VALUE_MAX + 1];
    struct efs_new what = {.mode = S_IFLNK | 0777, .target = target};

    (void)state;
    memset(target, 't', sizeof target);
    what.target_len = EFS_VALUE_MAX + 1;
    assert_int_equal(model_create(1, 0, &what), -ENAMETOOLONG);
    what.target_len = EFS_VALUE_MAX;
    assert_int_equal(model_create(1, 0, &what), 0);
    struct efs_node *link = &node[model[1].child[0]];
    assert_int_equal(link->type, ECLIPSEFS_SYMLINK);
    assert_int_equal(link->data_len, EFS_VALUE_MAX);
    static char back[EFS_VALUE_MAX];
    assert_int_equal(efs_file_read(&rig.fs, link, 0, back, sizeof back),
                     EFS_VALUE_MAX);
    assert_memory_equal(back, target, EFS_VALUE_MAX);
    model_check();
}

static void
test_links_are_limited(void **state)
{
    const char *name = model_name_of(1);

    (void)state;
    assert_int_equal(model_create(1, 0, &a_file), 0);
    struct efs_node *file = &node[model[1].child[0]];
    file->nlink = UINT32_MAX;
    model_begin();
    assert_int_equal(
        model_end(efs_link(&rig.fs, &node[1], name, strlen(name), file, now)),
        -EMLINK);
}

static void
test_running_out_of_inodes(void **state)
{
    static const struct efs_new a_dir = {.mode = S_IFDIR | 0755};
    uint32_t dir = 1, made = 0;
    int err = 0;

    (void)state;
    while (!err) {
        err = model_create(dir, made % NAMES, made % NAMES ? &a_file : &a_dir);
        made += !err;
        if (made % NAMES == 0)
            dir = model[dir].child[0];
    }
    assert_int_equal(err, -ENOSPC);
    assert_int_equal(made, INODES - 1);
    model_check();
}

static void
test_content_goes_with_the_last_name(void **state)
{
    struct efs_run run;

    (void)state;
    uint64_t free_blocks = rig_count_free(&rig);
    assert_int_equal(model_create(1, 0, &a_file), 0);
    struct efs_node *file = &node[model[1].child[0]];
    for (uint32_t logical = 0; logical < 900; logical += 2) {
        rig_begin(&rig);
        file->size = (logical + 1) * (uint64_t)BLOCK_SIZE;
        assert_int_equal(efs_space_reserve(&rig.fs, 1), 0);
        assert_int_equal(efs_run_take(&rig.fs, 0, 1, &run), 0);
        assert_int_equal(efs_run_use(&rig.fs, run), 0);
        assert_int_equal(efs_extent_insert(&rig.fs, file, logical, run), 0);
        rig_end(&rig);
    }
    assert_int_equal(file->layout, EFS_EXTENT_INDEX);
    model_unlink(1, 0);
    model_release();
    model_check();
    assert_int_equal(rig_count_free(&rig), free_blocks);
}

/* Two names of one file: renaming one to the other leaves both. */
static void
test_renaming_to_itself(void **state)
{
    const char *name = model_name_of(1);

    (void)state;
    assert_int_equal(model_create(1, 0, &a_file), 0);
    uint32_t ino = model[1].child[0];
    model_begin();
    assert_int_equal(model_end(efs_link(&rig.fs, &node[1], name, strlen(name),
                                        &node[ino], now)),
                     0);
    model_name(1, 1, ino);
    model_rename(1, 0, 1, 1, false);
    model_check();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_operations, model_setup,
                                        model_teardown),
        cmocka_unit_test_setup_teardown(test_targets_of_symlinks, model_setup,
                                        model_teardown),
        cmocka_unit_test_setup_teardown(test_links_are_limited, model_setup,
                                        model_teardown),
        cmocka_unit_test_setup_teardown(test_running_out_of_inodes, model_setup,
                                        model_teardown),
        cmocka_unit_test_setup_teardown(test_content_goes_with_the_last_name,
                                        model_setup, model_teardown),
        cmocka_unit_test_setup_teardown(test_renaming_to_itself, model_setup,
                                        model_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
