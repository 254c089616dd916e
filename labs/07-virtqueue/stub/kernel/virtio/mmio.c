#include "virtio/driver.h"
#include "abi/errno.h"
#include "arch/barrier.h"
#include "arch/clock.h"
#include "arch/layout.h"
#include "arch/mmio.h"
#include "dev/platform.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "lib/todo.h"
#include "mm/kmap.h"
#include "mm/slab.h"

/* Register offsets [virtio §4.2.2]; "legacy" and "modern" mark what the
 * other kind of device does not have [virtio §4.2.4]. */
enum mmio_reg {
    REG_MAGIC_VALUE = 0x000,
    REG_VERSION = 0x004,
    REG_DEVICE_ID = 0x008,
    REG_VENDOR_ID = 0x00c,
    REG_DEVICE_FEATURES = 0x010,
    REG_DEVICE_FEATURES_SEL = 0x014,
    REG_DRIVER_FEATURES = 0x020,
    REG_DRIVER_FEATURES_SEL = 0x024,
    REG_GUEST_PAGE_SIZE = 0x028, /* legacy */
    REG_QUEUE_SEL = 0x030,
    REG_QUEUE_NUM_MAX = 0x034,
    REG_QUEUE_NUM = 0x038,
    REG_QUEUE_ALIGN = 0x03c, /* legacy */
    REG_QUEUE_PFN = 0x040,   /* legacy */
    REG_QUEUE_READY = 0x044, /* modern */
    REG_QUEUE_NOTIFY = 0x050,
    REG_INTERRUPT_STATUS = 0x060,
    REG_INTERRUPT_ACK = 0x064,
    REG_STATUS = 0x070,
    REG_QUEUE_DESC_LOW = 0x080,   /* modern, as are all below */
    REG_QUEUE_DRIVER_LOW = 0x090, /* the high halves follow at + 4 */
    REG_QUEUE_DEVICE_LOW = 0x0a0,
    REG_CONFIG_GENERATION = 0x0fc,
    REG_CONFIG = 0x100,
};

#define MAGIC_VALUE    0x74726976 /* "virt" */
#define VERSION_LEGACY 1
#define VERSION_MODERN 2

/* 1000 looks, 10 us apart: generous, since QEMU resets at once. */
#define RESET_POLLS   1000
#define RESET_POLL_US 10

/* A field that changes this often while we read it is not worth waiting
 * for. */
#define CONFIG_TRIES 16

struct mmio_device {
    /* constant after init */
    struct virtio_transport transport;
    volatile uint8_t *regs;
    uint64_t size;
};

static uint32_t
reg_read(struct virtio_transport *t, unsigned reg)
{
    return mmio_read32(container_of(t, struct mmio_device, transport)->regs +
                       reg);
}

static void
reg_write(struct virtio_transport *t, unsigned reg, uint32_t value)
{
    mmio_write32(container_of(t, struct mmio_device, transport)->regs + reg,
                 value);
}

/* ---- Status and features ---- */

static uint8_t
get_status(struct virtio_transport *t)
{
    return (uint8_t)reg_read(t, REG_STATUS);
}

static void
set_status(struct virtio_transport *t, uint8_t status)
{
    /* DRIVER_OK lets the device read the rings. */
    barrier_before_mmio();
    reg_write(t, REG_STATUS, status);
}

/* Writes 0 to the status and waits until it reads 0 [virtio §2.4.2, §4.2.2.1]:
 * at most RESET_POLLS looks with a pause of RESET_POLL_US between them. What
 * the device wrote before it stopped can be read then (arch/barrier.h). */
static int
reset(struct virtio_transport *t)
{
    LAB_TODO(7);
}

/* The features come 32 at a time: first say which word, then read it
 * [virtio §4.2.2]. A legacy device has only word 0. */
static uint64_t
get_features(struct virtio_transport *t)
{
    LAB_TODO(7);
}

/* As get_features, with the registers of the driver's features. */
static void
set_features(struct virtio_transport *t, uint64_t features)
{
    LAB_TODO(7);
}

/* ---- Queues ---- */

/* Selects queue `index`, and asks how large it can be [virtio §4.2.3.2]. */
static unsigned
queue_max(struct virtio_transport *t, unsigned index)
{
    LAB_TODO(7);
}

/* A legacy device is told the page of the descriptors, the page size and the
 * alignment, and finds the rest itself [virtio §4.2.4]. The queue is selected,
 * and QueueNum still to be written, after the look for a page. -EBUSY if it has
 * a page already; -EIO if the page's number does not fit into 32 bits, or does
 * not read back as it was written. */
static int
legacy_queue_enable(struct virtio_transport *t, unsigned size,
                    uint64_t descriptors)
{
    LAB_TODO(7);
}

static void
write_address(struct virtio_transport *t, unsigned low_reg, uint64_t address)
{
    reg_write(t, low_reg, (uint32_t)address);
    reg_write(t, low_reg + 4, (uint32_t)(address >> 32));
}

/* The steps of [virtio §4.2.3.2], for legacy devices those of
 * legacy_queue_enable. -EIO if the queue cannot be so large, or does not become
 * ready; -EBUSY if it is ready before. */
static int
queue_enable(struct virtio_transport *t, unsigned index, unsigned size,
             uint64_t descriptors, uint64_t avail, uint64_t used)
{
    LAB_TODO(7);
}

/* Writes the queue's number to QueueNotify [virtio §4.2.3.3]. What is in the
 * rings must be visible to the device before (arch/barrier.h). */
static void
notify(struct virtio_transport *t, unsigned index)
{
    LAB_TODO(7);
}

/* Reads InterruptStatus, acknowledges what is set there, and returns the bits
 * that mean something [virtio §4.2.2.2]. There should be no others; one that is
 * not acknowledged would interrupt for ever. The rings are looked at after
 * that, never before: arch/barrier.h has the fence. */
static uint32_t
isr_ack(struct virtio_transport *t)
{
    LAB_TODO(7);
}

/* ---- The configuration space ---- */

/* Accesses are as wide as the field, but for 64 bits: those are read in
 * halves [virtio §4.2.2.2]. */
static uint64_t
config_look(const volatile uint8_t *field, unsigned width)
{
    if (width == 1)
        return mmio_read8(field);
    if (width == 2)
        return mmio_read16(field);
    if (width == 4)
        return mmio_read32(field);
    assert_eq(width, 8);
    return mmio_read32(field) | (uint64_t)mmio_read32(field + 4) << 32;
}

static uint32_t
config_generation(struct virtio_transport *t)
{
    return t->legacy ? 0 : reg_read(t, REG_CONFIG_GENERATION);
}

/* Reads a field until it keeps still: two looks that agree, and the same
 * ConfigGeneration before and after [virtio §2.5.1, §4.2.2.2]. CONFIG_TRIES
 * tries, then -EIO; also -EIO if the field is not inside m->size. */
static int
config_read(struct virtio_transport *t, unsigned offset, unsigned width,
            void *to)
{
    LAB_TODO(7);
}

static const struct virtio_transport_ops mmio_ops = {
    .get_status = get_status,
    .set_status = set_status,
    .reset = reset,
    .get_features = get_features,
    .set_features = set_features,
    .queue_max = queue_max,
    .queue_enable = queue_enable,
    .notify = notify,
    .isr_ack = isr_ack,
    .config_read = config_read,
};

/* ---- Discovery [virtio §4.2.3.1] ---- */

/* Is there a device with which we can talk? The magic number, the version and
 * the device's id say it, and must be read in that order [virtio §4.2.3.1.1].
 * A wrong number or version costs a line in the log; id 0 is an empty slot. */
static bool
identify(const volatile uint8_t *regs, uint64_t base)
{
    LAB_TODO(7);
}

bool
virtio_mmio_probe_slot(uint64_t base, uint64_t size, unsigned irq)
{
    volatile uint8_t *regs = size < REG_CONFIG ? NULL : kmap_device(base, size);
    if (regs == NULL) {
        pr_err("virtio-mmio at %#llx: cannot map %llu bytes of registers",
               (unsigned long long)base, (unsigned long long)size);
        return false;
    }
    if (!identify(regs, base))
        return false;

    struct mmio_device *m = kzalloc(sizeof(*m));
    if (m != NULL) {
        m->regs = regs;
        m->size = size;
        m->transport = (struct virtio_transport){
            .ops = &mmio_ops,
            .bus = "mmio",
            .legacy = mmio_read32(regs + REG_VERSION) == VERSION_LEGACY,
            .device_id = mmio_read32(regs + REG_DEVICE_ID),
            .vendor_id = mmio_read32(regs + REG_VENDOR_ID),
            .irq = irq,
        };
        if (virtio_device_add(&m->transport) == 0)
            return true;
    }
    pr_err("virtio-mmio at %#llx: out of memory", (unsigned long long)base);
    kfree(m);
    return false;
}

void
virtio_mmio_probe(void)
{
    const struct platform *p = platform_get();
    /* From the highest address down, as QEMU fills its slots: the first disk
     * on its command line is vda. */
    for (unsigned i = p->nvirtio; i-- > 0;) {
        const struct platform_device *slot = &p->virtio[i];
        virtio_mmio_probe_slot(slot->regs.base, slot->regs.size, slot->irq);
    }
}
