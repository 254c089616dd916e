#include "sys/sysfs_tree.h"
#include "dev/platform.h"
#include "lib/string.h"
#include "mm/slab.h"

/* The id of a node is its offset, counted from 1; that of a property has its
 * node's above, and below it its place in the node, counted from 1. */
#define ID_SHIFT 20u
#define ID_MASK  ((1ul << ID_SHIFT) - 1)

static uint64_t
next_node(uint64_t dir, uint64_t after, char name[PSEUDO_NAME_MAX])
{
    struct fdt_walk *walk = kzalloc(sizeof(*walk));
    const struct fdt_node *node;
    uint64_t id = 0;
    if (!walk)
        return 0;
    walk->tree = &platform_get()->tree;
    while (!id && (node = fdt_walk_next(walk)) != NULL) {
        uint64_t above = node->parent ? (uint64_t)node->parent->offset + 1 : 0;
        if (above == dir && (uint64_t)node->offset + 1 > after) {
            id = (uint64_t)node->offset + 1;
            strlcpy(name, node->parent ? node->name : "base", PSEUDO_NAME_MAX);
        }
    }
    kfree(walk);
    return id;
}

/* Finds the property of an id. Returns 0 or -ENOENT. */
static int
find_prop(uint64_t id, struct fdt_prop *prop)
{
    const struct fdt *tree = &platform_get()->tree;
    int err = fdt_prop_first(tree, (int)(id >> ID_SHIFT) - 1, prop);
    for (uint64_t i = 1; !err && i < (id & ID_MASK); i++)
        err = fdt_prop_next(tree, prop);
    return err;
}

static uint64_t
next_prop(uint64_t dir, uint64_t after, char name[PSEUDO_NAME_MAX])
{
    struct fdt_prop prop;
    uint64_t id = dir << ID_SHIFT | ((after & ID_MASK) + 1);
    if (find_prop(id, &prop) != 0)
        return 0;
    strlcpy(name, prop.name, PSEUDO_NAME_MAX);
    return id;
}

const struct pseudo_kind sysfs_nodes = {.next = next_node};
const struct pseudo_kind sysfs_props = {.next = next_prop};

int
sysfs_show_prop(struct text *out)
{
    struct fdt_prop prop;
    return find_prop(out->id, &prop) ?: text_put(out, prop.value, prop.len);
}
