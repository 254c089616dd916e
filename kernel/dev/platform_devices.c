#include "dev/platform_impl.h"
#include "abi/errno.h"
#include "lib/fdt_bus.h"
#include "lib/string.h"

#define PLIC_SOURCES_MAX 1023u /* [plic §1] */
#define IRQ_S_EXTERNAL   9     /* [riscv-priv §4.1.3] */

#define UART_REGISTERS 8u

static const struct fdt *const tree = &platform.tree;

/* ---- Interrupt controllers ---- */

static int
hart_of_intc(int intc)
{
    for (unsigned i = 0; i < platform.nharts; i++)
        if (platform.harts[i].intc == intc)
            return (int)i;
    return PLATFORM_NONE;
}

/* Context n of a PLIC drives the n-th of its `interrupts-extended`. */
static void
read_contexts(int index)
{
    struct platform_plic *plic = &platform.plics[index];
    struct fdt_irq irq;
    int error = fdt_irq_first(tree, plic->node, &irq);
    for (; error == 0; error = fdt_irq_next(tree, &irq)) {
        if (plic->ncontexts == PLATFORM_CONTEXTS_MAX) {
            platform.lost.contexts++;
            continue;
        }
        unsigned context = plic->ncontexts++;
        int hart_index = hart_of_intc(irq.controller);
        plic->contexts[context] = (struct platform_context){
            .hart = hart_index,
            .irq = irq.cell[0],
        };
        if (hart_index == PLATFORM_NONE || irq.cell[0] != IRQ_S_EXTERNAL)
            continue;
        struct platform_hart *hart = &platform.harts[hart_index];
        if (hart->plic == PLATFORM_NONE) {
            hart->plic = index;
            hart->context = context;
        }
    }
    if (error != -ENOENT)
        platform_malformed(plic->node, "the rest of its interrupts-extended");
}

static void
add_plic(int node)
{
    struct fdt_range regs;
    uint32_t nsources = platform_number(node, "riscv,ndev", 0);
    if (platform_reg(node, 0, &regs) != 0 || nsources == 0) {
        platform_malformed(node, "no valid reg or riscv,ndev");
        return;
    }
    if (platform.nplics == PLATFORM_PLICS_MAX) {
        platform.lost.plics++;
        return;
    }
    platform.plics[platform.nplics] = (struct platform_plic){
        .regs = regs,
        .nsources = MIN(nsources, PLIC_SOURCES_MAX),
        .node = node,
    };
    read_contexts((int)platform.nplics++);
}

static void
note_aplic(int node UNUSED)
{
    platform.has_aplic = true;
}

static void
note_imsic(int node UNUSED)
{
    platform.has_imsic = true;
}

/* ---- Devices ---- */

static struct platform_irq
read_irq(int node)
{
    struct platform_irq none = {.plic = PLATFORM_NONE};
    struct fdt_irq irq;
    if (fdt_irq_first(tree, node, &irq) != 0)
        return none;
    for (unsigned i = 0; i < platform.nplics; i++)
        if (platform.plics[i].node == irq.controller)
            return (struct platform_irq){(int)i, irq.cell[0]};
    return none;
}

/* Reads registers and interrupt. Returns false, and says so, if the node has
 * no registers at a physical address. */
static bool
read_device(int node, struct platform_device *device)
{
    if (platform_reg(node, 0, &device->regs) != 0 || device->regs.size == 0) {
        platform_malformed(node, "no valid reg");
        return false;
    }
    device->irq = read_irq(node);
    device->present = true;
    return true;
}

static void
add_rtc(int node)
{
    if (!platform.rtc.present)
        read_device(node, &platform.rtc);
}

static void
add_finisher(int node)
{
    if (!platform.finisher.present)
        read_device(node, &platform.finisher);
}

static void
add_virtio(int node)
{
    struct platform_device device;
    if (!read_device(node, &device))
        return;
    if (platform.nvirtio == PLATFORM_VIRTIO_MAX) {
        platform.lost.virtio++;
        return;
    }
    unsigned slot = platform.nvirtio++;
    struct platform_device *slots = platform.virtio;
    for (; slot > 0 && slots[slot - 1].regs.base > device.regs.base; slot--)
        slots[slot] = slots[slot - 1];
    slots[slot] = device;
}

/* The speed in the options of stdout-path, as in "serial0:115200n8", or else
 * in the UART's node. */
static uint32_t
read_baud(int node, bool is_stdout)
{
    const char *options = strchr(platform.stdout_path, ':');
    uint64_t baud;
    if (is_stdout && options != NULL &&
        str_to_u64(options + 1, NULL, &baud) == 0 && baud <= UINT32_MAX)
        return (uint32_t)baud;
    return platform_number(node, "current-speed", 0);
}

static void
add_uart(int node)
{
    bool is_stdout = node == platform.stdout_node;
    struct platform_device device;
    if ((platform.uart.present && !is_stdout) || !read_device(node, &device))
        return;
    struct platform_uart uart = {
        .present = true,
        .is_stdout = is_stdout,
        .regs = device.regs,
        .irq = device.irq,
        .clock_hz = platform_number(node, "clock-frequency", 0),
        .reg_shift = platform_number(node, "reg-shift", 0),
        .io_width = platform_number(node, "reg-io-width", 1),
        .baud = read_baud(node, is_stdout),
    };
    uint64_t offset = platform_number(node, "reg-offset", 0);
    bool width_is_valid =
        uart.io_width == 1 || uart.io_width == 2 || uart.io_width == 4;
    if (!width_is_valid || uart.reg_shift > 4 || offset > uart.regs.size ||
        uart.regs.size - offset < (UART_REGISTERS << uart.reg_shift)) {
        platform_malformed(node, "its registers do not fit into its reg");
        return;
    }
    uart.regs.base += offset;
    uart.regs.size -= offset;
    platform.uart = uart;
}

/* A switch stores a value into the registers of another node, its regmap. */
static void
add_switch(int node, struct platform_switch *target)
{
    int regmap = fdt_find_phandle(tree, platform_number(node, "regmap", 0));
    struct fdt_range regs;
    uint64_t offset, value;
    if (platform_reg(regmap, 0, &regs) != 0 ||
        fdt_read_number(tree, node, "offset", &offset) != 0 ||
        fdt_read_number(tree, node, "value", &value) != 0 ||
        regs.size < sizeof(uint32_t) || offset > regs.size - sizeof(uint32_t)) {
        platform_malformed(node, "no valid regmap, offset or value");
        return;
    }
    *target = (struct platform_switch){
        .present = true,
        .address = regs.base + offset,
        .value = (uint32_t)value,
    };
}

static void
add_poweroff(int node)
{
    add_switch(node, &platform.poweroff);
}

static void
add_reboot(int node)
{
    add_switch(node, &platform.reboot);
}

/* ---- The walk ---- */

struct match {
    const char *compatible;
    void (*add)(int node);
};

static const struct match controllers[] = {
    {"sifive,plic-1.0.0", add_plic},
    {"riscv,plic0", add_plic},
    {"riscv,aplic", note_aplic},
    {"riscv,imsics", note_imsic},
    {NULL, NULL},
};

static const struct match devices[] = {
    {"ns16550a", add_uart},         {"google,goldfish-rtc", add_rtc},
    {"virtio,mmio", add_virtio},    {"sifive,test1", add_finisher},
    {"sifive,test0", add_finisher}, {"syscon-poweroff", add_poweroff},
    {"syscon-reboot", add_reboot},  {NULL, NULL},
};

/* Adds node by the most specific of its compatible strings that is known:
 * they stand in that order [dtspec §2.3.1]. */
static void
add_node(int node, const struct match *matches)
{
    struct fdt_prop compatible;
    if (fdt_prop_find(tree, node, "compatible", &compatible) != 0)
        return;
    const char *name;
    for (unsigned i = 0; (name = fdt_prop_string(&compatible, i)); i++)
        for (const struct match *match = matches; match->add; match++)
            if (strcmp(match->compatible, name) == 0) {
                match->add(node);
                return;
            }
}

/* Adds every node that is known and neither disabled nor under a node that
 * is. */
static void
scan(const struct match *matches)
{
    int disabled_depth = FDT_DEPTH_MAX;
    int depth = 0;
    for (int node = fdt_root(tree); node >= 0;
         node = fdt_next(tree, node, &depth)) {
        if (depth > disabled_depth)
            continue;
        disabled_depth = fdt_is_enabled(tree, node) ? FDT_DEPTH_MAX : depth;
        if (disabled_depth > depth)
            add_node(node, matches);
    }
}

void
platform_read_devices(void)
{
    /* Devices name their controllers, wherever those stand. */
    scan(controllers);
    scan(devices);
}
