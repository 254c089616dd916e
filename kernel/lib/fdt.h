/* A bounds-checked reader of flattened device trees [dtspec §5].
 *
 * Owns nothing: a struct fdt views a blob that the caller keeps mapped and
 * unchanged. Never writes, allocates or recurses; no lock; any context.
 *
 * What fdt_open accepts can be walked to the end: names are terminated, nodes
 * nest properly, properties lie inside the blob. The content of a property is
 * still input: every decoder checks its length.
 *
 * A node is named by an int >= 0: the offset of its FDT_BEGIN_NODE token. */
#pragma once

#include "lib/compiler.h"

/* Most levels of nodes accepted; the root is the first. */
#define FDT_DEPTH_MAX 32

struct fdt {
    const uint8_t *blob;
    uint32_t total_size;
    /* private to fdt.c */
    uint32_t struct_start, struct_size;   /* structure block */
    uint32_t strings_start, strings_size; /* ends with a terminator */
    uint32_t reserve_start, reserve_count;
};

/* A property; name and value point into the blob. */
struct fdt_prop {
    const char *name;
    const uint8_t *value; /* len bytes, big-endian; NULL: no such property */
    uint32_t len;
    uint32_t next; /* private to fdt.c: offset of the token behind it */
};

/* Addresses base .. base + size - 1. */
struct fdt_range {
    uint64_t base, size;
};

/* The properties that walks keep at hand [dtspec §2.3, §2.4, §3.4]. */
enum fdt_standard {
    FDT_COMPATIBLE,
    FDT_DEVICE_TYPE,
    FDT_STATUS,
    FDT_REG,
    FDT_RANGES,
    FDT_ADDRESS_CELLS,
    FDT_SIZE_CELLS,
    FDT_PHANDLE,
    FDT_INTERRUPT_PARENT,
    FDT_INTERRUPT_CELLS,
    FDT_STANDARD_COUNT,
};

/* A node as a walk meets it. */
struct fdt_node {
    int offset;
    const char *name;              /* with unit address; "" for the root */
    const struct fdt_node *parent; /* NULL for the root */
    struct fdt_prop props[FDT_STANDARD_COUNT];
    bool enabled; /* `status` is absent, "okay" or "ok": its own, and that of
                   * every ancestor */
    uint32_t phandle; /* 0: none */
    /* Phandle of what its interrupts go to [dtspec §2.4]: its own
     * `interrupt-parent`; or else, from the nearest ancestor upwards, of the
     * first one that has `#interrupt-cells`, which receives interrupts, or
     * an `interrupt-parent`; if it has both, of itself. 0: none. */
    uint32_t interrupt_parent;
};

/* A walk over all nodes, parents before children. */
struct fdt_walk {
    const struct fdt *tree;
    /* private to fdt.c */
    uint32_t next;
    unsigned depth;
    struct fdt_node path[FDT_DEPTH_MAX]; /* from the root to the node */
};

/* ---- The blob ---- */

/* Checks the blob at `blob`, of at most max bytes, and makes *tree its view:
 * header [dtspec §5.2], reservation block ended by a zero entry [§5.3],
 * structure block with one root node, properties before children, nesting up
 * to FDT_DEPTH_MAX and an FDT_END [§5.4]; every name terminated inside its
 * block. Versions compatible with 17 are accepted; blob need not be aligned.
 * Returns 0, or -EINVAL with *why saying in plain words what is wrong. */
int fdt_open(struct fdt *tree, const void *blob, size_t max, const char **why)
    MUST_CHECK;

/* Entry `index` of the memory reservation block [dtspec §5.3].
 * Returns 0, or -ENOENT behind the last. */
int fdt_reserved(const struct fdt *tree, unsigned index,
                 struct fdt_range *range) MUST_CHECK;

/* ---- Nodes ---- */

/* The next node, or NULL behind the last. A walk begins with all but its tree
 * zero. It and its ancestors stay valid
 * until the walk leaves them. */
const struct fdt_node *fdt_walk_next(struct fdt_walk *walk);

/* By full path "/soc/serial@10000000", or by alias "serial0" [dtspec §3.3]. A
 * component without unit address matches the first child that has that name
 * and any. Text from a ':' on is ignored, as in stdout-path [dtspec §3.6].
 * Returns the node, or -ENOENT. */
int fdt_find_path(const struct fdt *tree, const char *path);

/* Entry `index` of `reg`, as the parent's bus counts addresses [dtspec
 * §2.3.6]; size is 0 where the bus has no sizes. Returns 0; -ENOENT behind the
 * last, without a `reg`, and for the root, which is on no bus; -EINVAL if reg
 * is no whole number of entries, or these have no cells, or a cell count is no
 * cell or over 4; or -EOVERFLOW if address or size has over 64 bits, or the
 * address of the entry's last byte. */
int fdt_reg(const struct fdt_node *node, unsigned index,
            struct fdt_range *range) MUST_CHECK;

/* The same as a physical address: translated through the `ranges` of every bus
 * up to the root [dtspec §2.3.8]; empty ones map one to one. Errors as fdt_reg,
 * and -ENXIO if a bus has no `ranges`, or none that holds all of the entry: its
 * address, also if the size is 0, to its last byte. */
int fdt_reg_physical(const struct fdt_node *node, unsigned index,
                     struct fdt_range *range) MUST_CHECK;

/* ---- Properties ---- */

/* The first property of node, and the one behind *prop (replaced in place).
 * Return 0, or -ENOENT when there are no more, or node names none. */
int fdt_prop_first(const struct fdt *tree, int node, struct fdt_prop *prop)
    MUST_CHECK;
int fdt_prop_next(const struct fdt *tree, struct fdt_prop *prop) MUST_CHECK;

/* The property of that name. Returns 0, or -ENOENT; *prop then means nothing.
 */
int fdt_prop_find(const struct fdt *tree, int node, const char *name,
                  struct fdt_prop *prop) MUST_CHECK;

/* String `index` of a string list; NULL if there is none, or if it is not
 * terminated inside the property. */
const char *fdt_prop_string(const struct fdt_prop *prop, unsigned index);

/* Is `name` one of the strings of a list? */
bool fdt_prop_has_string(const struct fdt_prop *prop, const char *name);

/* Cell `index`, a big-endian 32-bit number; 0 if the property is too short. */
uint32_t fdt_prop_cell(const struct fdt_prop *prop, unsigned index);

/* A property that is one string; "" if it is absent or not a string. */
const char *fdt_read_string(const struct fdt *tree, int node, const char *name);

/* A property that is one number of one or two cells. Returns 0, -ENOENT if
 * it is absent, or -EINVAL if it has another length. */
int fdt_read_number(const struct fdt *tree, int node, const char *name,
                    uint64_t *value) MUST_CHECK;
