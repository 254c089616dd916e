#include "dev/platform.h"
#include "abi/errno.h"
#include "dev/isa.h"
#include "dev/platform_impl.h"
#include "lib/fdt_bus.h"
#include "lib/print.h"
#include "lib/string.h"

/* Physical addresses have 56 bits in every Sv mode [riscv-priv §4.4.1]. */
#define PHYSICAL_END (1ull << 56)

struct platform platform;

/* Shorthand: everything here reads this one tree. */
static const struct fdt *const tree = &platform.tree;

/* ---- Helpers ---- */

void
platform_malformed(int node, const char *what)
{
    platform.lost.malformed++;
    pr_warn("device tree: %s ignored: %s", fdt_name(tree, node), what);
}

int
platform_reg(int node, unsigned index, struct fdt_range *range)
{
    int error = fdt_reg_physical(tree, node, index, range);
    if (error == 0 && (range->base >= PHYSICAL_END ||
                       range->size > PHYSICAL_END - range->base))
        return -EOVERFLOW;
    return error;
}

uint32_t
platform_number(int node, const char *name, uint32_t fallback)
{
    uint64_t value;
    int error = fdt_read_number(tree, node, name, &value);
    return error == 0 && value <= UINT32_MAX ? (uint32_t)value : fallback;
}

static const char *
string_or_empty(int node, const char *name)
{
    const char *string = fdt_read_string(tree, node, name);
    return string != NULL ? string : "";
}

static bool
has_device_type(int node, const char *type)
{
    return strcmp(string_or_empty(node, "device_type"), type) == 0;
}

/* ---- Memory ---- */

/* Adds range to the memory, together with the entries that it overlaps or
 * touches, so that the table stays sorted, disjoint and not adjacent. */
static void
add_memory(struct fdt_range range)
{
    struct fdt_range *memory = platform.memory;
    unsigned n = 0;
    for (unsigned i = 0; i < platform.nmemory; i++) {
        struct fdt_range old = memory[i];
        uint64_t end = range.base + range.size;
        uint64_t old_end = old.base + old.size;
        if (old.base > end || old_end < range.base) {
            memory[n++] = old;
        } else {
            range.base = MIN(range.base, old.base);
            range.size = MAX(end, old_end) - range.base;
        }
    }
    if (n == PLATFORM_MEMORY_MAX) {
        platform.lost.memory++;
        return;
    }
    platform.nmemory = n + 1;
    for (; n > 0 && memory[n - 1].base > range.base; n--)
        memory[n] = memory[n - 1];
    memory[n] = range;
}

static void
read_memory(void)
{
    fdt_for_each_child (node, tree, fdt_root(tree)) {
        if (!has_device_type(node, "memory") || !fdt_is_enabled(tree, node))
            continue;
        struct fdt_range range;
        int error = 0;
        for (unsigned i = 0; error == 0; i++) {
            error = platform_reg(node, i, &range);
            if (error == 0 && range.size > 0)
                add_memory(range);
        }
        if (error != -ENOENT)
            platform_malformed(node, "no valid reg");
    }
    for (unsigned i = 0; i < platform.nmemory; i++)
        platform.memory_size += platform.memory[i].size;
}

static int
add_reserved(struct fdt_range range, bool no_map)
{
    if (range.size == 0)
        return 0;
    if (platform.nreserved == PLATFORM_RESERVED_MAX)
        return -ENOSPC;
    platform.reserved[platform.nreserved++] =
        (struct platform_reserved){.range = range, .no_map = no_map};
    return 0;
}

/* Reserves what one child of /reserved-memory names. One that leaves the
 * choice of the place to the kernel has no `reg` [dtspec §3.5.2]. */
static int
read_reserved_node(int node)
{
    struct fdt_prop prop;
    bool no_map = fdt_prop_find(tree, node, "no-map", &prop) == 0;
    struct fdt_range range;
    int error = 0;
    for (unsigned i = 0; error == 0; i++) {
        error = platform_reg(node, i, &range);
        /* `ranges` is required in /reserved-memory, but forgetting it must
         * not cost somebody's memory. */
        if (error == -ENXIO)
            error = fdt_reg(tree, node, i, &range);
        if (error == 0)
            error = add_reserved(range, no_map);
    }
    return error == -ENOENT ? 0 : error;
}

static int
read_reserved(void)
{
    int error = 0;
    struct fdt_range range;
    for (unsigned i = 0; error == 0; i++) {
        error = fdt_reserved(tree, i, &range);
        if (error == 0)
            error = add_reserved(range, false);
    }
    if (error != -ENOENT)
        return error;

    int parent = fdt_find_path(tree, "/reserved-memory");
    fdt_for_each_child (node, tree, parent) {
        if (!fdt_is_enabled(tree, node))
            continue;
        error = read_reserved_node(node);
        if (error != 0)
            return error;
    }
    return add_reserved(platform.initrd, false);
}

/* ---- /chosen ---- */

static void
read_initrd(int chosen)
{
    uint64_t start, end;
    if (fdt_read_number(tree, chosen, "linux,initrd-start", &start) != 0 ||
        fdt_read_number(tree, chosen, "linux,initrd-end", &end) != 0)
        return;
    if (start < end && end <= PHYSICAL_END)
        platform.initrd =
            (struct fdt_range){.base = start, .size = end - start};
    else
        platform_malformed(chosen, "the initrd ends before it starts");
}

static void
read_chosen(void)
{
    int chosen = fdt_find_path(tree, "/chosen");
    platform.bootargs = string_or_empty(chosen, "bootargs");
    platform.stdout_path = string_or_empty(chosen, "stdout-path");
    platform.stdout_node = fdt_find_path(tree, platform.stdout_path);
    struct fdt_prop seed;
    if (fdt_prop_find(tree, chosen, "rng-seed", &seed) == 0) {
        platform.rng_seed = seed.value;
        platform.rng_seed_len = seed.len;
    }
    read_initrd(chosen);
}

/* ---- Harts ---- */

/* The interrupt controller inside a hart is a child of its node. */
static int
find_intc(int cpu)
{
    fdt_for_each_child (node, tree, cpu) {
        if (fdt_is_compatible(tree, node, "riscv,cpu-intc"))
            return node;
    }
    return -ENOENT;
}

static void
add_hart(int node)
{
    struct fdt_range reg;
    if (fdt_reg(tree, node, 0, &reg) != 0 ||
        platform_hart_index(reg.base) != PLATFORM_NONE) {
        platform_malformed(node, "no hart ID, or one seen before");
        return;
    }
    if (platform.nharts == PLATFORM_HARTS_MAX) {
        platform.lost.harts++;
        return;
    }
    struct fdt_prop extensions;
    bool has_list =
        fdt_prop_find(tree, node, "riscv,isa-extensions", &extensions) == 0;
    platform.harts[platform.nharts++] = (struct platform_hart){
        .id = reg.base,
        .isa = has_list ? isa_from_list(&extensions)
                        : isa_from_string(string_or_empty(node, "riscv,isa")),
        .mmu = isa_mmu_bits(string_or_empty(node, "mmu-type")),
        .intc = find_intc(node),
        .plic = PLATFORM_NONE,
        .zero_size = platform_number(node, "riscv,cboz-block-size", 0),
        .numa_node = platform_number(node, "numa-node-id", 0),
    };
}

static void
read_harts(void)
{
    int cpus = fdt_find_path(tree, "/cpus");
    platform.timebase_hz = platform_number(cpus, "timebase-frequency", 0);
    fdt_for_each_child (node, tree, cpus) {
        if (!has_device_type(node, "cpu"))
            continue;
        if (!fdt_is_enabled(tree, node)) {
            platform.nharts_disabled++;
            continue;
        }
        add_hart(node);
        /* It may also stand in each hart's node [dtspec §3.8.1]. */
        if (platform.timebase_hz == 0)
            platform.timebase_hz =
                platform_number(node, "timebase-frequency", 0);
    }
}

/* ---- The interface ---- */

static void
report_lost(unsigned count, const char *what)
{
    if (count > 0)
        pr_warn("device tree: %u %s too many for the kernel's table", count,
                what);
}

static int
check_complete(const char **why)
{
    if (platform.nmemory == 0)
        *why = "device tree: no memory";
    else if (platform.nharts == 0)
        *why = "device tree: no harts";
    else if (platform.timebase_hz == 0)
        *why = "device tree: no timebase-frequency";
    else
        return 0;
    return -ENODEV;
}

int
platform_init(const void *dtb, uint64_t dtb_physical, size_t max,
              const char **why)
{
    memset(&platform, 0, sizeof(platform));
    int error = fdt_open(&platform.tree, dtb, max, why);
    if (error != 0)
        return error;

    platform.model = string_or_empty(fdt_root(tree), "model");
    platform.compatible = string_or_empty(fdt_root(tree), "compatible");
    read_memory();
    read_chosen();
    error = read_reserved();
    if (error == 0)
        error = add_reserved(
            (struct fdt_range){.base = dtb_physical, .size = fdt_size(tree)},
            false);
    if (error != 0) {
        *why = error == -ENOSPC ? "device tree: too many reserved ranges"
                                : "device tree: malformed /reserved-memory";
        return error == -ENOSPC ? -ENOSPC : -EINVAL;
    }
    read_harts();
    platform_read_devices();

    report_lost(platform.lost.memory, "memory ranges");
    report_lost(platform.lost.harts, "harts");
    report_lost(platform.lost.plics, "PLICs");
    report_lost(platform.lost.contexts, "PLIC contexts");
    report_lost(platform.lost.virtio, "virtio slots");
    return check_complete(why);
}

const struct platform *
platform_get(void)
{
    return &platform;
}

int
platform_hart_index(uint64_t id)
{
    for (unsigned i = 0; i < platform.nharts; i++)
        if (platform.harts[i].id == id)
            return (int)i;
    return PLATFORM_NONE;
}

const char *
bootarg_find(const char *name, size_t *len)
{
    const char *found = NULL;
    size_t name_len = strlen(name);
    const char *word = platform.bootargs != NULL ? platform.bootargs : "";
    while (*word != '\0') {
        const char *end = word;
        while (*end != '\0' && *end != ' ')
            end++;
        if (strncmp(word, name, name_len) == 0) {
            const char *value = word + name_len;
            if (*value == '=' || value == end) {
                found = value + (*value == '=');
                *len = (size_t)(end - found);
            }
        }
        word = *end == ' ' ? end + 1 : end;
    }
    return found;
}
