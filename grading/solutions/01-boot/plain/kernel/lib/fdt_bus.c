/* Each entry is decoded anew for each question, cell by cell.
 *
 * Addresses: the part of lib/fdt.h that buses have a say in. */
#include "lib/fdt.h"
#include "abi/errno.h"
#include "lib/bits.h"

#define CELL      sizeof(uint32_t)
#define CELLS_MAX 4 /* in an address or a size */

/* Reads n cells, big-endian 32-bit numbers, at *at as one number, the first
 * cell highest, and moves *at behind them. Returns false if it has over 64
 * bits. */
static bool
take_cells(const uint8_t **at, uint32_t n, uint64_t *value)
{
    bool fits = true;
    *value = 0;
    for (; n > 0; n--, *at += CELL) {
        fits &= *value >> 32 == 0;
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

/* Is the last address of a range one of 64 bits? */
static bool
ends(const struct fdt_range *range)
{
    return range->size == 0 || range->base <= UINT64_MAX - (range->size - 1);
}

/* `reg` is a list of (address, size), each as many cells as the parent says
 * [dtspec §2.3.6]; cell_counts knows how many. lib/fdt.h names the errors. */
int
fdt_reg(const struct fdt_node *node, unsigned index, struct fdt_range *range)
{
    const struct fdt_prop *reg = &node->props[FDT_REG];
    uint32_t address, size;
    if (reg->value == NULL || node->parent == NULL)
        return -ENOENT;
    if (cell_counts(node->parent, &address, &size) != 0)
        return -EINVAL;
    uint32_t entry = (address + size) * CELL;
    if (entry == 0 || reg->len % entry != 0)
        return -EINVAL;
    if (index >= reg->len / entry)
        return -ENOENT;
    const uint8_t *at = reg->value + index * entry;
    bool fits = take_cells(&at, address, &range->base);
    fits &= take_cells(&at, size, &range->size);
    return fits && ends(range) ? 0 : -EOVERFLOW;
}

/* Translates *range from the addresses of bus to those of its parent: `ranges`
 * lists (address here, address there, size) [dtspec §2.3.8], and the first
 * window that holds all of the range counts. Empty: one to one. No `ranges`:
 * -ENXIO. */
static int
translate(const struct fdt_node *bus, struct fdt_range *range)
{
    const struct fdt_prop *ranges = &bus->props[FDT_RANGES];
    uint32_t address, size, above, unused;
    if (ranges->value == NULL)
        return -ENXIO;
    if (ranges->len == 0)
        return 0;
    if (cell_counts(bus, &address, &size) != 0 ||
        cell_counts(bus->parent, &above, &unused) != 0)
        return -EINVAL;
    uint32_t entry = (address + above + size) * CELL;
    if (entry == 0 || ranges->len % entry != 0)
        return -EINVAL;

    const uint8_t *at = ranges->value, *end = at + ranges->len;
    while (at < end) {
        uint64_t here, there, length;
        bool can_hold = take_cells(&at, address, &here);
        bool fits = take_cells(&at, above, &there);
        can_hold &= take_cells(&at, size, &length);
        uint64_t offset = range->base - here;
        if (!can_hold || range->base < here || offset >= length ||
            range->size > length - offset)
            continue;
        range->base = there + offset;
        return fits && range->base >= there && ends(range) ? 0 : -EOVERFLOW;
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
