#include "fdt_walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "abi/errno.h"
#include "dev/platform.h"
#include "lib/fdt.h"
#include "lib/print.h"
#include "lib/string.h"

/* What the walk has read, so that the compiler must let it read. */
static volatile uint64_t digest;

void
print(enum print_level level, const char *format, ...)
{
    (void)level;
    char line[512];
    va_list args;
    va_start(args, format);
    digest += (uint64_t)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
}

static void
walk_properties(const struct fdt *tree, int node)
{
    struct fdt_prop prop, same;
    int error = fdt_prop_first(tree, node, &prop);
    for (; error == 0; error = fdt_prop_next(tree, &prop)) {
        digest += strlen(prop.name);
        for (uint32_t i = 0; i < prop.len; i++)
            digest += prop.value[i];
        const char *string;
        for (unsigned i = 0; (string = fdt_prop_string(&prop, i)) != NULL; i++)
            digest += strlen(string);
        for (unsigned i = 0; i <= prop.len / 4; i++)
            digest += fdt_prop_cell(&prop, i);
        assert_int_equal(fdt_prop_find(tree, node, prop.name, &same), 0);
        uint64_t number;
        error = fdt_read_number(tree, node, prop.name, &number);
        assert_true(error == 0 || error == -EINVAL);
    }
    assert_int_equal(error, -ENOENT);
}

static void
walk_addresses(const struct fdt_node *node)
{
    struct fdt_range range;
    int error = 0;
    for (unsigned i = 0; error != -ENOENT && i < 64; i++) {
        error = fdt_reg(node, i, &range);
        if (error == 0)
            digest += range.base + range.size;
        int physical = fdt_reg_physical(node, i, &range);
        assert_true(error == 0 ? physical != -ENOENT : physical == error);
    }
}

static void
walk_tree(const struct fdt *tree)
{
    struct fdt_range range;
    for (unsigned i = 0; fdt_reserved(tree, i, &range) == 0; i++)
        digest += range.base + range.size;
    struct fdt_walk walk;
    const struct fdt_node *node;
    for (walk = (struct fdt_walk){.tree = tree};
         (node = fdt_walk_next(&walk)) != NULL;) {
        digest += strlen(node->name) + node->enabled + node->interrupt_parent;
        assert_true(node->offset == 0 || node->parent != NULL ||
                    fdt_find_path(tree, "/") == node->offset);
        walk_properties(tree, node->offset);
        walk_addresses(node);
    }
    static const char *const paths[] = {"/chosen", "/soc/virtio", "serial0",
                                        "soc/virtio@70000000", "//cpus/:x"};
    for (unsigned i = 0; i < ARRAY_LEN(paths); i++)
        digest += (uint64_t)fdt_find_path(tree, paths[i]);
}

static void
walk_platform(const void *blob, size_t size)
{
    const char *why;
    int error = platform_init(blob, 0x80000000, size, &why);
    assert_true(error == 0 || error == -EINVAL || error == -ENODEV);
    assert_true((error == 0) == (why == NULL));
    const struct platform *p = platform_get();
    for (unsigned i = 1; i < p->map.nram; i++)
        assert_true(p->map.ram[i - 1].base + p->map.ram[i - 1].size <
                    p->map.ram[i].base);
    for (unsigned i = 0; i < p->nharts; i++)
        assert_true(p->harts[i].plic == PLATFORM_NONE ||
                    p->harts[i].plic < (int)p->nplics);
    size_t len;
    const char *value = bootarg_find("root", &len);
    if (error == 0 && value != NULL)
        digest += (uint64_t)value[0] + len;
}

bool
fdt_walk_all(const void *blob, size_t size)
{
    struct fdt tree;
    const char *why = NULL;
    int error = fdt_open(&tree, blob, size, &why);
    if (error == 0) {
        assert_null(why);
        walk_tree(&tree);
    } else {
        assert_int_equal(error, -EINVAL);
        assert_non_null(why);
    }
    walk_platform(blob, size);
    return error == 0;
}
