/* The balanced tree against an array that holds the same. */
// SOURCES: kernel/lib/tree.c
#include "lib/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define KEYS 4096u

static struct tree_node nodes[KEYS];
static bool present[KEYS];

static struct tree_node *
floor_by_looking(uint64_t key)
{
    for (uint64_t k = key + 1; k-- > 0;)
        if (present[k])
            return &nodes[k];
    return NULL;
}

static unsigned
depth(const struct tree_node *node)
{
    if (!node)
        return 0;
    unsigned left = depth(node->left), right = depth(node->right);
    return 1 + (left > right ? left : right);
}

static void
empty_tree(void **state UNUSED)
{
    assert_null(tree_floor(NULL, 5));
}

static void
random_changes(void **state UNUSED)
{
    struct tree_node *root = NULL;

    srand(1);
    for (unsigned i = 0; i < 100000; i++) {
        unsigned key = (unsigned)rand() % 512;
        nodes[key].key = key;
        if (present[key])
            tree_remove(&root, &nodes[key]);
        else
            tree_insert(&root, &nodes[key]);
        present[key] = !present[key];
        uint64_t asked = (unsigned)rand() % 600;
        assert_ptr_equal(tree_floor(root, asked),
                         floor_by_looking(MIN(asked, KEYS - 1ul)));
    }
    for (unsigned key = 0; key < 512; key++)
        if (present[key])
            tree_remove(&root, &nodes[key]);
    assert_null(root);
}

static void
sorted_insertion_stays_shallow(void **state UNUSED)
{
    struct tree_node *root = NULL;

    for (unsigned key = 0; key < KEYS; key++) {
        nodes[key].key = key;
        tree_insert(&root, &nodes[key]);
    }
    assert_true(depth(root) < 48); /* a list would be 4096 deep */
    for (unsigned key = 0; key < KEYS; key += 2)
        tree_remove(&root, &nodes[key]);
    assert_ptr_equal(tree_floor(root, 4000), &nodes[3999]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_tree),
        cmocka_unit_test(random_changes),
        cmocka_unit_test(sorted_insertion_stays_shallow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
