// SOURCES: kernel/lib/fdt.c kernel/lib/fdt_bus.c tests/host/dtbs.c
// LIBS: -lfdt
/* The device tree reader against libfdt: every node, property, address and
 * interrupt parent of every tree. libfdt names nodes by the same offsets. */
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
#include "lib/fdt.h"

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
    unsigned ncells = prop->len / 4;
    const fdt32_t *cells = (const fdt32_t *)prop->value;
    for (unsigned i = 0; i < ncells; i++)
        assert_int_equal(fdt_prop_cell(prop, i), fdt32_to_cpu(cells[i]));
    assert_int_equal(fdt_prop_cell(prop, ncells), 0);

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
compare_relations(const void *blob, const struct fdt_node *node)
{
    int parent = found(fdt_parent_offset(blob, node->offset));
    assert_string_equal(node->name, fdt_get_name(blob, node->offset, NULL));
    assert_int_equal(node->parent ? node->parent->offset : -ENOENT, parent);
    assert_int_equal(node->phandle, fdt_get_phandle(blob, node->offset));
}

static void
compare_standard(const void *blob, const struct fdt_node *node)
{
    static const char *const names[FDT_STANDARD_COUNT] = {
        [FDT_COMPATIBLE] = "compatible",
        [FDT_DEVICE_TYPE] = "device_type",
        [FDT_STATUS] = "status",
        [FDT_REG] = "reg",
        [FDT_RANGES] = "ranges",
        [FDT_ADDRESS_CELLS] = "#address-cells",
        [FDT_SIZE_CELLS] = "#size-cells",
        [FDT_PHANDLE] = "phandle",
        [FDT_INTERRUPT_PARENT] = "interrupt-parent",
        [FDT_INTERRUPT_CELLS] = "#interrupt-cells",
    };
    for (unsigned i = 0; i < FDT_STANDARD_COUNT; i++) {
        int len = 0;
        const void *value = fdt_getprop(blob, node->offset, names[i], &len);
        assert_ptr_equal(node->props[i].value, value);
        assert_int_equal(node->props[i].len, value ? len : 0);
    }
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
    strcat(path, ":115200n8/no");
    assert_int_equal(fdt_find_path(tree, path), first);
}

static void
compare_compatible(const void *blob, const struct fdt_node *node)
{
    static const char *const others[] = {"n",     "virtio,mmi", "virtio,mmios",
                                         "riscv", "syscon",     "ns16550a"};
    const struct fdt_prop *list = &node->props[FDT_COMPATIBLE];
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(
            fdt_prop_has_string(list, others[i]),
            fdt_node_check_compatible(blob, node->offset, others[i]) == 0);
    int count = fdt_stringlist_count(blob, node->offset, "compatible");
    for (int i = 0; i < count; i++)
        assert_true(fdt_prop_has_string(
            list,
            fdt_stringlist_get(blob, node->offset, "compatible", i, NULL)));
}

static bool
reference_enabled(const void *blob, int node)
{
    if (node < 0)
        return true;
    const char *status = fdt_getprop(blob, node, "status", NULL);
    return (status == NULL || strcmp(status, "okay") == 0 ||
            strcmp(status, "ok") == 0) &&
           reference_enabled(blob, fdt_parent_offset(blob, node));
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
compare_reg_entry(const void *blob, const struct fdt_node *node, unsigned index,
                  const fdt32_t *entry)
{
    int parent = fdt_parent_offset(blob, node->offset);
    int a = address_cells(blob, parent), s = fdt_size_cells(blob, parent);
    unsigned __int128 base = join(entry, a), size = join(entry + a, s);
    struct fdt_range range;
    int error = fdt_reg(node, index, &range);
    if ((base + size) >> 64 != 0) {
        assert_int_equal(error, -EOVERFLOW);
        return;
    }
    assert_int_equal(error, 0);
    assert_true(range.base == base && range.size == size);

    error = fdt_reg_physical(node, index, &range);
    if (reference_translate(blob, parent, &base, size)) {
        assert_int_equal(error, 0);
        assert_true(range.base == base && range.size == size);
    } else {
        assert_int_equal(error, -ENXIO);
    }
}

static void
compare_reg(const void *blob, const struct fdt_node *node)
{
    int parent = fdt_parent_offset(blob, node->offset);
    int ncells, step = 1;
    const fdt32_t *reg = cells_of(blob, node->offset, "reg", &ncells);
    if (parent >= 0)
        step = address_cells(blob, parent) + fdt_size_cells(blob, parent);
    unsigned index = 0;
    for (int i = 0; i < ncells; i += step)
        compare_reg_entry(blob, node, index++, reg + i);
    struct fdt_range range;
    assert_int_equal(fdt_reg(node, index, &range), -ENOENT);
    assert_int_equal(fdt_reg_physical(node, index, &range), -ENOENT);
}

/* ---- Interrupts, likewise ---- */

static uint32_t
reference_interrupt_parent(const void *blob, int node)
{
    int ncells;
    const fdt32_t *own = cells_of(blob, node, "interrupt-parent", &ncells);
    if (own != NULL)
        return fdt32_to_cpu(own[0]);
    int parent = fdt_parent_offset(blob, node);
    if (parent < 0)
        return 0;
    if (fdt_getprop(blob, parent, "#interrupt-cells", NULL))
        return fdt_get_phandle(blob, parent);
    return reference_interrupt_parent(blob, parent);
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

/* Returns the number of nodes. */
static unsigned
compare_nodes(const struct fdt *tree, const void *blob)
{
    struct fdt_walk walk;
    const struct fdt_node *node;
    unsigned count = 0;
    int expected = fdt_next_node(blob, -1, NULL);
    for (walk = (struct fdt_walk){.tree = tree};
         (node = fdt_walk_next(&walk)) != NULL;) {
        assert_int_equal(node->offset, expected);
        compare_relations(blob, node);
        compare_standard(blob, node);
        compare_properties(tree, blob, node->offset);
        compare_paths(tree, blob, node->offset);
        compare_compatible(blob, node);
        compare_reg(blob, node);
        assert_int_equal(node->enabled, reference_enabled(blob, node->offset));
        assert_int_equal(node->interrupt_parent,
                         reference_interrupt_parent(blob, node->offset));
        expected = fdt_next_node(blob, expected, NULL);
        count++;
    }
    assert_true(expected < 0);
    assert_null(fdt_walk_next(&walk));
    return count;
}

static unsigned
compare_tree(const void *blob, size_t size)
{
    struct fdt tree;
    const char *why;
    assert_int_equal(fdt_open(&tree, blob, size, &why), 0);
    assert_null(why);
    assert_int_equal(tree.total_size, size);
    compare_reserved(&tree, blob);
    compare_aliases(&tree, blob);
    return compare_nodes(&tree, blob);
}

static void
test_against_libfdt(void **state)
{
    (void)state;
    unsigned nodes = 0;
    for (unsigned i = 0; i < ndtbs; i++) {
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
    assert_int_equal(fdt_nop_property(blob, 0, "interrupt-parent"), 0);
    assert_int_equal(fdt_nop_node(blob, fdt_path_offset(blob, "/cpus")), 0);

    struct fdt tree;
    const char *why;
    assert_int_equal(fdt_open(&tree, blob, dtb->size, &why), 0);
    compare_nodes(&tree, blob);
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
        struct fdt_prop prop;
        assert_int_equal(fdt_prop_first(&tree, nowhere[i], &prop), -ENOENT);
        assert_int_equal(fdt_prop_find(&tree, nowhere[i], "reg", &prop),
                         -ENOENT);
        assert_string_equal(fdt_read_string(&tree, nowhere[i], "reg"), "");
    }
}

int
main(int argc, char **argv)
{
    (void)argc;
    dtbs_load(argv[0], "");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_libfdt),
        cmocka_unit_test(test_nops),
        cmocka_unit_test(test_no_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
