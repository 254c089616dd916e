#include "lib/fdt_bus.h"
#include "abi/errno.h"
#include "lib/bits.h"

#define CELL      sizeof(uint32_t)
#define CELLS_MAX 4 /* in an address or a size */

/* ---- Addresses ---- */

static int
cell_count(const struct fdt *tree, int node, const char *name,
           unsigned fallback, unsigned *count)
{
    struct fdt_prop prop;
    *count = fallback;
    if (fdt_prop_find(tree, node, name, &prop) != 0)
        return 0;
    if (prop.len != CELL || be32_load(prop.value) > CELLS_MAX)
        return -EINVAL;
    *count = be32_load(prop.value);
    return 0;
}

int
fdt_cells(const struct fdt *tree, int node, unsigned *address, unsigned *size)
{
    if (node < 0)
        return -ENOENT;
    int error = cell_count(tree, node, "#address-cells", 2, address);
    if (error == 0)
        error = cell_count(tree, node, "#size-cells", 1, size);
    return error;
}

/* Reads a number of n cells. Returns false if it has over 64 bits. */
static bool
read_cells(const uint8_t *from, unsigned n, uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < n; i++) {
        if (*value >> 32 != 0)
            return false;
        *value = *value << 32 | be32_load(from + i * CELL);
    }
    return true;
}

/* fdt_reg, with the parent at hand. */
static int
reg_on_bus(const struct fdt *tree, int node, int bus, unsigned index,
           struct fdt_range *range)
{
    struct fdt_prop reg;
    if (fdt_prop_find(tree, node, "reg", &reg) != 0)
        return -ENOENT;
    unsigned address, size;
    int error = fdt_cells(tree, bus, &address, &size);
    if (error != 0)
        return error;
    uint32_t entry_size = (address + size) * CELL;
    if (entry_size == 0 || reg.len % entry_size != 0)
        return -EINVAL;
    if (index >= reg.len / entry_size)
        return -ENOENT;

    const uint8_t *entry = reg.value + index * entry_size;
    if (!read_cells(entry, address, &range->base) ||
        !read_cells(entry + address * CELL, size, &range->size) ||
        (range->size > 0 && range->base > UINT64_MAX - (range->size - 1)))
        return -EOVERFLOW;
    return 0;
}

int
fdt_reg(const struct fdt *tree, int node, unsigned index,
        struct fdt_range *range)
{
    return reg_on_bus(tree, node, fdt_parent(tree, node), index, range);
}

/* Does outer hold all of inner? An empty inner counts as one byte. */
static bool
range_holds(const struct fdt_range *outer, const struct fdt_range *inner)
{
    uint64_t offset = inner->base - outer->base;
    return inner->base >= outer->base && offset < outer->size &&
           inner->size <= outer->size - offset;
}

/* Translates *range from the addresses of bus to those of its parent. */
static int
translate(const struct fdt *tree, int bus, int parent, struct fdt_range *range)
{
    struct fdt_prop ranges;
    if (fdt_prop_find(tree, bus, "ranges", &ranges) != 0)
        return -ENXIO;
    if (ranges.len == 0)
        return 0;

    unsigned address, size, parent_address, parent_size;
    int error = fdt_cells(tree, bus, &address, &size);
    if (error == 0)
        error = fdt_cells(tree, parent, &parent_address, &parent_size);
    if (error != 0)
        return error;
    uint32_t entry_size = (address + parent_address + size) * CELL;
    if (entry_size == 0 || ranges.len % entry_size != 0)
        return -EINVAL;

    for (uint32_t at = 0; at < ranges.len; at += entry_size) {
        const uint8_t *entry = ranges.value + at;
        struct fdt_range window;
        uint64_t target;
        /* A window over 64 bits wide or high cannot be ours. */
        if (!read_cells(entry, address, &window.base) ||
            !read_cells(entry + address * CELL, parent_address, &target) ||
            !read_cells(entry + (address + parent_address) * CELL, size,
                        &window.size) ||
            !range_holds(&window, range) ||
            target > UINT64_MAX - (window.size - 1))
            continue;
        range->base = target + (range->base - window.base);
        return 0;
    }
    return -ENXIO;
}

int
fdt_reg_physical(const struct fdt *tree, int node, unsigned index,
                 struct fdt_range *range)
{
    int path[FDT_DEPTH_MAX];
    int depth = fdt_ancestry(tree, node, path);
    if (depth <= 0)
        return -ENOENT;
    int error = reg_on_bus(tree, node, path[depth - 1], index, range);
    for (int bus = depth - 1; error == 0 && bus > 0; bus--)
        error = translate(tree, path[bus], path[bus - 1], range);
    return error;
}

/* ---- Interrupts ---- */

static bool
has_prop(const struct fdt *tree, int node, const char *name)
{
    struct fdt_prop prop;
    return fdt_prop_find(tree, node, name, &prop) == 0;
}

/* The node that receives the interrupts of node: the first on the way along
 * `interrupt-parent`, or where there is none along the tree, that knows how
 * to read a specifier. */
static int
interrupt_parent(const struct fdt *tree, int node)
{
    /* The way can be a circle, but no honest one is as long as this. */
    for (unsigned steps = 0; steps < 2 * FDT_DEPTH_MAX && node >= 0; steps++) {
        struct fdt_prop prop;
        uint32_t phandle;
        if (fdt_prop_find(tree, node, "interrupt-parent", &prop) != 0)
            node = fdt_parent(tree, node);
        else if (fdt_prop_cell(&prop, 0, &phandle) == 0)
            node = fdt_find_phandle(tree, phandle);
        else
            return -EINVAL;
        if (has_prop(tree, node, "#interrupt-cells"))
            return node;
    }
    return -EINVAL;
}

int
fdt_irq_first(const struct fdt *tree, int node, struct fdt_irq *irq)
{
    irq->offset = 0;
    /* It goes before `interrupts` [dtspec §2.4.1.3]. */
    irq->extended =
        fdt_prop_find(tree, node, "interrupts-extended", &irq->prop) == 0;
    if (!irq->extended) {
        int error = fdt_prop_find(tree, node, "interrupts", &irq->prop);
        if (error != 0)
            return error;
        irq->controller = interrupt_parent(tree, node);
    }
    return fdt_irq_next(tree, irq);
}

int
fdt_irq_next(const struct fdt *tree, struct fdt_irq *irq)
{
    if (irq->offset >= irq->prop.len)
        return -ENOENT;
    uint32_t start = irq->offset;
    irq->offset = irq->prop.len; /* no next one after an error */
    if (irq->extended) {
        if (irq->prop.len - start < CELL)
            return -EINVAL;
        uint32_t phandle = be32_load(irq->prop.value + start);
        irq->controller = fdt_find_phandle(tree, phandle);
        start += CELL;
    }

    struct fdt_prop cells;
    uint32_t ncells;
    if (fdt_prop_find(tree, irq->controller, "#interrupt-cells", &cells) != 0 ||
        fdt_prop_cell(&cells, 0, &ncells) != 0 || ncells == 0 ||
        ncells > FDT_IRQ_CELLS_MAX || ncells * CELL > irq->prop.len - start)
        return -EINVAL;
    if (has_prop(tree, irq->controller, "interrupt-map"))
        return -EOPNOTSUPP;

    irq->ncells = ncells;
    for (unsigned i = 0; i < ncells; i++)
        irq->cell[i] = be32_load(irq->prop.value + start + i * CELL);
    irq->offset = start + ncells * CELL;
    return 0;
}
