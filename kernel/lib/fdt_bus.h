/* What device tree nodes say about buses: addresses and interrupts.
 *
 * Owns nothing, as lib/fdt.h; no lock; any context. What a property says is
 * input: nonsense is an error, never a crash. */
#pragma once

#include "lib/fdt.h"

/* Most cells one interrupt specifier may have. */
#define FDT_IRQ_CELLS_MAX 4

/* One interrupt of a device: the controller's node and the specifier, whose
 * meaning is the controller's business. */
struct fdt_irq {
    int controller;
    unsigned ncells;
    uint32_t cell[FDT_IRQ_CELLS_MAX];
    /* private to fdt_bus.c */
    struct fdt_prop prop;
    uint32_t offset; /* in prop, of the next interrupt */
    bool extended;
};

/* Cells in an address and in a size of node's *children* [dtspec §2.3.5];
 * 2 and 1 if node does not say.
 * Returns 0, or -EINVAL if a count is not one cell or is over 4. */
int fdt_cells(const struct fdt *tree, int node, unsigned *address,
              unsigned *size) MUST_CHECK;

/* Entry `index` of `reg`, as the parent's bus counts addresses [dtspec
 * §2.3.6]; size is 0 where the bus has no sizes.
 * Returns 0, -ENOENT behind the last entry, -EINVAL if reg is no whole
 * number of entries, or -EOVERFLOW if address or size has over 64 bits. */
int fdt_reg(const struct fdt *tree, int node, unsigned index,
            struct fdt_range *range) MUST_CHECK;

/* The same as a physical address: translated through the `ranges` of every
 * bus up to the root [dtspec §2.3.8]. Empty `ranges` map one to one.
 * Errors as fdt_reg, and -ENXIO if a bus has no `ranges`, or none that
 * holds the entry as a whole. */
int fdt_reg_physical(const struct fdt *tree, int node, unsigned index,
                     struct fdt_range *range) MUST_CHECK;

/* The first interrupt of a device, from `interrupts-extended` or else from
 * `interrupts` and the nearest `interrupt-parent` [dtspec §2.4.1]; and the
 * one behind *irq (replaced in place).
 * Returns 0; -ENOENT when there are no more; -EINVAL for a dangling phandle
 * or a property that is cut short; or -EOPNOTSUPP if the interrupt leads to
 * an `interrupt-map`, which this reader does not follow. After an error
 * there is no next one. */
int fdt_irq_first(const struct fdt *tree, int node, struct fdt_irq *irq)
    MUST_CHECK;
int fdt_irq_next(const struct fdt *tree, struct fdt_irq *irq) MUST_CHECK;
