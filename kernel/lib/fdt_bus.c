/* Addresses: the part of lib/fdt.h that buses have a say in. */
#include "lib/fdt.h"
#include "lib/bits.h"

#define CELL      sizeof(uint32_t)
#define CELLS_MAX 4 /* in an address or a size */

/* Reads n cells at *at as one number, and moves *at behind them. Returns
 * false if it has over 64 bits. */
static bool
take_cells(const uint8_t **at, uint32_t n, uint64_t *value)
{
    bool fits = true;
    *value = 0;
    for (; n > 0; n--, *at += CELL) {
        fits = fits && *value >> 32 == 0;
        *value = *value << 32 | be32_load(*at);
    }
    return fits;
}

/* Cells in an address and in a size of bus's children; 2 and 1 if it does
 * not say [dtspec §2.3.5]. */
static int
cell_counts(const struct fdt_node *bus, uint32_t *address, uint32_t *size)
{
    const struct fdt_prop *of_address = &bus->props[FDT_ADDRESS_CELLS];
    const struct fdt_prop *of_size = &bus->props[FDT_SIZE_CELLS];
    *address = of_address->value ? fdt_prop_cell(of_address, 0) : 2;
    *size = of_size->value ? fdt_prop_cell(of_size, 0) : 1;
    if ((of_address->value && of_address->len != CELL) ||
        (of_size->value && of_size->len != CELL) || *address > CELLS_MAX ||
        *size > CELLS_MAX)
        return -EINVAL;
    return 0;
}

int
fdt_reg(const struct fdt_node *node, unsigned index, struct fdt_range *range)
{
    const struct fdt_prop *reg = &node->props[FDT_REG];
    if (reg->value == NULL || node->parent == NULL)
        return -ENOENT;
    uint32_t address, size;
    int error = cell_counts(node->parent, &address, &size);
    if (error != 0)
        return error;
    uint32_t entry_size = (address + size) * CELL;
    if (entry_size == 0 || reg->len % entry_size != 0)
        return -EINVAL;
    if (index >= reg->len / entry_size)
        return -ENOENT;

    const uint8_t *at = reg->value + index * entry_size;
    bool base_fits = take_cells(&at, address, &range->base);
    bool size_fits = take_cells(&at, size, &range->size);
    if (!base_fits || !size_fits ||
        (range->size > 0 && range->base > UINT64_MAX - (range->size - 1)))
        return -EOVERFLOW;
    return 0;
}

/* Translates *range from the addresses of bus to those of its parent. */
static int
translate(const struct fdt_node *bus, struct fdt_range *range)
{
    const struct fdt_prop *ranges = &bus->props[FDT_RANGES];
    if (ranges->value == NULL)
        return -ENXIO;
    if (ranges->len == 0)
        return 0;

    uint32_t address, size, parent_address, parent_size;
    int error = cell_counts(bus, &address, &size);
    error = error ?: cell_counts(bus->parent, &parent_address, &parent_size);
    if (error != 0)
        return error;
    uint32_t entry_size = (address + parent_address + size) * CELL;
    if (entry_size == 0 || ranges->len % entry_size != 0)
        return -EINVAL;

    const uint8_t *at = ranges->value, *end = at + ranges->len;
    while (at < end) {
        struct fdt_range window;
        uint64_t target;
        bool fits = take_cells(&at, address, &window.base);
        fits &= take_cells(&at, parent_address, &target);
        fits &= take_cells(&at, size, &window.size);
        uint64_t offset = range->base - window.base;
        /* It must hold all of range; an empty one counts as one byte. A window
         * over 64 bits wide or high cannot be ours. */
        if (fits && range->base >= window.base && offset < window.size &&
            range->size <= window.size - offset &&
            target <= UINT64_MAX - (window.size - 1)) {
            range->base = target + offset;
            return 0;
        }
    }
    return -ENXIO;
}

int
fdt_reg_physical(const struct fdt_node *node, unsigned index,
                 struct fdt_range *range)
{
    int error = fdt_reg(node, index, range);
    if (error != 0)
        return error;
    for (const struct fdt_node *bus = node->parent; bus->parent != NULL;
         bus = bus->parent) {
        error = translate(bus, range);
        if (error != 0)
            return error;
    }
    return 0;
}
