/* Walking eclipsefs trees: paths, cycles, and images damaged at random. */
// SOURCES: $(EFS_SRCS) mkfs/parents.c mkfs/walk.c
// SOURCES: tests/host/image_builder.c

#include "walk.h"

#include "abi/errno.h"
#include "host_kernel.h"
#include "image_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CASES       24000u
#define ENTRIES_MAX 200000u /* a walk must stay below, whatever the image */

static struct builder b;
static struct walk w;

static int
setup(void **state)
{
    (void)state;
    host_kernel_quiet = true;
    bcache_init(256);
    builder_init(&b, 16 * ECLIPSEFS_BLOCK_SIZE, 60);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    builder_free(&b);
    return 0;
}

static void
open_walk(struct blockdev *dev)
{
    const char *why;
    assert_int_equal(walk_open(&w, dev, false, &why), 0);
}

/* The inode at path, or the error. */
static int
find(const char *path, bool follow)
{
    struct efs_node node;
    int err = walk_path(&w, path, follow, &node);
    return err ? err : (int)node.ino;
}

static void
begin_dir(uint32_t ino)
{
    builder_begin(&b, ino);
    builder_number(&b, ECLIPSEFS_NODE_TYPE, 1, ECLIPSEFS_DIRECTORY);
    builder_open_entries(&b);
}

static void
end_dir(void)
{
    builder_close_entries(&b);
    builder_end(&b);
}

/* /dir/sub/file, /dir/up -> ../dir/sub, /abs -> /dir, /loop -> loop,
 * /empty -> "", and /l0 -> dir, /l1 -> l0, ... /l40 -> l39. */
static void
build_tree(void)
{
    char name[8], target[8];

    begin_dir(1);
    builder_entry(&b, "dir", 2);
    builder_entry(&b, "abs", 5);
    builder_entry(&b, "loop", 6);
    builder_entry(&b, "empty", 8);
    for (unsigned i = 0; i <= WALK_LINKS_MAX; i++) {
        snprintf(name, sizeof name, "l%u", i);
        builder_entry(&b, name, 10 + i);
    }
    end_dir();
    begin_dir(2);
    builder_entry(&b, "sub", 3);
    builder_entry(&b, "up", 7);
    end_dir();
    builder_dir1(&b, 3, "file", 4);
    builder_file(&b, 4, "x", 1);
    builder_symlink(&b, 5, "/dir");
    builder_symlink(&b, 6, "loop");
    builder_symlink(&b, 7, "../dir/sub");
    builder_symlink(&b, 8, "");
    for (unsigned i = 0; i <= WALK_LINKS_MAX; i++) {
        snprintf(target, sizeof target, "l%u", i - 1);
        builder_symlink(&b, 10 + i, i ? target : "dir");
    }
}

static void
test_paths(void **state)
{
    static const struct {
        const char *path;
        int found;
    } cases[] = {
        {"", 1},
        {"/", 1},
        {"///", 1},
        {"/..", 1},
        {"dir", 2},
        {"/dir/", 2},
        {"/dir/./sub//file", 4},
        {"/dir/sub/../sub/..", 2},
        {"/dir/sub/../../..", 1},
        {"/dir/sub/file/", -ENOTDIR},
        {"/dir/sub/file/.", -ENOTDIR},
        {"/dir/nothing", -ENOENT},
        {"/nothing/dir", -ENOENT},
        {"/abs", 2},
        {"/abs/sub/file", 4},
        {"/dir/up/file", 4},
        {"/abs/up/../up/file", 4},
        {"/loop", -ELOOP},
        {"/loop/x", -ELOOP},
        {"/empty", -ENOENT},
        {"/l39", 2},
        {"/l39/sub", 3},
        {"/l40", -ELOOP},
    };

    (void)state;
    build_tree();
    open_walk(builder_disk(&b));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (find(cases[i].path, true) != cases[i].found)
            fail_msg("%s: %d instead of %d", cases[i].path,
                     find(cases[i].path, true), cases[i].found);
    assert_int_equal(find("/abs", false), 5);
    assert_int_equal(find("/abs/", false), 2);
    assert_int_equal(find("/loop", false), 6);
    assert_int_equal(walk_close(&w), 0);
}

static void
test_long_paths(void **state)
{
    char path[WALK_PATH_MAX + 10];

    (void)state;
    build_tree();
    open_walk(builder_disk(&b));
    memset(path, 'n', sizeof path);
    path[ECLIPSEFS_NAME_MAX] = '\0';
    assert_int_equal(find(path, true), -ENOENT);
    path[ECLIPSEFS_NAME_MAX] = 'n';
    path[ECLIPSEFS_NAME_MAX + 1] = '\0';
    assert_int_equal(find(path, true), -ENAMETOOLONG);
    memset(path, '/', sizeof path);
    path[WALK_PATH_MAX - 1] = '\0';
    assert_int_equal(find(path, true), 1);
    path[WALK_PATH_MAX - 1] = '/';
    path[WALK_PATH_MAX] = '\0';
    assert_int_equal(find(path, true), -ENAMETOOLONG);
    assert_int_equal(walk_close(&w), 0);
}

static void
test_cycles_and_second_parents(void **state)
{
    (void)state;
    begin_dir(1);
    builder_entry(&b, "a", 2);
    builder_entry(&b, "b", 3);
    builder_entry(&b, "self", 1);
    builder_entry(&b, "again", 2);
    end_dir();
    builder_dir1(&b, 2, "c", 4);
    builder_dir1(&b, 3, "c", 4);
    begin_dir(4);
    builder_entry(&b, "back", 2);
    builder_entry(&b, "root", 1);
    builder_entry(&b, "file", 5);
    end_dir();
    builder_file(&b, 5, "x", 1);
    open_walk(builder_disk(&b));

    assert_int_equal(find("/self", true), -EUCLEAN);
    assert_int_equal(find("/a/c", true), 4);
    assert_int_equal(find("/a/c", true), 4);
    assert_int_equal(find("/a/c/..", true), 2);
    assert_int_equal(find("/b/c", true), -EUCLEAN);
    assert_int_equal(find("/again", true), -EUCLEAN);
    assert_int_equal(find("/a/c/back", true), -EUCLEAN);
    assert_int_equal(find("/a/c/root", true), -EUCLEAN);
    assert_int_equal(find("/a/c/file", true), 5);
    assert_int_equal(walk_close(&w), 0);
}

static void
test_hard_links_are_sound(void **state)
{
    (void)state;
    begin_dir(1);
    builder_entry(&b, "one", 2);
    builder_entry(&b, "two", 2);
    end_dir();
    builder_file(&b, 2, "x", 1);
    open_walk(builder_disk(&b));
    assert_int_equal(find("/one", true), 2);
    assert_int_equal(find("/two", true), 2);
    assert_int_equal(walk_close(&w), 0);
}

/* ---- Damage at random ---- */

struct tally {
    unsigned directories, entries, errors;
};

/* Reads a little of a file's beginning and end. */
static void
read_some(const struct efs_node *node, struct tally *tally)
{
    char piece[100];
    uint64_t end = node->data_len > 50 ? node->data_len - 50 : 0;

    if (efs_file_read(&w.fs, node, 0, piece, sizeof piece) < 0 ||
        efs_file_read(&w.fs, node, end, piece, sizeof piece) < 0)
        tally->errors++;
}

/* Depth is at most that of a tree: no directory is entered twice. */
static void
walk_all(const struct efs_node *dir, struct tally *tally)
{
    struct efs_entry entry;
    struct efs_node child;
    struct efs_dir d;
    int found;

    tally->directories++;
    efs_dir_open(&d, &w.fs, dir, 0);
    while ((found = efs_dir_next(&d, &entry)) > 0) {
        tally->entries++;
        if (walk_link(&w, dir, &entry.link, &child))
            tally->errors++;
        else if (child.type == ECLIPSEFS_DIRECTORY)
            walk_all(&child, tally);
        else
            read_some(&child, tally);
    }
    tally->errors += found < 0;
    efs_dir_close(&d);
}

static uint64_t seed = 0x9e3779b97f4a7c15;

static uint64_t
random_u64(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Changes a few bytes, mostly in the parts that hold structure, often to
 * numbers that lie on some edge. */
static void
mutate(uint8_t *image, size_t size)
{
    static const uint32_t edges[] = {
        0,  1,   2,   7,    8,          9,          10,
        11, 255, 256, 4096, 0x7fffffff, 0x80000000, 0xffffffff};
    unsigned changes = 1 + random_u64() % 6;

    while (changes-- > 0) {
        size_t start = random_u64() % 8 == 0 ? 0 : BUILDER_TABLE;
        size_t end = start ? size : sizeof(struct eclipsefs_header);
        size_t at = start + random_u64() % (end - start);
        if (random_u64() % 2) {
            image[at] = (uint8_t)random_u64();
        } else {
            uint32_t edge = edges[random_u64() % ARRAY_LEN(edges)];
            builder_store(image + at, MIN(sizeof edge, size - at), edge);
        }
    }
}

/* Walks whatever of a damaged image can be walked. */
static void
walk_damaged(const uint8_t *image, size_t size, struct tally *tally)
{
    struct host_disk disk;
    struct efs_node root;
    const char *why = NULL;

    host_disk_wrap(&disk, image, size);
    if (walk_open(&w, &disk.dev, false, &why)) {
        assert_non_null(why);
        tally->errors++;
        host_disk_close(&disk);
        return;
    }
    if (efs_node_read(&w.fs, ECLIPSEFS_ROOT_INO, &root))
        tally->errors++;
    else if (root.type == ECLIPSEFS_DIRECTORY)
        walk_all(&root, tally);
    assert_in_range(tally->directories, 0, w.fs.inode_count);
    assert_int_equal(walk_close(&w), 0);
    host_disk_close(&disk);
}

/* Damages the image called name count times over, each time anew. */
static void
damage_image(const char *name, unsigned count, unsigned *clean)
{
    char path[64];
    size_t size;

    snprintf(path, sizeof path, "tests/images/plain/%s.img", name);
    uint8_t *image = read_host_file(path, &size);
    uint8_t *copy = malloc(size);
    assert_non_null(copy);
    for (unsigned i = 0; i < count; i++) {
        struct tally tally = {0};
        memcpy(copy, image, size);
        mutate(copy, size);
        walk_damaged(copy, size, &tally);
        assert_in_range(tally.entries, 0, ENTRIES_MAX);
        *clean += tally.errors == 0;
    }
    free(copy);
    free(image);
}

static void
test_random_damage(void **state)
{
    static const char *const names[] = {"tiny", "tree", "hard", "tree_slots"};
    unsigned clean = 0;

    (void)state;
    host_kernel_quiet = true;
    bcache_init(256);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        damage_image(names[i], CASES / ARRAY_LEN(names), &clean);
    /* Both kinds must occur, or the mutator does too much or too little. */
    assert_in_range(clean, CASES / 10, CASES * 9 / 10);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_paths),
        TEST(test_long_paths),
        TEST(test_cycles_and_second_parents),
        TEST(test_hard_links_are_sound),
        cmocka_unit_test(test_random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
