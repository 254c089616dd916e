/* Operations on names, held against a model of a small tree. */
// SOURCES: $(EFS_SRCS) tests/host/efs_rig.c

#include "fs/eclipsefs/names.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "efs_rig.h"
#include "fs/eclipsefs/file.h"

#define BLOCKS 1000u
#define INODES 512u
#define LIVE   60u /* as many of them in use, at most */
#define NAMES  26u /* in a directory, so long that they need leaves */

/* What the tree should be: by inode, the names of directories. */
struct model_node {
    uint32_t mode;             /* 0: free */
    uint32_t parent;           /* of a directory */
    uint32_t names;            /* that lead here */
    uint32_t child[NAMES + 1]; /* 0: none; [NAMES] is always 0 */
};

static struct efs_rig rig;
static struct model_node model[INODES + 1];
static struct efs_node node[INODES + 1]; /* as the disk should have them */
static uint64_t now = 1000;

static uint32_t
below(uint32_t limit)
{
    static uint32_t x = 1;
    x = x * 1664525u + 1013904223u;
    return (x >> 8) % limit;
}

static const char *
name_of(uint32_t i)
{
    static char names[NAMES][ECLIPSEFS_NAME_MAX + 1];
    memset(names[i], 'a' + (int)i, ECLIPSEFS_NAME_MAX - i);
    return names[i];
}

static bool
is_dir(uint32_t ino)
{
    return S_ISDIR(model[ino].mode);
}

static bool
is_empty(uint32_t ino)
{
    static const uint32_t none[NAMES];
    return memcmp(model[ino].child, none, sizeof none) == 0;
}

static bool
lies_below(uint32_t ino, uint32_t dir)
{
    while (ino != dir && ino != ECLIPSEFS_ROOT_INO)
        ino = model[ino].parent;
    return ino == dir;
}

static uint32_t
links_of(uint32_t ino)
{
    uint32_t links = 2;

    if (!is_dir(ino))
        return model[ino].names;
    if (model[ino].names == 0 && ino != ECLIPSEFS_ROOT_INO)
        return 0;
    for (uint32_t i = 0; i < NAMES; i++)
        links += is_dir(model[ino].child[i]);
    return links;
}

/* Some directory with a name. */
static uint32_t
some_dir(void)
{
    for (;;) {
        uint32_t ino = 1 + below(INODES);
        if (is_dir(ino) && links_of(ino) > 0)
            return ino;
    }
}

static int
setup(void **state)
{
    (void)state;
    rig_init(&rig, BLOCKS, INODES);
    memset(model, 0, sizeof model);
    model[ECLIPSEFS_ROOT_INO].mode = S_IFDIR | 0755;
    assert_int_equal(efs_node_read(&rig.fs, 1, &node[1]), 0);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

/* ---- What the disk says ---- */

static void
check_node(uint32_t ino)
{
    struct efs_node *n = &node[ino], disk;

    assert_int_equal(efs_node_read(&rig.fs, ino, &disk), 0);
    assert_int_equal(disk.mode, n->mode);
    assert_int_equal(disk.nlink, n->nlink);
    assert_int_equal(disk.nlink, links_of(ino));
    assert_int_equal(disk.uid, n->uid);
    assert_int_equal(disk.rdev, n->rdev);
    assert_int_equal(disk.atime, n->atime);
    assert_int_equal(disk.mtime, n->mtime);
    assert_int_equal(disk.ctime, n->ctime);
    assert_int_equal(disk.layout, n->layout);
    assert_int_equal(disk.data_len, n->data_len);
    for (uint32_t i = 0; i < NAMES && is_dir(ino); i++) {
        const char *name = name_of(i);
        struct efs_link link = {0};
        int err = efs_dir_lookup(&rig.fs, &disk, name, strlen(name), &link);
        assert_int_equal(err, model[ino].child[i] ? 0 : -ENOENT);
        assert_int_equal(link.ino, model[ino].child[i]);
    }
}

static void
check(void)
{
    uint32_t free_inodes = 0, orphan = 0;

    for (uint32_t ino = 1; ino <= INODES; ino++) {
        if (model[ino].mode)
            check_node(ino);
        else
            free_inodes++;
        if (!model[ino].mode || links_of(ino) > 0)
            continue;
        assert_int_equal(efs_inode_next_orphan(&rig.fs, orphan, &orphan), 0);
        assert_int_equal(orphan, ino);
    }
    assert_int_equal(efs_inode_next_orphan(&rig.fs, orphan, &orphan), 0);
    assert_int_equal(orphan, 0);
    assert_int_equal(efs_space_free_inodes(&rig.fs), free_inodes);
}

/* ---- Operations on both ---- */

static struct efs_node saved[INODES + 1];

static void
begin(void)
{
    now++;
    memcpy(saved, node, sizeof node);
    assert_int_equal(efs_begin(&rig.fs), 0);
}

static int
end(int err)
{
    assert_int_equal(efs_end(&rig.fs, err), err);
    if (err)
        memcpy(node, saved, sizeof node);
    return err;
}

static void
expect_touched(uint32_t dir)
{
    assert_int_equal(node[dir].mtime, now);
    assert_int_equal(node[dir].ctime, now);
}

static void
name_node(uint32_t dir, uint32_t i, uint32_t ino)
{
    if (model[dir].child[i])
        model[model[dir].child[i]].names--;
    model[dir].child[i] = ino;
    if (ino) {
        model[ino].names++;
        model[ino].parent = dir;
    }
}

static int
do_create(uint32_t dir, uint32_t i, const struct efs_new *what)
{
    const char *name = name_of(i);
    struct efs_node fresh;

    begin();
    struct efs_new stamped = *what;
    stamped.now = now;
    int err = end(
        efs_create(&rig.fs, &node[dir], name, strlen(name), &stamped, &fresh));
    if (err)
        return err;
    assert_int_equal(model[fresh.ino].mode, 0);
    node[fresh.ino] = fresh;
    model[fresh.ino] = (struct model_node){.mode = what->mode};
    name_node(dir, i, fresh.ino);
    expect_touched(dir);
    expect_touched(fresh.ino);
    return 0;
}

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
    assert_int_equal(do_create(dir, i, kind), 0);
}

static void
random_link(uint32_t dir, uint32_t i)
{
    const char *name = name_of(i);
    uint32_t ino = 1 + below(INODES);

    if (!model[ino].mode || is_dir(ino) || links_of(ino) == 0)
        return;
    begin();
    assert_int_equal(
        end(efs_link(&rig.fs, &node[dir], name, strlen(name), &node[ino], now)),
        0);
    name_node(dir, i, ino);
    expect_touched(dir);
    assert_int_equal(node[ino].ctime, now);
}

static void
do_unlink(uint32_t dir, uint32_t i)
{
    const char *name = name_of(i);
    uint32_t ino = model[dir].child[i];
    bool may = !is_dir(ino) || is_empty(ino);

    begin();
    int err = end(
        efs_unlink(&rig.fs, &node[dir], name, strlen(name), &node[ino], now));
    assert_int_equal(err, may ? 0 : -ENOTEMPTY);
    if (err)
        return;
    name_node(dir, i, 0);
    expect_touched(dir);
    assert_int_equal(node[ino].ctime, now);
}

static void
release(uint32_t ino)
{
    int more = 1;

    while (more) {
        begin();
        more = efs_release(&rig.fs, &node[ino]);
        assert_true(more >= 0);
        assert_int_equal(end(0), 0);
    }
    model[ino] = (struct model_node){0};
}

static void
release_orphans(void)
{
    uint32_t ino = 0;

    while (efs_inode_next_orphan(&rig.fs, ino, &ino) == 0 && ino)
        release(ino);
}

/* Mounting frees what has lost its names. */
static void
remount(void)
{
    rig_remount(&rig);
    for (uint32_t ino = 1; ino <= INODES; ino++)
        if (model[ino].mode && links_of(ino) == 0)
            model[ino] = (struct model_node){0};
}

static void
do_rename(uint32_t from, uint32_t i, uint32_t to, uint32_t j, bool exchange)
{
    uint32_t moved = model[from].child[i], other = model[to].child[j];
    struct efs_place source = {&node[from], name_of(i), ECLIPSEFS_NAME_MAX - i,
                               &node[moved]};
    struct efs_place target = {&node[to], name_of(j), ECLIPSEFS_NAME_MAX - j,
                               other ? &node[other] : NULL};
    bool may = exchange || !is_dir(other) || is_empty(other);

    begin();
    int err = end(efs_rename(&rig.fs, &source, &target, exchange, now));
    assert_int_equal(err, may || moved == other ? 0 : -ENOTEMPTY);
    if (err || moved == other)
        return;
    name_node(from, i, 0);
    name_node(to, j, moved);
    if (exchange)
        name_node(from, i, other);
    expect_touched(from);
    expect_touched(to);
    assert_int_equal(node[moved].ctime, now);
    if (other)
        assert_int_equal(node[other].ctime, now);
}

static void
random_rename(uint32_t from, uint32_t i)
{
    uint32_t to = some_dir(), j = below(NAMES);
    uint32_t moved = model[from].child[i], other = model[to].child[j];
    bool exchange = other && below(2);

    if (is_dir(moved) && lies_below(to, moved))
        return;
    if (other && is_dir(other) && lies_below(from, other) && exchange)
        return;
    if (other && !exchange && is_dir(moved) != is_dir(other))
        return;
    do_rename(from, i, to, j, exchange);
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
            do_unlink(dir, i);
        else
            random_rename(dir, i);
        if (below(10) == 0)
            release_orphans();
        if (step % 1000 == 0)
            remount();
        check();
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
    assert_int_equal(do_create(1, 0, &what), -ENAMETOOLONG);
    what.target_len = EFS_VALUE_MAX;
    assert_int_equal(do_create(1, 0, &what), 0);
    struct efs_node *link = &node[model[1].child[0]];
    assert_int_equal(link->type, ECLIPSEFS_SYMLINK);
    assert_int_equal(link->data_len, EFS_VALUE_MAX);
    static char back[EFS_VALUE_MAX];
    assert_int_equal(efs_file_read(&rig.fs, link, 0, back, sizeof back),
                     EFS_VALUE_MAX);
    assert_memory_equal(back, target, EFS_VALUE_MAX);
    check();
}

static void
test_links_are_limited(void **state)
{
    const char *name = name_of(1);

    (void)state;
    assert_int_equal(do_create(1, 0, &a_file), 0);
    struct efs_node *file = &node[model[1].child[0]];
    file->nlink = UINT32_MAX;
    begin();
    assert_int_equal(
        end(efs_link(&rig.fs, &node[1], name, strlen(name), file, now)),
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
        err = do_create(dir, made % NAMES, made % NAMES ? &a_file : &a_dir);
        made += !err;
        if (made % NAMES == 0)
            dir = model[dir].child[0];
    }
    assert_int_equal(err, -ENOSPC);
    assert_int_equal(made, INODES - 1);
    check();
}

/* Two names of one file: renaming one to the other leaves both. */
static void
test_renaming_to_itself(void **state)
{
    const char *name = name_of(1);

    (void)state;
    assert_int_equal(do_create(1, 0, &a_file), 0);
    uint32_t ino = model[1].child[0];
    begin();
    assert_int_equal(
        end(efs_link(&rig.fs, &node[1], name, strlen(name), &node[ino], now)),
        0);
    name_node(1, 1, ino);
    do_rename(1, 0, 1, 1, false);
    check();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_operations, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_targets_of_symlinks, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_links_are_limited, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_running_out_of_inodes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_renaming_to_itself, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
