/* Registers by small functions, one for each exchange of words with the device;
 * what differs between the two generations is a number of words, or has a
 * function for each. */
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

/* A look at a device that was told to reset. */
static bool
has_reset(struct virtio_transport *t)
{
    return get_status(t) == 0;
}

/* Writes 0 to the status and waits until it reads 0 [virtio §2.1.2, §4.2.2.1].
 * What the device wrote before it stopped can be read then. */
static int
reset(struct virtio_transport *t)
{
    reg_write(t, REG_STATUS, 0);
    for (unsigned i = 0; !has_reset(t); i++) {
        if (i == RESET_POLLS)
            return -ETIMEDOUT;
        clock_delay_us(RESET_POLL_US);
    }
    barrier_after_mmio();
    return 0;
}

/* Features come 32 at a time: first say which word, then read or write it
 * [virtio §4.2.2]. */
static uint64_t
feature_word(struct virtio_transport *t, unsigned word)
{
    reg_write(t, REG_DEVICE_FEATURES_SEL, word);
    return (uint64_t)reg_read(t, REG_DEVICE_FEATURES) << 32 * word;
}

static void
set_feature_word(struct virtio_transport *t, unsigned word, uint64_t features)
{
    reg_write(t, REG_DRIVER_FEATURES_SEL, word);
    reg_write(t, REG_DRIVER_FEATURES, (uint32_t)(features >> 32 * word));
}

static unsigned
count_feature_words(const struct virtio_transport *t)
{
    return t->legacy ? 1 : 2;
}

static uint64_t
get_features(struct virtio_transport *t)
{
    uint64_t features = 0;
    for (unsigned word = 0; word < count_feature_words(t); word++)
        features |= feature_word(t, word);
    return features;
}

static void
set_features(struct virtio_transport *t, uint64_t features)
{
    for (unsigned word = 0; word < count_feature_words(t); word++)
        set_feature_word(t, word, features);
}

/* ---- Queues ---- */

/* Selects queue `index`, and asks how large it can be. */
static unsigned
queue_max(struct virtio_transport *t, unsigned index)
{
    reg_write(t, REG_QUEUE_SEL, index);
    return reg_read(t, REG_QUEUE_NUM_MAX);
}

/* A legacy device is told the page of the descriptors, the page size and the
 * alignment, and finds the rest itself [virtio §4.2.4]. The queue is selected.
 */
static int
legacy_queue_enable(struct virtio_transport *t, unsigned size,
                    uint64_t descriptors)
{
    uint64_t page = descriptors >> PAGE_SHIFT;
    if (reg_read(t, REG_QUEUE_PFN) != 0)
        return -EBUSY;
    if (page > UINT32_MAX)
        return -EIO;
    reg_write(t, REG_GUEST_PAGE_SIZE, PAGE_SIZE);
    reg_write(t, REG_QUEUE_NUM, size);
    reg_write(t, REG_QUEUE_ALIGN, VIRTQ_ALIGN);
    reg_write(t, REG_QUEUE_PFN, (uint32_t)page);
    return reg_read(t, REG_QUEUE_PFN) == page ? 0 : -EIO;
}

static void
write_address(struct virtio_transport *t, unsigned low_reg, uint64_t address)
{
    reg_write(t, low_reg, (uint32_t)address);
    reg_write(t, low_reg + 4, (uint32_t)(address >> 32));
}

/* The steps of [virtio §4.2.3.2]. The queue is selected. */
static int
modern_queue_enable(struct virtio_transport *t, unsigned size,
                    uint64_t descriptors, uint64_t avail, uint64_t used)
{
    if (reg_read(t, REG_QUEUE_READY) != 0)
        return -EBUSY;
    reg_write(t, REG_QUEUE_NUM, size);
    write_address(t, REG_QUEUE_DESC_LOW, descriptors);
    write_address(t, REG_QUEUE_DRIVER_LOW, avail);
    write_address(t, REG_QUEUE_DEVICE_LOW, used);
    reg_write(t, REG_QUEUE_READY, 1);
    return reg_read(t, REG_QUEUE_READY) == 1 ? 0 : -EIO;
}

static int
queue_enable(struct virtio_transport *t, unsigned index, unsigned size,
             uint64_t descriptors, uint64_t avail, uint64_t used)
{
    if (size > queue_max(t, index))
        return -EIO;
    return t->legacy ? legacy_queue_enable(t, size, descriptors)
                     : modern_queue_enable(t, size, descriptors, avail, used);
}

/* "Look!" [virtio §4.2.3.3]; at what is in the rings already. */
static void
notify(struct virtio_transport *t, unsigned index)
{
    barrier_before_mmio();
    reg_write(t, REG_QUEUE_NOTIFY, index);
}

/* Acknowledges all that is set [virtio §4.2.2]. The rings are looked at after
 * that, never before. */
static uint32_t
isr_ack(struct virtio_transport *t)
{
    uint32_t reasons = reg_read(t, REG_INTERRUPT_STATUS);
    if (reasons != 0)
        reg_write(t, REG_INTERRUPT_ACK, reasons);
    barrier_after_mmio();
    return reasons & (VIRTIO_ISR_USED | VIRTIO_ISR_CONFIG);
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

/* Where a field is; NULL: not inside the registers. */
static const volatile uint8_t *
find_field(struct virtio_transport *t, unsigned offset, unsigned width)
{
    const struct mmio_device *m =
        container_of(t, struct mmio_device, transport);
    uint64_t start = REG_CONFIG + (uint64_t)offset;
    return start + width <= m->size ? m->regs + start : NULL;
}

/* Reads a field once. Returns whether it kept still meanwhile: two looks agree,
 * and so do the generations around them [virtio §2.5.1, §4.2.2.2]. */
static bool
try_field(struct virtio_transport *t, const volatile uint8_t *field,
          unsigned width, uint64_t *value)
{
    uint32_t generation = config_generation(t);
    *value = config_look(field, width);
    return config_look(field, width) == *value &&
           config_generation(t) == generation;
}

static int
config_read(struct virtio_transport *t, unsigned offset, unsigned width,
            void *to)
{
    const volatile uint8_t *field = find_field(t, offset, width);
    for (unsigned i = 0; field && i < CONFIG_TRIES; i++) {
        uint64_t value;
        if (!try_field(t, field, width, &value))
            continue;
        memcpy(to, &value, width);
        return 0;
    }
    return -EIO;
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

static bool
is_known_version(uint32_t version)
{
    return version == VERSION_LEGACY || version == VERSION_MODERN;
}

/* Is there a device with which we can talk? What comes later has no meaning
 * before [virtio §4.2.3.1.1]. */
static bool
identify(const volatile uint8_t *regs, uint64_t base)
{
    uint32_t magic = mmio_read32(regs + REG_MAGIC_VALUE);
    if (magic != MAGIC_VALUE) {
        pr_err("virtio-mmio at %#lx: magic number %#x", base, magic);
        return false;
    }
    uint32_t version = mmio_read32(regs + REG_VERSION);
    if (!is_known_version(version)) {
        pr_err("virtio-mmio at %#lx: version %u", base, version);
        return false;
    }
    return mmio_read32(regs + REG_DEVICE_ID) != 0; /* 0: an empty slot */
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
