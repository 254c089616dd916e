/* Device trees that the test makes up, read by lib/fdt.c and dev/platform.c.
 * tests/_fdt.py writes them and knows what is in them. */
#include "grade.h"
#include "abi/errno.h"
#include "dev/platform.h"
#include "lib/fdt.h"
#include "lib/string.h"

GRADE_ENTRY(GRADE_AT_KMAIN);

#define MOST                                                        \
    600 /* nodes or properties: a walk that does not end is cut off \
         */

static struct fdt tree;
static struct fdt_walk walk;

/* The blob, `shift` bytes behind where it is aligned, is `less` bytes short. */
static int
open_blob(struct grade *g)
{
    size_t len;
    const char *why = "";
    uint32_t shift = grade_u32(g), less = grade_u32(g);
    const uint8_t *bytes = grade_bytes(g, &len);
    return fdt_open(&tree, bytes + shift, len - shift - less, &why);
}

static void
open(struct grade *g)
{
    grade_put_u32(g, (uint32_t)open_blob(g));
}

/* As open; returns whether there is a tree to look at. */
static bool
opened(struct grade *g)
{
    int err = open_blob(g);
    grade_put_u32(g, (uint32_t)err);
    return err == 0;
}

static void
put_prop(struct grade *g, const struct fdt_prop *prop)
{
    grade_put_u8(g, prop->value != NULL);
    if (prop->value != NULL)
        grade_put_bytes(g, prop->value, prop->len);
}

static void
put_node(struct grade *g, const struct fdt_node *node)
{
    grade_put_string(g, node->name);
    grade_put_u32(g, (uint32_t)node->offset);
    grade_put_u32(g,
                  node->parent ? (uint32_t)node->parent->offset : UINT32_MAX);
    grade_put_u8(g, node->enabled);
    grade_put_u32(g, node->phandle);
    grade_put_u32(g, node->interrupt_parent);
    for (unsigned i = 0; i < FDT_STANDARD_COUNT; i++)
        put_prop(g, &node->props[i]);
}

static void
begin_walk(void)
{
    memset(&walk, 0, sizeof(walk));
    walk.tree = &tree;
}

static void
nodes(struct grade *g)
{
    const struct fdt_node *node;
    if (!opened(g))
        return;
    begin_walk();
    for (unsigned i = 0; i < MOST && (node = fdt_walk_next(&walk)) != NULL; i++)
        put_node(g, node);
}

/* All properties of the node at a path, one after the other. */
static void
properties(struct grade *g)
{
    struct fdt_prop prop;
    if (!opened(g))
        return;
    int node = fdt_find_path(&tree, grade_string(g));
    int err = fdt_prop_first(&tree, node, &prop);
    for (unsigned i = 0; i < MOST && err == 0; i++) {
        grade_put_string(g, prop.name);
        grade_put_bytes(g, prop.value, prop.len);
        err = fdt_prop_next(&tree, &prop);
    }
}

static void
find(struct grade *g)
{
    if (!opened(g))
        return;
    for (unsigned n = grade_u32(g); n > 0; n--)
        grade_put_u32(g, (uint32_t)fdt_find_path(&tree, grade_string(g)));
}

static void
property(struct grade *g)
{
    if (!opened(g))
        return;
    int node = fdt_find_path(&tree, grade_string(g));
    for (unsigned n = grade_u32(g); n > 0; n--) {
        struct fdt_prop prop = {0};
        int err = fdt_prop_find(&tree, node, grade_string(g), &prop);
        grade_put_u32(g, (uint32_t)err);
        if (err == 0)
            grade_put_bytes(g, prop.value, prop.len);
    }
}

/* A property's content by itself: its strings, what they are asked for, and
 * its cells. */
static void
content(struct grade *g)
{
    size_t len;
    const char *string;
    struct fdt_prop prop = {.name = "x"};
    prop.value = grade_bytes(g, &len);
    prop.len = (uint32_t)len;
    for (unsigned i = 0; i < 6; i++) {
        string = fdt_prop_string(&prop, i);
        grade_put_u8(g, string != NULL);
        if (string != NULL)
            grade_put_string(g, string);
    }
    grade_put_u8(g, fdt_prop_has_string(&prop, grade_string(g)));
    for (unsigned i = 0; i < 4; i++)
        grade_put_u32(g, fdt_prop_cell(&prop, i));
}

/* Entries of `reg` of the node with that name: as its bus counts, and as a
 * physical address. */
static void
regs(struct grade *g)
{
    if (!opened(g))
        return;
    const char *name = grade_string(g);
    unsigned entries = grade_u32(g);
    const struct fdt_node *node;
    begin_walk();
    for (unsigned n = 0; n < MOST && (node = fdt_walk_next(&walk)) != NULL;
         n++) {
        if (strcmp(node->name, name) != 0)
            continue;
        for (unsigned i = 0; i < entries; i++) {
            struct fdt_range range = {0};
            grade_put_u32(g, (uint32_t)fdt_reg(node, i, &range));
            grade_put_u64(g, range.base);
            grade_put_u64(g, range.size);
            range = (struct fdt_range){0};
            grade_put_u32(g, (uint32_t)fdt_reg_physical(node, i, &range));
            grade_put_u64(g, range.base);
            grade_put_u64(g, range.size);
        }
        return;
    }
}

/* ---- The platform ---- */

static void
put_device(struct grade *g, const struct platform_device *device)
{
    grade_put_u8(g, device->present);
    grade_put_u64(g, device->regs.base);
    grade_put_u64(g, device->regs.size);
    grade_put_u32(g, device->irq);
}

static void
platform(struct grade *g)
{
    size_t len;
    const char *why = "";
    uint32_t shift = grade_u32(g);
    const uint8_t *bytes = grade_bytes(g, &len);
    int err = platform_init(bytes + shift, 0x8f000000, len - shift, &why);
    const struct platform *p = platform_get();
    grade_put_u32(g, (uint32_t)err);
    grade_put_u64(g, p->timebase_hz);
    grade_put_u64(g, p->memory_size);
    grade_put_u32(g, p->map.nram);
    for (unsigned i = 0; i < p->map.nram; i++) {
        grade_put_u64(g, p->map.ram[i].base);
        grade_put_u64(g, p->map.ram[i].size);
    }
    grade_put_u32(g, p->nharts);
    for (unsigned i = 0; i < p->nharts; i++) {
        const struct platform_hart *hart = &p->harts[i];
        grade_put_u64(g, hart->id);
        grade_put_u32(g, hart->isa);
        grade_put_string(g, hart->mmu != NULL ? hart->mmu : "");
        grade_put_u32(g, (uint32_t)hart->plic);
        grade_put_u32(g, hart->context);
    }
    grade_put_u32(g, p->nplics);
    for (unsigned i = 0; i < p->nplics; i++) {
        const struct platform_plic *plic = &p->plics[i];
        grade_put_u64(g, plic->regs.base);
        grade_put_u64(g, plic->regs.size);
        grade_put_u32(g, plic->nsources);
        grade_put_u32(g, plic->first);
        grade_put_u32(g, plic->ncontexts);
    }
    grade_put_u32(g, p->nvirtio);
    for (unsigned i = 0; i < p->nvirtio; i++)
        put_device(g, &p->virtio[i]);
    put_device(g, &p->uart.device);
}

GRADE_CASES({"open", open}, {"nodes", nodes}, {"properties", properties},
            {"find", find}, {"property", property}, {"content", content},
            {"regs", regs}, {"platform", platform});
