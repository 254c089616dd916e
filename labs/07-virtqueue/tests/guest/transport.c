/* A network card, for which there is no driver here, behind the transport that
 * mmio.c makes for it; and registers that are memory, where it shows what was
 * written to each. */
// WRAP: kmap_device
#include "grade.h"
#include "abi/errno.h"
#include "arch/layout.h"
#include "dev/platform.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kmap.h"
#include "virtio/driver.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

#define SLOT_SIZE 0x200 /* of registers, whatever else the slot has */

static struct virtio_transport *card;

/* Looks into the slots from the highest on, until the card is found. */
static void
find_card(void)
{
    const struct platform *p = platform_get();
    for (unsigned i = p->nvirtio; card == NULL && i-- > 0;) {
        const struct platform_device *slot = &p->virtio[i];
        if (virtio_mmio_probe_slot(slot->regs.base, SLOT_SIZE, slot->irq))
            card = virtio_device_get(0)->transport;
    }
}

/* Are they what they say? A slot, by number; and any place by address. */
static void
probe(struct grade *g)
{
    uint32_t slot = grade_u32(g);
    const struct platform *p = platform_get();
    uint64_t base = grade_u64(g);
    if (base == 0)
        base = p->virtio[slot].regs.base;
    grade_put_u8(g, virtio_mmio_probe_slot(base, SLOT_SIZE, 1));
}

static void
describe(struct grade *g)
{
    find_card();
    grade_put_u32(g, card->device_id);
    grade_put_u32(g, card->vendor_id);
    grade_put_u8(g, card->legacy);
}

static void
status(struct grade *g)
{
    find_card();
    for (unsigned n = grade_u32(g); n > 0; n--) {
        card->ops->set_status(card, grade_u8(g));
        grade_put_u8(g, card->ops->get_status(card));
    }
    grade_put_u32(g, (uint32_t)card->ops->reset(card));
    grade_put_u8(g, card->ops->get_status(card));
}

static void
features(struct grade *g)
{
    find_card();
    uint64_t offered = card->ops->get_features(card);
    grade_put_u64(g, offered);
    grade_put_u32(g, (uint32_t)card->ops->reset(card));
    card->ops->set_status(card, VIRTIO_STATUS_ACKNOWLEDGE);
    card->ops->set_status(card, 3);
    card->ops->set_features(card, offered & grade_u64(g));
}

static void
config(struct grade *g)
{
    uint64_t value = 0;
    find_card();
    for (unsigned n = grade_u32(g); n > 0; n--) {
        uint32_t offset = grade_u32(g), width = grade_u32(g);
        value = 0;
        grade_put_u32(
            g, (uint32_t)card->ops->config_read(card, offset, width, &value));
        grade_put_u64(g, value);
    }
}

static void
maxima(struct grade *g)
{
    find_card();
    for (unsigned n = grade_u32(g); n > 0; n--)
        grade_put_u32(g, card->ops->queue_max(card, grade_u32(g)));
}

/* ---- A queue, with a command that the device answers ---- */

#define CONTROL_QUEUE 2

static uint64_t desc, avail, used;

static int
enable(unsigned index, unsigned size)
{
    size_t used_at = ALIGN_UP(16ul * size + 6 + 2ul * size, VIRTQ_ALIGN);
    desc = virt_to_phys(frame_alloc_zeroed(4));
    avail = desc + 16ul * size;
    used = desc + used_at;
    return card->ops->queue_enable(card, index, size, desc, avail, used);
}

/* Up to DRIVER_OK, with the control queue and the features of the question. */
static void
start(uint64_t wanted)
{
    find_card();
    (void)!card->ops->reset(card);
    card->ops->set_status(card, 1);
    card->ops->set_status(card, 3);
    card->ops->set_features(card, card->ops->get_features(card) & wanted);
    if (!card->legacy)
        card->ops->set_status(card, 11);
}

/* Queues: index and size of each; the addresses and what was returned. */
static void
queues(struct grade *g)
{
    start(grade_u64(g));
    for (unsigned n = grade_u32(g); n > 0; n--) {
        uint32_t index = grade_u32(g), size = grade_u32(g);
        grade_put_u32(g, (uint32_t)enable(index, size));
        grade_put_u64(g, desc);
        grade_put_u64(g, avail);
        grade_put_u64(g, used);
    }
}

/* Sends the command `times` times; each time the interrupt is asked for
 * until it is there, and once more. */
static void
command(struct grade *g)
{
    start(grade_u64(g));
    uint32_t times = grade_u32(g), size = grade_u32(g);
    grade_put_u32(g, (uint32_t)enable(CONTROL_QUEUE, size));
    card->ops->set_status(card, card->legacy ? 7 : 15);
    uint8_t *bytes = frame_alloc_zeroed(0); /* class, command, on; answer */
    bytes[2] = 1;
    struct virtq_desc *table = phys_to_virt(desc);
    table[0] = (struct virtq_desc){virt_to_phys(bytes), 2, 1, 1};
    table[1] = (struct virtq_desc){virt_to_phys(bytes + 2), 1, 1, 2};
    table[2] = (struct virtq_desc){virt_to_phys(bytes + 8), 1, 2, 0};
    volatile struct virtq_avail *ring = phys_to_virt(avail);
    volatile struct virtq_used *done = phys_to_virt(used);
    /* Behind the ring is what no device reads that knows its size. */
    for (unsigned i = 0; i < 16; i++)
        ring->ring[size + i] = 0x7777;
    for (uint32_t i = 1; i <= times; i++) {
        bytes[8] = 0xff;
        ring->ring[(i - 1) % size] = 0;
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        ring->idx = (uint16_t)i;
        card->ops->notify(card, CONTROL_QUEUE);
        for (unsigned n = 0; n < 1000000 && done->idx != (uint16_t)i; n++)
            ;
        grade_put_u16(g, done->idx);
        grade_put_u8(g, bytes[8]);
        grade_put_u32(g, card->ops->isr_ack(card));
        grade_put_u32(g, card->ops->isr_ack(card));
    }
}

/* ---- Registers that are memory ---- */

#define PLAIN_VENDOR 0x504c4149

static volatile uint32_t *plain;

void *__real_kmap_device(uint64_t pa, uint64_t size);
void *__wrap_kmap_device(uint64_t pa, uint64_t size);
void *
__wrap_kmap_device(uint64_t pa, uint64_t size)
{
    if (plain != NULL && pa == virt_to_phys((void *)plain))
        return (void *)plain;
    return __real_kmap_device(pa, size);
}

static struct virtio_transport *
find_plain(void)
{
    struct virtio_device *dev;
    for (unsigned i = 0; (dev = virtio_device_get(i)) != NULL; i++) {
        if (dev->transport->vendor_id == PLAIN_VENDOR)
            return dev->transport;
    }
    return NULL;
}

/* The version; what stands in registers, offset and value of each; then what is
 * called, with its arguments. What it returned, and all registers. */
static void
registers(struct grade *g)
{
    uint32_t version = grade_u32(g);
    struct virtio_transport *t = find_plain();
    if (t == NULL) {
        plain = frame_alloc_zeroed(0);
        plain[0] = 0x74726976;
        plain[1] = version;
        plain[2] = 1;
        plain[3] = PLAIN_VENDOR;
        (void)virtio_mmio_probe_slot(virt_to_phys((void *)plain), SLOT_SIZE, 1);
        t = find_plain();
    }
    if (t == NULL)
        return;
    t->legacy = version == 1;
    for (unsigned i = 4; i < SLOT_SIZE / 4; i++)
        plain[i] = 0;
    for (unsigned n = grade_u32(g); n > 0; n--) {
        uint32_t offset = grade_u32(g);
        plain[offset / 4] = grade_u32(g);
    }
    if (*grade_string(g) == 'i') {
        grade_put_u32(g, t->ops->isr_ack(t));
    } else {
        uint32_t index = grade_u32(g), size = grade_u32(g);
        uint64_t d = grade_u64(g), a = grade_u64(g), u = grade_u64(g);
        grade_put_u32(g,
                      (uint32_t)t->ops->queue_enable(t, index, size, d, a, u));
    }
    for (unsigned i = 0; i < 0x100 / 4; i++)
        grade_put_u32(g, plain[i]);
}

GRADE_CASES({"probe", probe}, {"describe", describe}, {"status", status},
            {"features", features}, {"config", config}, {"maxima", maxima},
            {"queues", queues}, {"command", command}, {"registers", registers});
