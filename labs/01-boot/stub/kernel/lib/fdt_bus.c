/* Addresses: the part of lib/fdt.h that buses have a say in. */
#include "lib/fdt.h"
#include "abi/errno.h"
#include "lib/bits.h"
#include "lib/todo.h"

#define CELL      sizeof(uint32_t)
#define CELLS_MAX 4 /* in an address or a size */

/* Reads n cells, big-endian 32-bit numbers, at *at as one number, the first
 * cell highest, and moves *at behind them, in any case. Returns false if it has
 * over 64 bits. */
static bool
take_cells(const uint8_t **at, uint32_t n, uint64_t *value)
{
    LAB_TODO(1);
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

/* `reg` is a list of (address, size), each as many cells as the parent says
 * [dtspec §2.3.6]; cell_counts knows how many, and a bus may say 0 and 0.
 * lib/fdt.h names the errors. */
int
fdt_reg(const struct fdt_node *node, unsigned index, struct fdt_range *range)
{
    LAB_TODO(1);
}

/* Translates *range from the addresses of bus to those of its parent: `ranges`
 * lists (address here, address there, size) [dtspec §2.3.8], and the first
 * window that holds all of the range counts; one that has over 64 bits cannot
 * be it. Empty: one to one. No `ranges`: -ENXIO. No whole number of entries:
 * -EINVAL. */
static int
translate(const struct fdt_node *bus, struct fdt_range *range)
{
    LAB_TODO(1);
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
