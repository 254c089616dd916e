#include "virtio_model_impl.h"

#include "abi/errno.h"
#include "arch/layout.h"
#include "arch/mmio.h"
#include "dev/irq.h"
#include "dev/platform.h"
#include "kernel_shim.h"
#include "mm/kmap.h"
#include "virtio/blk.h"
#include "virtio/driver.h"

#include <string.h>

#define STEP_NS   100000000ull
#define STEPS_MAX 6000

static struct model *models;
static uintptr_t next_regs = 0x10001000;
static struct irq_handler *handlers[IRQ_MAX];

/* ---- Lower layers of the kernel that lead to the model ---- */

void *
kmap_device(uint64_t pa, uint64_t size UNUSED)
{
    return (void *)(uintptr_t)pa;
}

const struct platform *
platform_get(void)
{
    static struct platform platform;
    return &platform;
}

int
irq_register(unsigned irq, struct irq_handler *handler)
{
    if (irq >= IRQ_MAX)
        return -EINVAL;
    if (handlers[irq] != NULL)
        return -EBUSY;
    handlers[irq] = handler;
    return 0;
}

static bool
legacy(const struct model *m)
{
    return m->version == 1;
}

/* ---- Running ---- */

/* The line stays up until the driver has acknowledged [virtio §4.2.2]. */
static void
interrupt(struct model *m)
{
    unsigned irq = (unsigned)(m->regs >> 12) & (IRQ_MAX - 1);
    if (m->isr == 0 || m->mute || handlers[irq] == NULL)
        return;
    m->interrupts++;
    handlers[irq]->handle(handlers[irq]->arg);
}

bool
model_run(struct model *m)
{
    bool busy = false;
    if (!(m->status & VIRTIO_STATUS_DRIVER_OK))
        return false;
    for (unsigned i = 0; i < MODEL_QUEUES; i++) {
        struct model_queue *q = &m->queues[i];
        if (q->num == 0 || q->device == 0)
            continue;
        if (q->notified || (m->no_notify && !m->deaf))
            model_take(m, q);
        while (!m->asleep && q->nchains > 0) {
            model_complete(m, q);
            busy = true;
        }
    }
    interrupt(m);
    return busy;
}

void
model_run_all(bool wait)
{
    static unsigned steps;
    bool ever = false, busy;
    do {
        busy = false;
        for (struct model *m = models; m != NULL; m = m->next)
            busy |= model_run(m);
        ever |= busy;
    } while (busy);
    if (ever)
        steps = 0;
    else if (wait) {
        require(++steps < STEPS_MAX, "nothing has happened for ten minutes");
        shim_run_timers(shim_now + STEP_NS);
    }
}

/* ---- What devices do with a chain ---- */

static void
echo(struct model *m UNUSED, const struct model_chain *c, uint32_t *len)
{
    unsigned from = 0, to = 0;
    uint32_t from_at = 0, to_at = 0;
    while (to < c->nsegments && !c->segments[to].write)
        to++;
    for (unsigned first_write = to; from < first_write && to < c->nsegments;) {
        const struct model_segment *f = &c->segments[from];
        const struct model_segment *t = &c->segments[to];
        uint32_t n = MIN(f->len - from_at, t->len - to_at);
        memcpy(t->base + to_at, f->base + from_at, n);
        *len += n;
        if ((from_at += n) == f->len) {
            from++;
            from_at = 0;
        }
        if ((to_at += n) == t->len) {
            to++;
            to_at = 0;
        }
    }
}

uint8_t
model_disk_byte(size_t offset)
{
    return (uint8_t)(offset / 512 * 7 + offset % 512 * 3 + (offset >> 17));
}

static void
check_segments(const struct model *m, const struct model_chain *c)
{
    uint32_t size_max, seg_max;
    memcpy(&size_max, m->config + 8, 4);
    memcpy(&seg_max, m->config + 12, 4);
    require(c->nsegments >= 2, "a request of %u segments", c->nsegments);
    require(c->segments[0].len == 16 && !c->segments[0].write, "no header");
    require(c->segments[c->nsegments - 1].len == 1 &&
                c->segments[c->nsegments - 1].write,
            "no status byte");
    if (model_has(m, VIRTIO_BLK_F_SEG_MAX))
        require(c->nsegments - 2 <= seg_max, "%u segments", c->nsegments - 2);
    for (unsigned i = 1; i + 1 < c->nsegments; i++)
        if (model_has(m, VIRTIO_BLK_F_SIZE_MAX))
            require(c->segments[i].len <= size_max, "segment of %u bytes",
                    c->segments[i].len);
}

static uint8_t
move_data(struct model *m, const struct model_chain *c, uint64_t sector,
          bool to_disk)
{
    size_t at = sector * 512;
    for (unsigned i = 1; i + 1 < c->nsegments; i++) {
        const struct model_segment *s = &c->segments[i];
        require(s->write == !to_disk, "data in the wrong direction");
        if (at + s->len > m->disk_size)
            return VIRTIO_BLK_S_IOERR;
        if (to_disk)
            memcpy(m->disk + at, s->base, s->len);
        else
            memcpy(s->base, m->disk + at, s->len);
        at += s->len;
    }
    return VIRTIO_BLK_S_OK;
}

static void
serve_disk(struct model *m, const struct model_chain *c, uint32_t *len)
{
    struct virtio_blk_header header;
    uint8_t status = m->blk_answer;
    check_segments(m, c);
    memcpy(&header, c->segments[0].base, sizeof(header));
    require(header.reserved == 0, "reserved is %u", header.reserved);

    if (status != VIRTIO_BLK_S_OK) {
        /* says no to everything */
    } else if (header.type == VIRTIO_BLK_T_IN) {
        status = move_data(m, c, header.sector, false);
    } else if (header.type == VIRTIO_BLK_T_OUT) {
        require(!model_has(m, VIRTIO_BLK_F_RO), "a write to a read-only disk");
        status = move_data(m, c, header.sector, true);
    } else if (header.type == VIRTIO_BLK_T_FLUSH) {
        require(model_has(m, VIRTIO_BLK_F_FLUSH),
                "a flush without the feature");
        require(header.sector == 0 && c->nsegments == 2, "a strange flush");
        m->flushes++;
    } else if (header.type == VIRTIO_BLK_T_GET_ID && m->blk_knows_id) {
        require(c->segments[1].len == 20, "an id of %u", c->segments[1].len);
        strncpy((char *)c->segments[1].base, "model-0123", 20);
    } else {
        status = VIRTIO_BLK_S_UNSUPP;
    }
    c->segments[c->nsegments - 1].base[0] = status;
    *len = c->writable;
}

/* ---- Registers [virtio §4.2.2, §4.2.4] ---- */

static void
do_reset(struct model *m)
{
    for (unsigned i = 0; i < MODEL_QUEUES; i++) {
        struct model_queue *q = &m->queues[i];
        while (q->nchains > 0)
            test_free(q->chains[--q->nchains]);
        *q = (struct model_queue){.max = q->max};
    }
    m->status = 0;
    m->accepted = 0;
    m->isr = 0;
    m->page_size = 0;
    m->resets++;
}

static void
write_status(struct model *m, uint8_t value)
{
    if (value == 0) {
        if (!m->refuses_reset)
            do_reset(m);
        return;
    }
    require((m->status & ~value & ~VIRTIO_STATUS_NEEDS_RESET) == 0,
            "status bits are cleared: %#x becomes %#x", m->status, value);
    if (value & ~m->status & VIRTIO_STATUS_FEATURES_OK) {
        require(!legacy(m), "FEATURES_OK for a legacy device");
        require((m->accepted & ~m->offered) == 0, "features not offered");
        if (m->refuses_features)
            value &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
    }
    if (value & ~m->status & VIRTIO_STATUS_DRIVER_OK)
        require(legacy(m) || (m->status & VIRTIO_STATUS_FEATURES_OK),
                "DRIVER_OK without FEATURES_OK");
    m->status = value;
}

/* Finds the rings of a legacy queue [virtio §2.7.2]. */
static void
write_pfn(struct model *m, struct model_queue *q, uint32_t pfn)
{
    require(m->page_size == PAGE_SIZE, "page size is %u", m->page_size);
    require(q->num != 0 && q->align != 0, "QueueNum and QueueAlign come first");
    if (m->refuses_queues)
        return;
    uint64_t align = q->align;
    q->pfn = pfn;
    q->desc = (uint64_t)pfn * m->page_size;
    q->driver = q->desc + 16 * q->num;
    q->device = (q->driver + 6 + 2 * q->num + align - 1) / align * align;
}

static void
write_ready(struct model *m, struct model_queue *q)
{
    require(q->desc % 16 == 0 && q->driver % 2 == 0 && q->device % 4 == 0,
            "rings are not aligned [virtio §2.7]");
    require(m->status & VIRTIO_STATUS_FEATURES_OK, "a queue too early");
    q->ready = !m->refuses_queues;
}

static void
write_notify(struct model *m, uint32_t index)
{
    require(index < MODEL_QUEUES, "notified queue %u", index);
    require(m->status & VIRTIO_STATUS_DRIVER_OK,
            "notified before DRIVER_OK [virtio §3.1.1]");
    m->notifications++;
    if (!m->deaf)
        m->queues[index].notified = true;
}

static uint32_t
read_register(struct model *m, unsigned reg)
{
    struct model_queue *q = &m->queues[m->queue_sel % MODEL_QUEUES];
    require(m->device_id != 0 || reg <= 8, "register %#x of no device", reg);
    switch (reg) {
    case 0x000:
        return m->magic;
    case 0x004:
        return m->version;
    case 0x008:
        return m->device_id;
    case 0x00c:
        return 0x4d4f444c;
    case 0x010:
        require(m->device_sel_set, "DeviceFeatures without a selector");
        return m->device_sel == 0   ? (uint32_t)m->offered
               : m->device_sel == 1 ? (uint32_t)(m->offered >> 32)
                                    : 0;
    case 0x034:
        return m->queue_sel < MODEL_QUEUES ? q->max : 0;
    case 0x040:
        require(legacy(m), "QueuePFN of a modern device");
        return q->pfn;
    case 0x044:
        require(!legacy(m), "QueueReady of a legacy device");
        return q->ready;
    case 0x060:
        return m->isr;
    case 0x070:
        return m->status;
    case 0x0fc:
        require(!legacy(m), "ConfigGeneration of a legacy device");
        return m->generation;
    default:
        fail_msg("reads register %#x", reg);
        return 0;
    }
}

static void
write_features(struct model *m, uint32_t value)
{
    require(m->driver_sel_set, "DriverFeatures without a selector");
    require(!(m->status & VIRTIO_STATUS_FEATURES_OK), "features too late");
    uint64_t half = 0xffffffffull << (32 * m->driver_sel);
    m->accepted = (m->accepted & ~half) | (uint64_t)value
                                              << (32 * m->driver_sel);
}

static void
write_half(uint64_t *address, bool high, uint32_t value)
{
    *address = high ? (*address & 0xffffffff) | (uint64_t)value << 32
                    : (*address & ~0xffffffffull) | value;
}

static void
write_queue_register(struct model *m, struct model_queue *q, unsigned reg,
                     uint32_t value)
{
    require(!q->ready || reg == 0x044, "register %#x of a queue in use", reg);
    switch (reg) {
    case 0x038:
        require(value <= q->max && value > 0 && !(value & (value - 1)),
                "queue of %u, the most is %u", value, q->max);
        q->num = value;
        return;
    case 0x03c:
        require(legacy(m), "QueueAlign of a modern device");
        q->align = value;
        return;
    case 0x040:
        require(legacy(m), "QueuePFN of a modern device");
        write_pfn(m, q, value);
        return;
    default:
        require(!legacy(m), "register %#x of a legacy device", reg);
        if (reg == 0x044)
            write_ready(m, q);
        else if (reg / 16 == 8)
            write_half(&q->desc, reg & 4, value);
        else if (reg / 16 == 9)
            write_half(&q->driver, reg & 4, value);
        else if (reg / 16 == 10)
            write_half(&q->device, reg & 4, value);
    }
}

static void
write_register(struct model *m, unsigned reg, uint32_t value)
{
    switch (reg) {
    case 0x014:
        m->device_sel = value;
        m->device_sel_set = true;
        return;
    case 0x020:
        write_features(m, value);
        return;
    case 0x024:
        require(value < 2, "DriverFeaturesSel %u", value);
        m->driver_sel = value;
        m->driver_sel_set = true;
        return;
    case 0x028:
        require(legacy(m), "GuestPageSize of a modern device");
        m->page_size = value;
        return;
    case 0x030:
        m->queue_sel = value;
        return;
    case 0x050:
        write_notify(m, value);
        return;
    case 0x064:
        require((value & ~3u) == 0, "acknowledges %#x", value);
        m->isr &= ~value;
        return;
    case 0x070:
        write_status(m, (uint8_t)value);
        return;
    default:
        require(m->queue_sel < MODEL_QUEUES, "queue %u", m->queue_sel);
        write_queue_register(m, &m->queues[m->queue_sel], reg, value);
    }
}

/* With churn, both halves of the first 8 bytes change before each read. */
static uint32_t
read_config(struct model *m, unsigned offset, unsigned width)
{
    uint32_t value = 0;
    require(offset % width == 0, "config field at %u, of %u", offset, width);
    require(offset + width <= m->config_size, "config offset %u", offset);
    if (m->config_churn > 0) {
        uint32_t half;
        m->config_churn--;
        m->generation += !legacy(m);
        memcpy(&half, m->config, sizeof(half));
        model_config32(m, 0, half + 1);
        model_config32(m, 4, half + 1);
    }
    memcpy(&value, m->config + offset, width);
    return value;
}

static struct model *
find(const volatile void *reg, unsigned *offset)
{
    uintptr_t address = (uintptr_t)reg;
    for (struct model *m = models; m != NULL; m = m->next)
        if (address - m->regs < 0x1000) {
            *offset = (unsigned)(address - m->regs);
            return m;
        }
    fail_msg("no device has a register at %p", (void *)(uintptr_t)address);
    return NULL;
}

uint8_t
mmio_read8(const volatile void *reg)
{
    unsigned offset;
    struct model *m = find(reg, &offset);
    require(offset >= 0x100, "reads 8 bits of register %#x", offset);
    return (uint8_t)read_config(m, offset - 0x100, 1);
}

uint16_t
mmio_read16(const volatile void *reg)
{
    unsigned offset;
    struct model *m = find(reg, &offset);
    require(offset >= 0x100, "reads 16 bits of register %#x", offset);
    return (uint16_t)read_config(m, offset - 0x100, 2);
}

uint32_t
mmio_read32(const volatile void *reg)
{
    unsigned offset;
    struct model *m = find(reg, &offset);
    return offset < 0x100 ? read_register(m, offset)
                          : read_config(m, offset - 0x100, 4);
}

void
mmio_write8(volatile void *reg, uint8_t value UNUSED)
{
    fail_msg("writes 8 bits at %p", (void *)(uintptr_t)reg);
}

void
mmio_write32(volatile void *reg, uint32_t value)
{
    unsigned offset;
    struct model *m = find(reg, &offset);
    require(offset < 0x100, "writes the configuration");
    write_register(m, offset, value);
}

/* ---- Making them ---- */

struct model *
model_new(uint32_t version, uint32_t device_id, uint64_t features)
{
    struct model *m = test_calloc(1, sizeof(*m));
    m->magic = 0x74726976;
    m->version = version;
    m->device_id = device_id;
    m->offered = features | (version == 2 ? VIRTIO_F_VERSION_1 : 0);
    m->config_size = sizeof(m->config);
    m->serve = echo;
    m->queues[0].max = 64;
    m->regs = next_regs;
    next_regs += 0x1000;
    m->next = models;
    models = m;
    handlers[(m->regs >> 12) & (IRQ_MAX - 1)] = NULL;
    return m;
}

void
model_make_disk(struct model *m, size_t size)
{
    m->serve = serve_disk;
    m->blk_knows_id = true;
    m->disk_size = size;
    m->disk = test_malloc(size);
    for (size_t i = 0; i < size; i++)
        m->disk[i] = model_disk_byte(i);
    model_config64(m, 0, size / 512);
}

bool
model_probe(struct model *m)
{
    unsigned irq = (unsigned)(m->regs >> 12) & (IRQ_MAX - 1);
    return virtio_mmio_probe_slot(m->regs, 0x100 + m->config_size, irq);
}

void
model_free_all(void)
{
    struct model *m;
    while ((m = models) != NULL) {
        models = m->next;
        do_reset(m);
        test_free(m->disk);
        test_free(m);
    }
}

void
model_change_config(struct model *m)
{
    m->isr |= VIRTIO_ISR_CONFIG;
    m->generation++;
    interrupt(m);
}

void
model_config16(struct model *m, unsigned offset, uint16_t value)
{
    memcpy(m->config + offset, &value, sizeof(value));
}

void
model_config32(struct model *m, unsigned offset, uint32_t value)
{
    memcpy(m->config + offset, &value, sizeof(value));
}

void
model_config64(struct model *m, unsigned offset, uint64_t value)
{
    memcpy(m->config + offset, &value, sizeof(value));
}
