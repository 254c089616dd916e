/* A bounds-checked reader of flattened device trees [dtspec §5].
 *
 * Owns nothing: a struct fdt views a blob that the caller keeps mapped and
 * unchanged. Never writes, allocates or recurses; no lock; any context.
 *
 * fdt_open walks the whole blob once. What it accepts can be walked to the
 * end: names are terminated, nodes nest properly, properties lie inside the
 * blob. The content of a property is still input: every decoder checks its
 * length.
 *
 * A node is named by an int >= 0: the offset of its FDT_BEGIN_NODE token in
 * the structure block. Functions that find a node return it, or -ENOENT; a
 * negative node passed in gives -ENOENT, so searches can be chained. */
#pragma once

#include "lib/compiler.h"

/* Most levels of nodes accepted; the root, at depth 0, is the first. */
#define FDT_DEPTH_MAX 32

/* Private to fdt.c. */
struct fdt {
    const uint8_t *blob;
    uint32_t total_size;
    uint32_t struct_start, struct_size;   /* structure block */
    uint32_t strings_start, strings_size; /* ends with a terminator */
    uint32_t reserve_start, reserve_count;
};

/* A property; name and value point into the blob. */
struct fdt_prop {
    const char *name;
    const uint8_t *value; /* len bytes, big-endian, 4-byte aligned in the
                           * structure block */
    uint32_t len;
    uint32_t next; /* private to fdt.c: offset of the token behind it */
};

/* Addresses base .. base + size - 1. */
struct fdt_range {
    uint64_t base, size;
};

/* ---- The blob ---- */

/* Checks the blob at `blob`, of at most max bytes, and makes *tree its view:
 * header [dtspec §5.2], reservation block ended by a zero entry [§5.3],
 * structure block with one root node, properties before children, nesting
 * up to FDT_DEPTH_MAX and an FDT_END [§5.4]; every name terminated inside
 * its block. Versions 16 and later are accepted if they say they are
 * compatible with 17. No alignment of blob is needed.
 * Returns 0, or -EINVAL with *why saying in plain words what is wrong. */
int fdt_open(struct fdt *tree, const void *blob, size_t max, const char **why)
    MUST_CHECK;

/* The blob's size in bytes, from its header. */
size_t fdt_size(const struct fdt *tree);

/* Entry `index` of the memory reservation block [dtspec §5.3].
 * Returns 0, or -ENOENT behind the last. */
int fdt_reserved(const struct fdt *tree, unsigned index,
                 struct fdt_range *range) MUST_CHECK;

/* ---- Nodes ---- */

int fdt_root(const struct fdt *tree);

/* The next node in the order of the blob: parents before children. *depth
 * is that of `node` on entry, of the returned node on return. */
int fdt_next(const struct fdt *tree, int node, int *depth);

/* The first child; the next child of the same parent; the parent. fdt_parent
 * searches from the root: its cost grows with the offset of node. */
int fdt_child(const struct fdt *tree, int node);
int fdt_sibling(const struct fdt *tree, int node);
int fdt_parent(const struct fdt *tree, int node);

/* Fills path[0 .. depth] with the nodes from the root down to node, in one
 * such search. Returns the depth of node, or -ENOENT. */
int fdt_ancestry(const struct fdt *tree, int node, int path[FDT_DEPTH_MAX]);

#define fdt_for_each_child(child, tree, parent)           \
    for (int child = fdt_child(tree, parent); child >= 0; \
         child = fdt_sibling(tree, child))

/* The name with its unit address, "" for the root, NULL if node < 0. */
const char *fdt_name(const struct fdt *tree, int node);

/* Does the name, without its unit address, equal `name`? */
bool fdt_has_name(const struct fdt *tree, int node, const char *name);

/* By full path "/soc/serial@10000000", or by alias "serial0/child" [dtspec
 * §3.3]. A component without unit address matches the first child that has
 * that name and any unit address. Text from a ':' on is ignored, so the
 * value of stdout-path can be passed as it is [dtspec §3.6]. */
int fdt_find_path(const struct fdt *tree, const char *path);

/* By the value of its `phandle` [dtspec §2.3.3]. */
int fdt_find_phandle(const struct fdt *tree, uint32_t phandle);

/* The first node behind `after` (the root and on, if after < 0) that is
 * compatible with `name`. Looks at disabled nodes too. */
int fdt_find_compatible(const struct fdt *tree, int after, const char *name);

/* Is `name` one of the strings of `compatible` [dtspec §2.3.1]? */
bool fdt_is_compatible(const struct fdt *tree, int node, const char *name);

/* Is `status` absent, "okay" or "ok" [dtspec §2.3.4]? Says nothing about
 * the node's ancestors. */
bool fdt_is_enabled(const struct fdt *tree, int node);

/* ---- Properties ---- */

/* The first property of node, and the one behind *prop (replaced in place).
 * Return 0, or -ENOENT when there are no more. */
int fdt_prop_first(const struct fdt *tree, int node, struct fdt_prop *prop)
    MUST_CHECK;
int fdt_prop_next(const struct fdt *tree, struct fdt_prop *prop) MUST_CHECK;

/* The property of that name. Returns 0, or -ENOENT. */
int fdt_prop_find(const struct fdt *tree, int node, const char *name,
                  struct fdt_prop *prop) MUST_CHECK;

/* String `index` of a string list; NULL if there is none, or if it is not
 * terminated inside the property. */
const char *fdt_prop_string(const struct fdt_prop *prop, unsigned index);

/* Cell `index`, a big-endian 32-bit number. Returns 0, or -ENOENT if the
 * property is too short. */
int fdt_prop_cell(const struct fdt_prop *prop, unsigned index, uint32_t *value)
    MUST_CHECK;

/* Shorthands for a property that is one string (NULL if it is absent or not
 * a string), or one number of one or two cells (0, -ENOENT if absent, or
 * -EINVAL if of another length). */
const char *fdt_read_string(const struct fdt *tree, int node, const char *name);
int fdt_read_number(const struct fdt *tree, int node, const char *name,
                    uint64_t *value) MUST_CHECK;
