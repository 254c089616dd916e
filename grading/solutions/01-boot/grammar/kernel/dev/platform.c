/* Facts are noted as the walk meets them, in the tree's order, and put in order
 * when all of them are there. */
#include "dev/platform.h"
#include "dev/aia.h"
#include "abi/errno.h"
#include "lib/print.h"
#include "lib/string.h"

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

/* What reads a node returns NULL, or why some or all of it is ignored. */

/* ---- Memory ---- */

/* Memory as it was found, in any order; overlaps and neighbours are joined when
 * the notes are full, and at the end. */
static struct {
    struct fdt_range ranges[2 * MEMMAP_RAM_MAX];
    unsigned count;
} notes;

/* Inserts the last of n ranges where it belongs among the others, which are
 * sorted. */
static void
sift(struct fdt_range *ranges, unsigned n)
{
    struct fdt_range last = ranges[n - 1];
    for (n--; n > 0 && ranges[n - 1].base > last.base; n--)
        ranges[n] = ranges[n - 1];
    ranges[n] = last;
}

/* Sorts the notes, joins what overlaps or touches, and keeps no more than the
 * table has room for. Returns NULL, or "too many memory ranges". */
static const char *
settle_notes(void)
{
    struct fdt_range *ranges = notes.ranges;
    unsigned kept = 0;
    for (unsigned n = 2; n <= notes.count; n++)
        sift(ranges, n);
    for (unsigned i = 0; i < notes.count; i++) {
        struct fdt_range *last = kept > 0 ? &ranges[kept - 1] : NULL;
        uint64_t end = ranges[i].base + ranges[i].size;
        if (last == NULL || ranges[i].base > last->base + last->size)
            ranges[kept++] = ranges[i];
        else if (end > last->base + last->size)
            last->size = end - last->base;
    }
    notes.count = MIN(kept, (unsigned)MEMMAP_RAM_MAX);
    return kept > MEMMAP_RAM_MAX ? "too many memory ranges" : NULL;
}

/* Notes a range that is not empty. Returns NULL, or what settle_notes said. */
static const char *
add_memory(struct fdt_range range)
{
    const char *why = NULL;
    if (notes.count == ARRAY_LEN(notes.ranges))
        why = settle_notes();
    notes.ranges[notes.count++] = range;
    return why;
}

/* Makes the table of what was noted. */
static void
finish_memory(void)
{
    const char *why = settle_notes();
    if (why != NULL)
        pr_warn("device tree: %s", why);
    machine.map.nram = notes.count;
    memcpy(machine.map.ram, notes.ranges,
           notes.count * sizeof(notes.ranges[0]));
    for (unsigned i = 0; i < notes.count; i++)
        machine.memory_size += notes.ranges[i].size;
}

/* Adds each entry of the node's `reg` that is not empty [dtspec §3.4]. Returns
 * what was wrong first. */
static const char *
read_memory(const struct fdt_node *node)
{
    const char *why = NULL, *now;
    struct fdt_range range;
    int error = 0;
    for (unsigned i = 0; error != -ENOENT && error != -EINVAL; i++) {
        error = read_reg(node, i, &range);
        now = error == -ENOENT  ? NULL
              : error != 0      ? "malformed reg"
              : range.size == 0 ? NULL
                                : add_memory(range);
        why = why != NULL ? why : now;
    }
    return why;
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

static const struct {
    const char *type, *mmu;
} mmu_types[] = {
    {"riscv,sv39", "sv39"},
    {"riscv,sv48", "sv48"},
    {"riscv,sv57", "sv57"},
};

static const char *
read_mmu(const struct fdt_node *node)
{
    const char *type = fdt_read_string(tree, node->offset, "mmu-type");
    for (unsigned i = 0; i < ARRAY_LEN(mmu_types); i++)
        if (strcmp(mmu_types[i].type, type) == 0)
            return mmu_types[i].mmu;
    return "none";
}

/* Notes a hart [dtspec §3.8.1]. Its id is `reg`, as /cpus counts: no physical
 * address. */
static const char *
add_hart(const struct fdt_node *node)
{
    struct fdt_range reg;
    if (fdt_reg(node, 0, &reg) != 0)
        return "no valid reg";
    read_timebase(node);
    read_timebase(node->parent);
    if (platform_hart(reg.base) != NULL)
        return "its id is taken";
    if (machine.nharts == PLATFORM_HARTS_MAX)
        return "too many harts";
    struct platform_hart *hart = &machine.harts[machine.nharts++];
    *hart = (struct platform_hart){
        .id = reg.base,
        .isa_string = fdt_read_string(tree, node->offset, "riscv,isa"),
        .mmu = read_mmu(node),
        .plic = PLATFORM_NONE,
        .node = node->offset,
    };
    struct fdt_prop list;
    bool listed =
        fdt_prop_find(tree, node->offset, "riscv,isa-extensions", &list) == 0;
    hart->isa =
        listed ? isa_from_list(&list) : isa_from_string(hart->isa_string);
    return NULL;
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

/* Of `interrupts-extended`, a pair of cells for each context: the phandle of a
 * hart's interrupt controller, and the number of the interrupt there. */
#define WIRE_CELLS 2

/* Notes a PLIC. */
static const char *
add_plic(const struct fdt_node *node)
{
    struct platform_plic plic = {.first = 1, .phandle = node->phandle};
    if (machine.nplics == PLATFORM_PLICS_MAX)
        return "too many PLICs";
    if (read_reg(node, 0, &plic.regs) != 0 || plic.regs.size == 0)
        return "no valid reg";
    if (fdt_prop_find(tree, node->offset, "interrupts-extended", &plic.wires) ==
        0)
        plic.ncontexts = plic.wires.len / (WIRE_CELLS * sizeof(uint32_t));
    plic.nsources = MIN(read_number(node, "riscv,ndev", 0), PLIC_SOURCES_MAX);
    if (machine.nplics > 0) {
        const struct platform_plic *last = &machine.plics[machine.nplics - 1];
        plic.first = last->first + last->nsources;
    }
    machine.plics[machine.nplics++] = plic;
    return NULL;
}

/* The hart with that interrupt controller, or NULL. */
static struct platform_hart *
hart_of_intc(uint32_t phandle)
{
    for (unsigned i = 0; phandle != 0 && i < machine.nharts; i++)
        if (machine.harts[i].intc == phandle)
            return &machine.harts[i];
    return NULL;
}

/* Finds the harts that the contexts of a PLIC interrupt in S-mode. A hart's
 * first context counts. */
static void
wire_contexts(int index)
{
    const struct platform_plic *plic = &machine.plics[index];
    for (unsigned i = 0; i < plic->ncontexts; i++) {
        if (fdt_prop_cell(&plic->wires, WIRE_CELLS * i + 1) != IRQ_S_EXTERNAL)
            continue;
        struct platform_hart *hart =
            hart_of_intc(fdt_prop_cell(&plic->wires, WIRE_CELLS * i));
        if (hart == NULL || hart->plic != PLATFORM_NONE)
            continue;
        hart->plic = index;
        hart->context = i;
    }
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

/* Notes a slot. */
static const char *
add_virtio(const struct fdt_node *node)
{
    struct platform_device slot;
    const char *why = read_device(node, &slot);
    if (why != NULL)
        return why;
    if (machine.nvirtio == PLATFORM_VIRTIO_MAX)
        return "too many virtio slots";
    machine.virtio[machine.nvirtio++] = slot;
    return NULL;
}

/* Makes a heap of the first n slots below `top` again: none of them has a
 * higher address than its parent. */
static void
sink_slot(unsigned top, unsigned n)
{
    struct platform_device *slots = machine.virtio;
    for (unsigned child; (child = 2 * top + 1) < n; top = child) {
        if (child + 1 < n &&
            slots[child + 1].regs.base > slots[child].regs.base)
            child++;
        if (slots[top].regs.base >= slots[child].regs.base)
            return;
        struct platform_device lower = slots[top];
        slots[top] = slots[child];
        slots[child] = lower;
    }
}

/* Sorts the slots by the address of their registers. */
static void
finish_virtio(void)
{
    for (unsigned i = machine.nvirtio / 2; i-- > 0;)
        sink_slot(i, machine.nvirtio);
    for (unsigned n = machine.nvirtio; n-- > 1;) {
        struct platform_device highest = machine.virtio[0];
        machine.virtio[0] = machine.virtio[n];
        machine.virtio[n] = highest;
        sink_slot(0, n);
    }
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
    finish_memory();
    finish_virtio();
    if (machine.nplics == 0 && machine.aia.present)
        aia_read(&machine);
    /* Interrupts name their controllers, wherever those stand. */
    for (unsigned i = 0; i < machine.nplics; i++)
        wire_contexts((int)i);
    wire_device(&machine.uart.device);
    wire_device(&machine.rtc);
    for (unsigned i = 0; i < machine.nvirtio; i++)
        wire_device(&machine.virtio[i]);
}

/* ---- The interface ---- */

int
platform_init(const void *dtb, uint64_t dtb_physical, size_t max,
              const char **why)
{
    memset(&machine, 0, sizeof(machine));
    reserved_fault = NULL;
    notes.count = 0;
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
