/* Addresses: the part of lib/fdt.h that buses have a say in. Lists of numbers
 * are cut up by readers that know how many cells each has. */
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
    for (; n > 0; n--) {
        fits = fits && *value <= UINT32_MAX;
        *value = *value << 32 | be32_load(*at);
        *at += CELL;
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

/* Whether the last byte of a range has an address of 64 bits. */
static bool
has_end(const struct fdt_range *range)
{
    return range->size == 0 || range->base <= UINT64_MAX - (range->size - 1);
}

/* Whether a list is made of entries of so many bytes, each of some. */
static bool
is_list_of(const struct fdt_prop *list, size_t entry)
{
    return entry > 0 && list->len % entry == 0;
}

int
fdt_reg(const struct fdt_node *node, unsigned index, struct fdt_range *range)
{
    const struct fdt_prop *reg = &node->props[FDT_REG];
    uint32_t address, size;
    if (!reg->value || !node->parent)
        return -ENOENT;
    int error = cell_counts(node->parent, &address, &size);
    size_t entry = (address + size) * CELL;
    if (error != 0 || !is_list_of(reg, entry))
        return -EINVAL;
    if (index >= reg->len / entry)
        return -ENOENT;
    const uint8_t *at = reg->value + index * entry;
    bool fits = take_cells(&at, address, &range->base);
    fits &= take_cells(&at, size, &range->size);
    return fits && has_end(range) ? 0 : -EOVERFLOW;
}

/* Where a part of a bus is on the one above [dtspec §2.3.8]. */
struct window {
    uint64_t here, there, size;
    bool here_fits, there_fits; /* into 64 bits */
};

/* How many cells the numbers of a window have. */
struct window_cells {
    uint32_t here, there, size;
};

static int
window_cells(const struct fdt_node *bus, struct window_cells *cells)
{
    uint32_t unused;
    int error = cell_counts(bus, &cells->here, &cells->size);
    return error ? error : cell_counts(bus->parent, &cells->there, &unused);
}

static struct window
take_window(const uint8_t **at, const struct window_cells *cells)
{
    struct window window;
    window.here_fits = take_cells(at, cells->here, &window.here);
    window.there_fits = take_cells(at, cells->there, &window.there);
    if (!take_cells(at, cells->size, &window.size))
        window.size = UINT64_MAX; /* all that we can name */
    return window;
}

static bool
holds(const struct window *window, const struct fdt_range *range)
{
    uint64_t offset = range->base - window->here;
    return window->here_fits && range->base >= window->here &&
           offset < window->size && range->size <= window->size - offset;
}

static int
move_by(const struct window *window, struct fdt_range *range)
{
    uint64_t offset = range->base - window->here;
    if (!window->there_fits || offset > UINT64_MAX - window->there)
        return -EOVERFLOW;
    range->base = window->there + offset;
    return has_end(range) ? 0 : -EOVERFLOW;
}

/* Translates *range from the addresses of bus to those of its parent: the first
 * window that holds all of the range counts. No windows at all: one to one. */
static int
translate(const struct fdt_node *bus, struct fdt_range *range)
{
    const struct fdt_prop *ranges = &bus->props[FDT_RANGES];
    struct window_cells cells;
    if (!ranges->value)
        return -ENXIO;
    if (ranges->len == 0)
        return 0;
    int error = window_cells(bus, &cells);
    if (error != 0 ||
        !is_list_of(ranges, (cells.here + cells.there + cells.size) * CELL))
        return -EINVAL;
    const uint8_t *at = ranges->value, *end = at + ranges->len;
    while (at < end) {
        struct window window = take_window(&at, &cells);
        if (holds(&window, range))
            return move_by(&window, range);
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
