#include "dev/aia.h"
#include "lib/print.h"
#include "lib/string.h"

#define SOURCES_MAX 1023u                  /* [aia §4.1] */
#define WIRE_SIZE   (2 * sizeof(uint32_t)) /* a phandle and a number */
#define WIRE_S      9u /* external interrupt of S-mode [riscv-priv §4.1.3] */
#define REGS_MIN    0x4000u
#define REGS_MAX    (REGS_MIN + IDC_SIZE * (HART_INDEX + 1))
#define IDC_SIZE    0x20u     /* [aia §4.8.1] */
#define HART_INDEX  0x3fffu   /* all of its bits [aia §4.5.16] */
#define FILE_SIZE   0x1000ull /* [aia §3.5] */
#define IDS_MIN     63u       /* one less than a multiple of 64 [aia §3.1] */
#define IDS_MAX     2047u
#define FLAG_HIGH   4u /* level-sensitive, active when high */

enum { EDGE1 = 4, EDGE0, LEVEL1, LEVEL0 }; /* [aia §4.5.2] */

static struct aia_domain domains[PLATFORM_PLICS_MAX];
uint8_t aia_source_modes[IRQ_MAX];

/* The interrupt files of all harts' S-mode. */
static struct {
    uint32_t phandle; /* 0: there are none */
    struct fdt_prop wires;
    struct aia_domain domain;
} files;

/* ---- Properties ---- */

static struct fdt_prop
property(const struct platform *platform, const struct fdt_node *node,
         const char *name)
{
    struct fdt_prop prop = {0};
    if (fdt_prop_find(&platform->tree, node->offset, name, &prop) != 0)
        prop.len = 0;
    return prop;
}

static uint32_t
number(const struct platform *platform, const struct fdt_node *node,
       const char *name, uint32_t fallback)
{
    struct fdt_prop prop = property(platform, node, name);
    return prop.len == sizeof(uint32_t) ? fdt_prop_cell(&prop, 0) : fallback;
}

/* Firmware has domains and files of its own, which interrupt M-mode. */
static bool
is_for_s_mode(const struct fdt_prop *wires)
{
    for (unsigned i = 1; i < wires->len / sizeof(uint32_t); i += 2)
        if (fdt_prop_cell(wires, i) == WIRE_S)
            return true;
    return false;
}

/* ---- Interrupt files ---- */

/* A file's address tells the hart's index within its group, and the group's
 * [aia §3.6]; together they are what an APLIC calls the hart [aia §4.9.1]. */
static const char *
read_files(struct platform *platform, const struct fdt_node *node)
{
    struct fdt_prop wires = property(platform, node, "interrupts-extended");
    if (!is_for_s_mode(&wires) || files.phandle != 0)
        return NULL;
    unsigned harts = wires.len / WIRE_SIZE;
    if (harts > PLATFORM_HARTS_MAX)
        return "too many harts";
    uint32_t ids = number(platform, node, "riscv,num-ids", 0);
    uint32_t guest = number(platform, node, "riscv,guest-index-bits", 0);
    uint32_t hart = 0;
    while (1u << hart < harts)
        hart++;
    hart = number(platform, node, "riscv,hart-index-bits", hart);
    uint32_t group = number(platform, node, "riscv,group-index-bits", 0);
    uint32_t shift = number(platform, node, "riscv,group-index-shift", 24);
    if (ids < IDS_MIN || ids > IDS_MAX || ids % 64 != 63)
        return "no valid riscv,num-ids";
    if (guest > 7 || hart > 14 || group > 7 || hart + group > 14 || shift > 55)
        return "no valid index bits";

    struct fdt_range range = {0};
    uint64_t at = 0;
    for (unsigned i = 0, n = 0; n < harts; n++, at += FILE_SIZE << guest) {
        for (; at + FILE_SIZE > range.size; at = 0)
            if (fdt_reg_physical(node, i++, &range) != 0)
                return "its reg has no room for a file of each hart";
        uint64_t address = range.base + at;
        uint64_t of_group = address >> shift & ((1u << group) - 1);
        uint64_t in_group = address / FILE_SIZE >> guest & ((1u << hart) - 1);
        files.domain.hart_index[n] = (uint16_t)(of_group << hart | in_group);
    }
    files.domain.ids = ids;
    files.wires = wires;
    files.phandle = node->phandle;
    return NULL;
}

/* ---- APLICs ---- */

/* What delivers directly has a structure for each hart, by its index. */
static const char *
read_direct(const struct platform *platform, const struct fdt_node *node,
            const struct platform_plic *plic)
{
    struct fdt_prop indexes = property(platform, node, "riscv,hart-indexes");
    if (plic->ncontexts > PLATFORM_HARTS_MAX)
        return "too many harts";
    for (unsigned i = 0; i < plic->ncontexts; i++) {
        uint32_t index = indexes.len > 0 ? fdt_prop_cell(&indexes, i) : i;
        if (index > HART_INDEX ||
            plic->regs.size < REGS_MIN + (index + 1) * IDC_SIZE)
            return "its reg has no room for all harts";
        domains[platform->nplics].hart_index[i] = (uint16_t)index;
    }
    return NULL;
}

static const char *
read_aplic(struct platform *platform, const struct fdt_node *node)
{
    struct fdt_prop parent = property(platform, node, "msi-parent");
    struct fdt_prop wires = property(platform, node, "interrupts-extended");
    bool sends =
        files.phandle != 0 && fdt_prop_cell(&parent, 0) == files.phandle;
    if (sends)
        wires = files.wires;
    if (!is_for_s_mode(&wires))
        return NULL;
    if (platform->nplics == PLATFORM_PLICS_MAX)
        return "too many APLICs";

    struct platform_plic *plic = &platform->plics[platform->nplics];
    plic->phandle = node->phandle;
    plic->wires = wires;
    plic->ncontexts = wires.len / WIRE_SIZE;
    plic->nsources = number(platform, node, "riscv,num-sources", 0);
    plic->first =
        platform->nplics == 0 ? 1 : plic[-1].first + plic[-1].nsources;
    unsigned last = plic->first + plic->nsources - 1;
    if (plic->nsources == 0 || plic->nsources > SOURCES_MAX)
        return "no valid riscv,num-sources";
    if (last > (sends ? files.domain.ids : IRQ_MAX - 1))
        return "more sources than interrupts can have numbers";
    if (fdt_reg_physical(node, 0, &plic->regs) != 0 ||
        plic->regs.size < REGS_MIN)
        return "no valid reg";
    plic->regs.size = MIN(plic->regs.size, REGS_MAX);
    plic->aia = sends ? &files.domain : &domains[platform->nplics];
    const char *why = sends ? NULL : read_direct(platform, node, plic);
    if (why == NULL)
        platform->nplics++;
    return why;
}

/* ---- Sources ---- */

/* Of flags that say nothing, level-sensitive is what never loses anything. */
static uint8_t
mode_of(uint32_t flags)
{
    return flags == 1   ? EDGE1
           : flags == 2 ? EDGE0
           : flags == 8 ? LEVEL0
                        : LEVEL1;
}

/* Notes what the device says of its interrupts: sources, each with flags. The
 * controller's phandle comes before the two, or it is the same for all [dtspec
 * §2.4.1]. */
static const char *
read_sources(struct platform *platform, const struct fdt_node *node)
{
    struct fdt_prop prop = property(platform, node, "interrupts-extended");
    unsigned step = prop.len > 0 ? 3 : 2;
    if (step == 2)
        prop = property(platform, node, "interrupts");
    for (unsigned i = step; i <= prop.len / sizeof(uint32_t); i += step) {
        uint32_t flags = fdt_prop_cell(&prop, i - 1);
        uint32_t source = fdt_prop_cell(&prop, i - 2);
        uint32_t parent =
            step == 2 ? node->interrupt_parent : fdt_prop_cell(&prop, i - 3);
        const struct platform_plic *plic = platform->plics;
        for (; plic < platform->plics + platform->nplics; plic++)
            if (plic->phandle == parent && source - 1 < plic->nsources)
                aia_source_modes[plic->first + source - 1] = mode_of(flags);
    }
    return NULL;
}

/* ---- The interface ---- */

/* Has every enabled node that is compatible with kind, or any if kind is NULL,
 * read. */
static void
read_all(struct platform *platform, const char *kind,
         const char *(*read)(struct platform *, const struct fdt_node *))
{
    static struct fdt_walk walk; /* too large for a stack */
    const struct fdt_node *node;
    memset(&walk, 0, sizeof(walk));
    walk.tree = &platform->tree;
    while ((node = fdt_walk_next(&walk)) != NULL) {
        if (!node->enabled ||
            (kind && !fdt_prop_has_string(&node->props[FDT_COMPATIBLE], kind)))
            continue;
        const char *why = read(platform, node);
        if (why != NULL)
            pr_warn("device tree: %s ignored: %s", node->name, why);
    }
}

void
aia_read(struct platform *platform)
{
    memset(&files, 0, sizeof(files));
    memset(aia_source_modes, 0, sizeof(aia_source_modes));
    read_all(platform, "riscv,imsics", read_files);
    read_all(platform, "riscv,aplic", read_aplic);
    read_all(platform, NULL, read_sources);
}
