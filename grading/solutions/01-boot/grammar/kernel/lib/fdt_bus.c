/* Addresses: the part of lib/fdt.h that buses have a say in. `reg` and `ranges`
 * are both tables, whose rows are a few columns of so many cells each. */
#include "lib/fdt.h"
#include "abi/errno.h"
#include "lib/bits.h"

#define CELL      sizeof(uint32_t)
#define CELLS_MAX 4 /* in an address or a size */

#define COLUMNS_MAX 3

/* A property whose content is a table. */
struct table {
    const struct fdt_prop *prop;
    unsigned columns;
    uint32_t cells[COLUMNS_MAX]; /* in each column */
    uint32_t row_size;           /* in bytes */
    uint32_t rows;
};

/* Counts the rows, once prop, columns and cells are there. Returns 0, or
 * -EINVAL if the property is not made of whole rows. */
static int
table_measure(struct table *table)
{
    table->row_size = 0;
    table->rows = 0;
    for (unsigned i = 0; i < table->columns; i++)
        table->row_size += table->cells[i] * (uint32_t)CELL;
    if (table->prop->len == 0)
        return 0;
    if (table->row_size == 0 || table->prop->len % table->row_size != 0)
        return -EINVAL;
    table->rows = table->prop->len / table->row_size;
    return 0;
}

/* The number in a column of a row that is there. Returns false if it has over
 * 64 bits: more than its last two cells are not zero. */
static bool
table_number(const struct table *table, uint32_t row, unsigned column,
             uint64_t *value)
{
    const uint8_t *at = table->prop->value + (size_t)row * table->row_size;
    for (unsigned i = 0; i < column; i++)
        at += table->cells[i] * CELL;
    uint32_t high = 0;
    *value = 0;
    for (uint32_t i = 0; i < table->cells[column]; i++) {
        high |= (uint32_t)(*value >> 32);
        *value = *value << 32 | be32_load(at + i * CELL);
    }
    return high == 0;
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

/* Does an address behind the last have over 64 bits? The end itself may. */
static bool
is_beyond(const struct fdt_range *range)
{
    return range->size > 0 && range->size - 1 > UINT64_MAX - range->base;
}

/* Rows of `reg` are an address and a size [dtspec §2.3.6]. */
int
fdt_reg(const struct fdt_node *node, unsigned index, struct fdt_range *range)
{
    struct table reg = {.prop = &node->props[FDT_REG], .columns = 2};
    /* The root is on no bus. */
    if (reg.prop->value == NULL || node->parent == NULL)
        return -ENOENT;
    int error = cell_counts(node->parent, &reg.cells[0], &reg.cells[1]);
    if (error == 0)
        error = table_measure(&reg);
    if (error != 0)
        return error;
    if (index >= reg.rows)
        return -ENOENT;
    if (!table_number(&reg, index, 0, &range->base) ||
        !table_number(&reg, index, 1, &range->size) || is_beyond(range))
        return -EOVERFLOW;
    return 0;
}

/* Translates *range from the addresses of bus to those of its parent. Rows of
 * `ranges` are address here, address there and size [dtspec §2.3.8]; the first
 * window that holds all of the range counts. */
static int
translate(const struct fdt_node *bus, struct fdt_range *range)
{
    enum { HERE, THERE, SIZE };
    struct table ranges = {.prop = &bus->props[FDT_RANGES], .columns = 3};
    uint32_t unused;
    if (ranges.prop->value == NULL)
        return -ENXIO;
    if (ranges.prop->len == 0)
        return 0;
    int error = cell_counts(bus, &ranges.cells[HERE], &ranges.cells[SIZE]);
    if (error == 0)
        error = cell_counts(bus->parent, &ranges.cells[THERE], &unused);
    if (error == 0)
        error = table_measure(&ranges);
    if (error != 0)
        return error;

    for (uint32_t row = 0; row < ranges.rows; row++) {
        uint64_t here, there, size;
        /* Addresses above 64 bits are none that we could look for. */
        if (!table_number(&ranges, row, HERE, &here) ||
            !table_number(&ranges, row, SIZE, &size) || range->base < here)
            continue;
        uint64_t offset = range->base - here;
        if (offset >= size || range->size > size - offset)
            continue;
        if (!table_number(&ranges, row, THERE, &there) ||
            offset > UINT64_MAX - there)
            return -EOVERFLOW;
        range->base = there + offset;
        return is_beyond(range) ? -EOVERFLOW : 0;
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
