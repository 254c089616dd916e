// SOURCES: kernel/lib/fdt.c kernel/lib/fdt_bus.c tests/host/dtbs.c
// LIBS: -lfdt
/* The device tree reader against libfdt: every node, property, address and
 * interrupt of every tree. libfdt names nodes by the same offsets. */
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
#include "lib/fdt_bus.h"

/* What libfdt finds, or -ENOENT. */
static int
found(int node)
{
    return node >= 0 ? node : -ENOENT;
}

static const fdt32_t *
cells_of(const void *blob, int node, const char *name, int *ncells)
{
    int len;
    const fdt32_t *cells = fdt_getprop(blob, node, name, &len);
    *ncells = cells != NULL ? len / 4 : 0;
    return cells;
}

static unsigned __int128
join(const fdt32_t *cells, int n)
{
    unsigned __int128 value = 0;
    for (int i = 0; i < n; i++)
        value = value << 32 | fdt32_to_cpu(cells[i]);
    return value;
}

/* libfdt thinks 0 is a mistake; interrupt controllers have it. */
static int
address_cells(const void *blob, int node)
{
    int n;
    const fdt32_t *cells = cells_of(blob, node, "#address-cells", &n);
    return cells != NULL && *cells == 0 ? 0 : fdt_address_cells(blob, node);
}

/* ---- Properties ---- */

static void
compare_strings(const void *blob, int node, const struct fdt_prop *prop)
{
    int count = fdt_stringlist_count(blob, node, prop->name);
    for (int i = 0; i < count; i++) {
        const char *string =
            fdt_stringlist_get(blob, node, prop->name, i, NULL);
        assert_ptr_equal(fdt_prop_string(prop, (unsigned)i), string);
    }
    if (count >= 0)
        assert_null(fdt_prop_string(prop, (unsigned)count));
}

static void
compare_numbers(const struct fdt *tree, int node, const struct fdt_prop *prop)
{
    uint32_t cell;
    unsigned ncells = prop->len / 4;
    const fdt32_t *cells = (const fdt32_t *)prop->value;
    for (unsigned i = 0; i < ncells; i++) {
        assert_int_equal(fdt_prop_cell(prop, i, &cell), 0);
        assert_int_equal(cell, fdt32_to_cpu(cells[i]));
    }
    assert_int_equal(fdt_prop_cell(prop, ncells, &cell), -ENOENT);

    uint64_t number;
    int error = fdt_read_number(tree, node, prop->name, &number);
    if (prop->len == 4 || prop->len == 8) {
        assert_int_equal(error, 0);
        assert_int_equal(number, join(cells, (int)ncells));
    } else {
        assert_int_equal(error, -EINVAL);
    }
}

static void
compare_properties(const struct fdt *tree, const void *blob, int node)
{
    struct fdt_prop prop, by_name;
    int error = fdt_prop_first(tree, node, &prop);
    int offset;
    fdt_for_each_property_offset(offset, blob, node)
    {
        assert_int_equal(error, 0);
        int len;
        const char *name;
        const void *value = fdt_getprop_by_offset(blob, offset, &name, &len);
        assert_string_equal(prop.name, name);
        assert_int_equal(prop.len, len);
        assert_ptr_equal(prop.value, value);
        assert_int_equal(fdt_prop_find(tree, node, name, &by_name), 0);
        assert_ptr_equal(by_name.value, value);
        compare_strings(blob, node, &prop);
        compare_numbers(tree, node, &prop);
        error = fdt_prop_next(tree, &prop);
    }
    assert_int_equal(error, -ENOENT);
    assert_int_equal(fdt_prop_find(tree, node, "no-such", &prop), -ENOENT);
}

/* ---- Nodes ---- */

static void
compare_relations(const struct fdt *tree, const void *blob, int node)
{
    assert_string_equal(fdt_name(tree, node), fdt_get_name(blob, node, NULL));
    assert_int_equal(fdt_parent(tree, node),
                     found(fdt_parent_offset(blob, node)));
    assert_int_equal(fdt_child(tree, node),
                     found(fdt_first_subnode(blob, node)));
    int sibling = node == 0 ? -1 : fdt_next_subnode(blob, node);
    assert_int_equal(fdt_sibling(tree, node), found(sibling));
}

static void
compare_paths(const struct fdt *tree, const void *blob, int node)
{
    char path[256];
    assert_int_equal(fdt_get_path(blob, node, path, sizeof(path)), 0);
    /* Not always node: "bus" means an earlier "bus@0" too. */
    assert_int_equal(fdt_find_path(tree, path),
                     found(fdt_path_offset(blob, path)));
    /* Without the last unit address, the first of that name is meant. */
    char *slash = strrchr(path, '/'), *at = strrchr(path, '@');
    if (at > slash)
        *at = '\0';
    int first = found(fdt_path_offset(blob, path));
    assert_int_equal(fdt_find_path(tree, path), first);
    assert_true(fdt_has_name(tree, node, slash + 1) || node == 0);
    strcat(path, ":115200n8/no");
    assert_int_equal(fdt_find_path(tree, path), first);

    uint32_t phandle = fdt_get_phandle(blob, node);
    if (phandle != 0)
        assert_int_equal(fdt_find_phandle(tree, phandle), node);
}

static void
compare_compatible(const struct fdt *tree, const void *blob, int node)
{
    static const char *const others[] = {"n",     "virtio,mmi", "virtio,mmios",
                                         "riscv", "syscon",     "ns16550a"};
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(fdt_is_compatible(tree, node, others[i]),
                         fdt_node_check_compatible(blob, node, others[i]) == 0);
    int count = fdt_stringlist_count(blob, node, "compatible");
    for (int i = 0; i < count; i++) {
        const char *name =
            fdt_stringlist_get(blob, node, "compatible", i, NULL);
        assert_true(fdt_is_compatible(tree, node, name));
        for (int n = -1, m = -1;;) {
            n = fdt_find_compatible(tree, n, name);
            m = fdt_node_offset_by_compatible(blob, m, name);
            assert_int_equal(n, found(m));
            if (n < 0)
                break;
        }
    }
}

static void
compare_status(const struct fdt *tree, const void *blob, int node)
{
    const char *status = fdt_getprop(blob, node, "status", NULL);
    bool enabled = status == NULL || strcmp(status, "okay") == 0 ||
                   strcmp(status, "ok") == 0;
    assert_int_equal(fdt_is_enabled(tree, node), enabled);
}

/* ---- Addresses, worked out anew with libfdt ---- */

/* Translates address from node `bus` to the root. Returns 0 if no bus on the
 * way has a window for it. */
static int
reference_translate(const void *blob, int bus, unsigned __int128 *address,
                    unsigned __int128 size)
{
    int parent = fdt_parent_offset(blob, bus);
    if (parent < 0)
        return 1;
    int ncells;
    const fdt32_t *ranges = cells_of(blob, bus, "ranges", &ncells);
    if (ranges == NULL)
        return 0;
    if (ncells == 0)
        return reference_translate(blob, parent, address, size);
    int a = address_cells(blob, bus), p = address_cells(blob, parent);
    int s = fdt_size_cells(blob, bus);
    for (int i = 0; i + a + p + s <= ncells; i += a + p + s) {
        unsigned __int128 from = join(ranges + i, a);
        unsigned __int128 length = join(ranges + i + a + p, s);
        if (*address < from || *address + size > from + length)
            continue;
        *address += join(ranges + i + a, p) - from;
        return reference_translate(blob, parent, address, size);
    }
    return 0;
}

static void
compare_reg_entry(const struct fdt *tree, const void *blob, int node,
                  unsigned index, const fdt32_t *entry)
{
    int parent = fdt_parent_offset(blob, node);
    int a = address_cells(blob, parent), s = fdt_size_cells(blob, parent);
    unsigned __int128 base = join(entry, a), size = join(entry + a, s);
    struct fdt_range range;
    int error = fdt_reg(tree, node, index, &range);
    if ((base + size) >> 64 != 0) {
        assert_int_equal(error, -EOVERFLOW);
        return;
    }
    assert_int_equal(error, 0);
    assert_true(range.base == base && range.size == size);

    error = fdt_reg_physical(tree, node, index, &range);
    if (reference_translate(blob, parent, &base, size)) {
        assert_int_equal(error, 0);
        assert_true(range.base == base && range.size == size);
    } else {
        assert_int_equal(error, -ENXIO);
    }
}

static void
compare_reg(const struct fdt *tree, const void *blob, int node)
{
    unsigned address, size;
    assert_int_equal(fdt_cells(tree, node, &address, &size), 0);
    assert_int_equal(address, address_cells(blob, node));
    assert_int_equal(size, fdt_size_cells(blob, node));
    if (node == 0)
        return;

    int parent = fdt_parent_offset(blob, node);
    int step = address_cells(blob, parent) + fdt_size_cells(blob, parent);
    int ncells;
    const fdt32_t *reg = cells_of(blob, node, "reg", &ncells);
    unsigned index = 0;
    for (int i = 0; i < ncells; i += step)
        compare_reg_entry(tree, blob, node, index++, reg + i);
    struct fdt_range range;
    assert_int_equal(fdt_reg(tree, node, index, &range), -ENOENT);
    assert_int_equal(fdt_reg_physical(tree, node, index, &range), -ENOENT);
}

/* ---- Interrupts, likewise ---- */

static int
reference_controller(const void *blob, int node)
{
    int ncells;
    const fdt32_t *parent = cells_of(blob, node, "interrupt-parent", &ncells);
    int next = parent != NULL
                   ? fdt_node_offset_by_phandle(blob, fdt32_to_cpu(parent[0]))
                   : fdt_parent_offset(blob, node);
    if (next < 0 || fdt_getprop(blob, next, "#interrupt-cells", NULL))
        return next;
    return reference_controller(blob, next);
}

static void
compare_interrupts(const struct fdt *tree, const void *blob, int node)
{
    int ncells;
    const fdt32_t *cells = cells_of(blob, node, "interrupts-extended", &ncells);
    bool extended = cells != NULL;
    if (!extended)
        cells = cells_of(blob, node, "interrupts", &ncells);

    struct fdt_irq irq;
    int error = fdt_irq_first(tree, node, &irq);
    for (int i = 0; i < ncells;) {
        int controller =
            extended
                ? fdt_node_offset_by_phandle(blob, fdt32_to_cpu(cells[i++]))
                : reference_controller(blob, node);
        if (controller < 0) {
            assert_int_equal(error, -EINVAL);
            return;
        }
        if (fdt_getprop(blob, controller, "interrupt-map", NULL)) {
            assert_int_equal(error, -EOPNOTSUPP);
            return;
        }
        assert_int_equal(error, 0);
        assert_int_equal(irq.controller, controller);
        int n;
        assert_int_equal(
            irq.ncells,
            fdt32_to_cpu(*cells_of(blob, controller, "#interrupt-cells", &n)));
        for (unsigned c = 0; c < irq.ncells; c++)
            assert_int_equal(irq.cell[c], fdt32_to_cpu(cells[i++]));
        error = fdt_irq_next(tree, &irq);
    }
    assert_int_equal(error, -ENOENT);
}

/* ---- Whole trees ---- */

static void
compare_reserved(const struct fdt *tree, const void *blob)
{
    struct fdt_range range;
    unsigned count = (unsigned)fdt_num_mem_rsv(blob);
    for (unsigned i = 0; i < count; i++) {
        uint64_t base, size;
        assert_int_equal(fdt_get_mem_rsv(blob, (int)i, &base, &size), 0);
        assert_int_equal(fdt_reserved(tree, i, &range), 0);
        assert_true(range.base == base && range.size == size);
    }
    assert_int_equal(fdt_reserved(tree, count, &range), -ENOENT);
}

static void
compare_aliases(const struct fdt *tree, const void *blob)
{
    int offset;
    int aliases = fdt_path_offset(blob, "/aliases");
    fdt_for_each_property_offset(offset, blob, aliases)
    {
        const char *name;
        fdt_getprop_by_offset(blob, offset, &name, NULL);
        assert_int_equal(fdt_find_path(tree, name),
                         found(fdt_path_offset(blob, name)));
    }
    assert_int_equal(fdt_find_path(tree, "nobody"), -ENOENT);
    assert_int_equal(fdt_find_path(tree, ""), -ENOENT);
}

static unsigned
compare_tree(const void *blob, size_t size)
{
    struct fdt tree;
    const char *why;
    assert_int_equal(fdt_open(&tree, blob, size, &why), 0);
    assert_null(why);
    assert_int_equal(fdt_size(&tree), size);
    compare_reserved(&tree, blob);
    compare_aliases(&tree, blob);

    unsigned count = 0;
    int depth = 0, expected_depth = 0;
    int node = fdt_root(&tree);
    int expected = fdt_next_node(blob, -1, NULL);
    for (; expected >= 0 && expected_depth >= 0; count++) {
        assert_int_equal(node, expected);
        assert_int_equal(depth, expected_depth);
        compare_relations(&tree, blob, node);
        compare_properties(&tree, blob, node);
        compare_paths(&tree, blob, node);
        compare_compatible(&tree, blob, node);
        compare_status(&tree, blob, node);
        compare_reg(&tree, blob, node);
        compare_interrupts(&tree, blob, node);
        node = fdt_next(&tree, node, &depth);
        expected = fdt_next_node(blob, expected, &expected_depth);
    }
    assert_int_equal(node, -ENOENT);
    return count;
}

static void
test_against_libfdt(void **state)
{
    (void)state;
    unsigned nodes = 0;
    for (unsigned i = 0; i < ndtbs; i++) {
        /* Its interrupts are wrong on purpose, for test_fdt_fuzz. */
        if (strcmp(dtbs[i].name, "circle") == 0)
            continue;
        unsigned count = compare_tree(dtbs[i].blob, dtbs[i].size);
        assert_true(count > 1);
        nodes += count;
    }
    print_message("compared %u nodes of %u trees\n", nodes, ndtbs);
}

/* libfdt deletes by writing NOPs over what was there. */
static void
test_nops(void **state)
{
    (void)state;
    const struct dtb *dtb = dtb_get("buses");
    uint8_t *blob = malloc(dtb->size);
    memcpy(blob, dtb->blob, dtb->size);
    assert_int_equal(
        fdt_nop_node(blob, fdt_path_offset(blob, "/bus/plic@1000000")), 0);
    assert_int_equal(fdt_nop_property(blob, 0, "compatible"), 0);
    assert_int_equal(fdt_nop_property(blob, 0, "#size-cells"), 0);
    assert_int_equal(fdt_nop_node(blob, fdt_path_offset(blob, "/cpus")), 0);

    struct fdt tree;
    const char *why;
    assert_int_equal(fdt_open(&tree, blob, dtb->size, &why), 0);
    for (int node = fdt_next_node(blob, -1, NULL); node >= 0;
         node = fdt_next_node(blob, node, NULL)) {
        compare_relations(&tree, blob, node);
        compare_properties(&tree, blob, node);
        compare_paths(&tree, blob, node);
    }
    free(blob);
}

static void
test_no_node(void **state)
{
    (void)state;
    const struct dtb *dtb = dtb_get("moved");
    struct fdt tree;
    const char *why;
    assert_int_equal(fdt_open(&tree, dtb->blob, dtb->size, &why), 0);
    /* Neither a negative node nor an offset inside one names a node. */
    static const int nowhere[] = {-ENOENT, -1, 4, 1 << 30, INT32_MAX};
    for (unsigned i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
        int node = nowhere[i], depth = 0;
        struct fdt_prop prop;
        struct fdt_range range;
        struct fdt_irq irq;
        assert_int_equal(fdt_next(&tree, node, &depth), -ENOENT);
        assert_int_equal(fdt_child(&tree, node), -ENOENT);
        assert_int_equal(fdt_sibling(&tree, node), -ENOENT);
        assert_int_equal(fdt_parent(&tree, node), -ENOENT);
        assert_null(fdt_name(&tree, node));
        assert_false(fdt_has_name(&tree, node, ""));
        assert_false(fdt_is_compatible(&tree, node, "virtio,mmio"));
        assert_int_equal(fdt_prop_first(&tree, node, &prop), -ENOENT);
        assert_int_equal(fdt_reg(&tree, node, 0, &range), -ENOENT);
        assert_int_equal(fdt_reg_physical(&tree, node, 0, &range), -ENOENT);
        assert_int_equal(fdt_irq_first(&tree, node, &irq), -ENOENT);
    }
    assert_false(fdt_is_enabled(&tree, -ENOENT));
    assert_int_equal(fdt_find_phandle(&tree, 0), -ENOENT);
    assert_int_equal(fdt_find_phandle(&tree, UINT32_MAX), -ENOENT);
}

int
main(int argc, char **argv)
{
    (void)argc;
    dtbs_load(argv[0]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_libfdt),
        cmocka_unit_test(test_nops),
        cmocka_unit_test(test_no_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
