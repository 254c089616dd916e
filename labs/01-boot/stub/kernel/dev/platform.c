#include "dev/platform.h"
#include "dev/aia.h"
#include "abi/errno.h"
#include "lib/print.h"
#include "lib/string.h"
#include "lib/todo.h"

/* Physical addresses have 56 bits in every Sv mode [riscv-priv §4.4.1]. */
#define PHYSICAL_END (1ull << 56)

#define PLIC_SOURCES_MAX 1023u /* [plic §1] */
#define IRQ_S_EXTERNAL   9     /* [riscv-priv §4.1.3] */
#define UART_REGISTERS   8u

static struct platform machine;

/* Shorthand: everything here reads this one tree. */
static const struct fdt *const tree = &machine.tree;

/* The node that /chosen/stdout-path names, or -ENOENT. */
static int stdout_node;

/* What is wrong with the reserved ranges; NULL: nothing so far. */
static const char *reserved_fault;

/* ---- Helpers ---- */

/* As fdt_reg_physical, and -EOVERFLOW if that is no physical address. */
static int
read_reg(const struct fdt_node *node, unsigned index, struct fdt_range *range)
{
    int error = fdt_reg_physical(node, index, range);
    if (error == 0 && (range->base >= PHYSICAL_END ||
                       range->size > PHYSICAL_END - range->base))
        return -EOVERFLOW;
    return error;
}

/* A number of at most 32 bits; fallback if it is not there, or no such. */
static uint32_t
read_number(const struct fdt_node *node, const char *name, uint32_t fallback)
{
    uint64_t value;
    int error = fdt_read_number(tree, node->offset, name, &value);
    return error == 0 && value <= UINT32_MAX ? (uint32_t)value : fallback;
}

/* What reads a node returns NULL, or why some or all of it is ignored: the log
 * shows that. If a table is full the new one is left out, and that is said. */

/* ---- Memory ---- */

/* Adds range to machine.map.ram, together with the entries that it overlaps or
 * touches, so that the table stays sorted, disjoint and not adjacent. Returns
 * NULL, or "too many memory ranges". */
static const char *
add_memory(struct fdt_range range)
{
    LAB_TODO(1);
}

/* Adds the entries of the node's `reg` that are not empty [dtspec §3.4], until
 * add_memory refuses one. Returns what it said; or that reg is malformed, if it
 * has an error before its end, which is -ENOENT. */
static const char *
read_memory(const struct fdt_node *node)
{
    LAB_TODO(1);
}

static void
add_reserved(struct fdt_range range, bool no_map)
{
    struct memmap *map = &machine.map;
    if (range.size == 0)
        return;
    if (map->nreserved == MEMMAP_RESERVED_MAX - 1) {
        reserved_fault = "too many reserved ranges";
        return;
    }
    map->no_map[map->nreserved] = no_map;
    map->reserved[map->nreserved++] = range;
}

/* Reserves what a child of /reserved-memory names. One that leaves the
 * choice of the place to the kernel has no `reg` [dtspec §3.5.2]. */
static void
read_reserved(const struct fdt_node *node)
{
    struct fdt_prop prop;
    bool no_map = fdt_prop_find(tree, node->offset, "no-map", &prop) == 0;
    struct fdt_range range;
    int error = 0;
    for (unsigned i = 0; error == 0; i++) {
        error = read_reg(node, i, &range);
        /* `ranges` is required in /reserved-memory, but forgetting it must
         * not cost somebody's memory. */
        if (error == -ENXIO)
            error = fdt_reg(node, i, &range);
        if (error == 0)
            add_reserved(range, no_map);
    }
    if (error != -ENOENT)
        reserved_fault = "malformed /reserved-memory";
}

/* ---- /chosen ---- */

static void
read_chosen(void)
{
    int chosen = fdt_find_path(tree, "/chosen");
    machine.bootargs = fdt_read_string(tree, chosen, "bootargs");
    stdout_node =
        fdt_find_path(tree, fdt_read_string(tree, chosen, "stdout-path"));

    struct fdt_prop seed;
    if (fdt_prop_find(tree, chosen, "rng-seed", &seed) == 0) {
        machine.rng_seed = seed.value;
        machine.rng_seed_len = seed.len;
    }

    uint64_t start, end;
    if (fdt_read_number(tree, chosen, "linux,initrd-start", &start) != 0 ||
        fdt_read_number(tree, chosen, "linux,initrd-end", &end) != 0)
        return;
    if (start < end && end <= PHYSICAL_END)
        machine.initrd = (struct fdt_range){.base = start, .size = end - start};
    else
        pr_warn("device tree: the initrd ends before it starts");
}

/* ---- Harts ---- */

/* It stands in /cpus or in each hart's node [dtspec §3.8.1]. */
static void
read_timebase(const struct fdt_node *node)
{
    if (machine.timebase_hz == 0)
        machine.timebase_hz = read_number(node, "timebase-frequency", 0);
}

/* Notes a hart [dtspec §3.8.1]: its id is `reg`, read as /cpus counts, which is
 * no physical address, and no other hart's; then `riscv,isa`, `mmu-type`
 * ("riscv,sv48" is "sv48", what has no "riscv," is "none") and isa bits, out of
 * `riscv,isa-extensions` if that is there; and no PLIC yet, PLATFORM_NONE. The
 * timebase may stand here or in /cpus: read_timebase, for both. */
static const char *
add_hart(const struct fdt_node *node)
{
    LAB_TODO(1);
}

/* The interrupt controller inside a hart is a child of its node. */
static const char *
add_intc(const struct fdt_node *node)
{
    if (machine.nharts == 0 || node->parent == NULL)
        return NULL;
    struct platform_hart *hart = &machine.harts[machine.nharts - 1];
    if (hart->node == node->parent->offset)
        hart->intc = node->phandle;
    return NULL;
}

/* ---- Interrupt controllers ---- */

/* Notes a PLIC: registers, `riscv,ndev` sources (PLIC_SOURCES_MAX at most), the
 * number of the first, 1 or what comes behind the PLIC before, its phandle, and
 * `interrupts-extended`: a pair of cells for each context, none without it.
 * Without registers or sources it is ignored. */
static const char *
add_plic(const struct fdt_node *node)
{
    LAB_TODO(1);
}

/* Finds, for each context of a PLIC, the hart that it interrupts in S-mode: the
 * pair names a hart's interrupt controller (hart->intc) and the number of the
 * interrupt there, IRQ_S_EXTERNAL. The context's number is its pair's index.
 * The first such context of a hart counts. */
static void
wire_contexts(int index)
{
    LAB_TODO(1);
}

/* ---- Devices ---- */

/* Turns the PLIC's own number for a device's interrupt into one among those of
 * all PLICs. */
static void
wire_device(struct platform_device *device)
{
    unsigned source = device->irq;
    device->irq = 0;
    if (source == 0 || device->irq_parent == 0)
        return;
    for (unsigned i = 0; i < machine.nplics; i++) {
        const struct platform_plic *plic = &machine.plics[i];
        if (plic->phandle == device->irq_parent && source <= plic->nsources)
            device->irq = plic->first + source - 1;
    }
}

/* Reads registers, and which controller a device interrupts by which number,
 * the first cell of a PLIC's specifiers. */
static const char *
read_device(const struct fdt_node *node, struct platform_device *device)
{
    struct fdt_prop prop;
    *device = (struct platform_device){0};
    /* It goes before `interrupts` [dtspec §2.4.1.3]. */
    if (fdt_prop_find(tree, node->offset, "interrupts-extended", &prop) == 0) {
        device->irq_parent = fdt_prop_cell(&prop, 0);
        device->irq = fdt_prop_cell(&prop, 1);
    } else if (fdt_prop_find(tree, node->offset, "interrupts", &prop) == 0) {
        device->irq_parent = node->interrupt_parent;
        device->irq = fdt_prop_cell(&prop, 0);
    }
    device->present =
        read_reg(node, 0, &device->regs) == 0 && device->regs.size > 0;
    return device->present ? NULL : "no valid reg";
}

/* Notes a slot. They are kept sorted by the address of their registers,
 * whatever the order of the tree. No room: the last one to come is left out. */
static const char *
add_virtio(const struct fdt_node *node)
{
    LAB_TODO(1);
}

static const char *
add_uart(const struct fdt_node *node)
{
    struct platform_uart found = {
        .reg_shift = read_number(node, "reg-shift", 0),
        .io_width = read_number(node, "reg-io-width", 1),
    };
    if (machine.uart.device.present && node->offset != stdout_node)
        return NULL;
    const char *why = read_device(node, &found.device);
    if (why != NULL)
        return why;
    struct fdt_range *regs = &found.device.regs;
    uint64_t offset = read_number(node, "reg-offset", 0);
    if ((found.io_width != 1 && found.io_width != 4) || found.reg_shift > 4 ||
        offset > regs->size ||
        regs->size - offset < (UART_REGISTERS << found.reg_shift))
        return "its registers do not fit into its reg";
    regs->base += offset;
    regs->size -= offset;
    machine.uart = found;
    return NULL;
}

/* ---- The walk ---- */

/* What a node is known by, and what reads it; NULL: the first of its kind is
 * read into device. */
static const struct {
    enum fdt_standard property;
    const char *value;
    const char *(*read)(const struct fdt_node *node);
    struct platform_device *device;
} matches[] = {
    {FDT_DEVICE_TYPE, "memory", read_memory, NULL},
    {FDT_DEVICE_TYPE, "cpu", add_hart, NULL},
    {FDT_COMPATIBLE, "riscv,cpu-intc", add_intc, NULL},
    {FDT_COMPATIBLE, "sifive,plic-1.0.0", add_plic, NULL},
    {FDT_COMPATIBLE, "riscv,plic0", add_plic, NULL},
    {FDT_COMPATIBLE, "riscv,aplic", NULL, &machine.aia},
    {FDT_COMPATIBLE, "riscv,imsics", NULL, &machine.aia},
    {FDT_COMPATIBLE, "ns16550a", add_uart, NULL},
    {FDT_COMPATIBLE, "virtio,mmio", add_virtio, NULL},
    {FDT_COMPATIBLE, "google,goldfish-rtc", NULL, &machine.rtc},
    {FDT_COMPATIBLE, "sifive,test1", NULL, &machine.finisher},
    {FDT_COMPATIBLE, "sifive,test0", NULL, &machine.finisher},
};

static void
read_node(const struct fdt_node *node)
{
    const struct fdt_node *parent = node->parent;
    if (parent != NULL && parent->parent != NULL &&
        parent->parent->parent == NULL &&
        strcmp(parent->name, "reserved-memory") == 0)
        read_reserved(node);
    for (unsigned i = 0; i < ARRAY_LEN(matches); i++) {
        if (!fdt_prop_has_string(&node->props[matches[i].property],
                                 matches[i].value))
            continue;
        const char *why = NULL;
        if (matches[i].read != NULL)
            why = matches[i].read(node);
        else if (!matches[i].device->present)
            why = read_device(node, matches[i].device);
        if (why != NULL)
            pr_warn("device tree: %s ignored: %s", node->name, why);
        return;
    }
}

static void
read_nodes(void)
{
    static struct fdt_walk walk; /* too large for a stack */
    const struct fdt_node *node;
    memset(&walk, 0, sizeof(walk));
    walk.tree = tree;
    while ((node = fdt_walk_next(&walk)) != NULL)
        if (node->enabled)
            read_node(node);
    if (machine.nplics == 0 && machine.aia.present)
        aia_read(&machine);
    /* Interrupts name their controllers, wherever those stand. */
    for (unsigned i = 0; i < machine.nplics; i++)
        wire_contexts((int)i);
    wire_device(&machine.uart.device);
    wire_device(&machine.rtc);
    for (unsigned i = 0; i < machine.nvirtio; i++)
        wire_device(&machine.virtio[i]);
    for (unsigned i = 0; i < machine.map.nram; i++)
        machine.memory_size += machine.map.ram[i].size;
}

/* ---- The interface ---- */

int
platform_init(const void *dtb, uint64_t dtb_physical, size_t max,
              const char **why)
{
    memset(&machine, 0, sizeof(machine));
    reserved_fault = NULL;
    int error = fdt_open(&machine.tree, dtb, max, why);
    if (error != 0)
        return error;

    int root = fdt_find_path(tree, "/");
    machine.model = fdt_read_string(tree, root, "model");
    if (machine.model[0] == '\0')
        machine.model = fdt_read_string(tree, root, "compatible");
    read_chosen();
    struct fdt_range range;
    for (unsigned i = 0; fdt_reserved(tree, i, &range) == 0; i++)
        add_reserved(range, false);
    read_nodes();
    add_reserved(machine.initrd, false);
    add_reserved((struct fdt_range){dtb_physical, tree->total_size}, false);

    *why = reserved_fault != NULL     ? reserved_fault
           : machine.map.nram == 0    ? "no memory"
           : machine.nharts == 0      ? "no harts"
           : machine.timebase_hz == 0 ? "no timebase-frequency"
                                      : NULL;
    if (*why == NULL)
        return 0;
    return reserved_fault != NULL ? -EINVAL : -ENODEV;
}

const struct platform *
platform_get(void)
{
    return &machine;
}

const struct platform_hart *
platform_hart(uint64_t id)
{
    for (unsigned i = 0; i < machine.nharts; i++)
        if (machine.harts[i].id == id)
            return &machine.harts[i];
    return NULL;
}

const char *
bootarg_find(const char *name, size_t *len)
{
    const char *found = NULL, *end;
    size_t name_len = strlen(name);
    const char *word = machine.bootargs != NULL ? machine.bootargs : "";
    for (; *word != '\0'; word = *end == ' ' ? end + 1 : end) {
        for (end = word; *end != '\0' && *end != ' ';)
            end++;
        const char *value = word + name_len;
        if (strncmp(word, name, name_len) == 0 &&
            (*value == '=' || value == end)) {
            found = value + (*value == '=');
            *len = (size_t)(end - found);
        }
    }
    return found;
}
