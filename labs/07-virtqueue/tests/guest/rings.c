/* A device that the test plays: a transport of its own, and rings that are read
 * and written as [virtio §2.7] lays them out. A case is a script of one-letter
 * operations; each puts its results into the answer. tests/_rings.py writes the
 * scripts and reads the answers. */
#include "grade.h"
#include "abi/errno.h"
#include "arch/layout.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "virtio/driver.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

#define HEADS_MAX 512
#define WALK_MAX  300
#define BUFS_MAX  64

static struct {
    struct virtio_transport t;
    struct virtq vq;
    unsigned max;    /* what queue_max says */
    int enable_says; /* what queue_enable returns */
    unsigned enabled, notified, last_notified;
    uint64_t size, desc, avail, used;
    uint16_t taken;            /* entries of the available ring */
    uint16_t given;            /* entries of the used ring */
    uint16_t heads[HEADS_MAX]; /* of the chains taken */
    unsigned nheads;
} d;

static uint8_t *
at(uint64_t pa)
{
    return phys_to_virt(pa);
}

static uint16_t
load16(uint64_t pa)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return *(volatile uint16_t *)at(pa);
}

static void
store16(uint64_t pa, uint16_t value)
{
    *(volatile uint16_t *)at(pa) = value;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* ---- The transport ---- */

static unsigned
queue_max(struct virtio_transport *t UNUSED, unsigned index UNUSED)
{
    return d.max;
}

static int
queue_enable(struct virtio_transport *t UNUSED, unsigned index UNUSED,
             unsigned size, uint64_t desc, uint64_t avail, uint64_t used)
{
    d.enabled++;
    d.size = size;
    d.desc = desc;
    d.avail = avail;
    d.used = used;
    d.taken = d.given = 0;
    d.nheads = 0;
    return d.enable_says;
}

static void
notify(struct virtio_transport *t UNUSED, unsigned index)
{
    d.notified++;
    d.last_notified = index;
}

static const struct virtio_transport_ops ops = {
    .queue_max = queue_max,
    .queue_enable = queue_enable,
    .notify = notify,
};

/* ---- The driver's operations ---- */

#define TRACES 8u

/* Leaves what is no zero in memory that kmalloc gives next: who looks behind
 * the end of slots[] finds there what could be a token. */
static void
leave_traces(unsigned slots)
{
    size_t size = 1ul << bit_log2_ceil64(slots * sizeof(struct virtq_slot));
    void *blocks[TRACES];
    for (unsigned i = 0; i < TRACES; i++) {
        blocks[i] = kmalloc(size);
        if (blocks[i] != NULL)
            memset(blocks[i], 0x5a, size);
    }
    for (unsigned i = 0; i < TRACES; i++)
        kfree(blocks[i]);
}

/* i: max, wanted, chain_max, features, legacy, index, enable_says */
static void
op_init(struct grade *g)
{
    memset(&d, 0, sizeof(d));
    d.max = grade_u32(g);
    unsigned wanted = grade_u32(g), chain_max = grade_u32(g);
    uint64_t features = grade_u64(g);
    d.t = (struct virtio_transport){
        .ops = &ops, .bus = "test", .device_id = 4, .name = "virtio7"};
    d.t.legacy = grade_u8(g) != 0;
    unsigned index = grade_u32(g);
    d.enable_says = (int)grade_u32(g);
    leave_traces(MIN(d.max, wanted));
    grade_put_u32(g, (uint32_t)virtq_init(&d.vq, &d.t, index, wanted, chain_max,
                                          features));
    grade_put_u32(g, d.vq.size);
    grade_put_u32(g, d.vq.chain_max);
    grade_put_u32(g, d.enabled);
    grade_put_u64(g, d.size);
    grade_put_u64(g, d.desc);
    grade_put_u64(g, d.avail);
    grade_put_u64(g, d.used);
}

/* a: token, nout, nin, a length for each; the addresses come back */
static void
op_add(struct grade *g)
{
    static uint8_t room[BUFS_MAX][64] ALIGNED(64);
    struct virtq_buf bufs[BUFS_MAX];
    void *token = (void *)grade_u64(g);
    unsigned nout = grade_u32(g), nin = grade_u32(g);
    for (unsigned i = 0; i < nout + nin; i++) {
        bufs[i].base = room[(i * 7 + nout) % BUFS_MAX];
        bufs[i].len = grade_u32(g);
    }
    spin_lock(&d.vq.lock);
    int err = virtq_add(&d.vq, bufs, nout, nin, token);
    spin_unlock(&d.vq.lock);
    grade_put_u32(g, (uint32_t)err);
    for (unsigned i = 0; i < nout + nin; i++)
        grade_put_u64(g, virt_to_phys(bufs[i].base));
}

static void
op_pop(struct grade *g)
{
    void *token = NULL;
    uint32_t len = 0;
    spin_lock(&d.vq.lock);
    int err = virtq_pop_used(&d.vq, &token, &len);
    spin_unlock(&d.vq.lock);
    grade_put_u32(g, (uint32_t)err);
    grade_put_u64(g, (uint64_t)token);
    grade_put_u32(g, len);
}

/* Those that return whether. */
static void
op_ask(struct grade *g, char what)
{
    bool answer = false;
    spin_lock(&d.vq.lock);
    if (what == 'e')
        answer = virtq_end_batch(&d.vq);
    else if (what == '+')
        answer = virtq_enable_irq(&d.vq);
    else if (what == '-')
        virtq_disable_irq(&d.vq);
    else
        answer = virtq_has_used(&d.vq);
    spin_unlock(&d.vq.lock);
    grade_put_u8(g, answer);
}

static void
op_reclaim(struct grade *g)
{
    spin_lock(&d.vq.lock);
    grade_put_u64(g, (uint64_t)virtq_reclaim(&d.vq));
    spin_unlock(&d.vq.lock);
}

static void
op_restart(struct grade *g)
{
    spin_lock(&d.vq.lock);
    grade_put_u32(g, (uint32_t)virtq_restart(&d.vq));
    spin_unlock(&d.vq.lock);
    grade_put_u32(g, d.enabled);
}

static void
op_notify(struct grade *g)
{
    virtq_notify(&d.vq);
    grade_put_u32(g, d.notified);
    grade_put_u32(g, d.last_notified);
}

/* What lsdev shows. */
static void
op_counts(struct grade *g)
{
    grade_put_u64(g, d.vq.added);
    grade_put_u64(g, d.vq.notified);
    grade_put_u64(g, d.vq.batches);
}

/* ---- The device's operations ---- */

/* t: takes what is new in the available ring; how many, and their heads */
static void
op_take(struct grade *g)
{
    uint16_t idx = load16(d.avail + 2), n = (uint16_t)(idx - d.taken);
    grade_put_u16(g, idx);
    for (unsigned i = 0; i < n && i < d.size; i++, d.taken++) {
        uint16_t head = load16(d.avail + 4 + 2 * (d.taken & (d.size - 1)));
        d.heads[d.nheads++ % HEADS_MAX] = head;
        grade_put_u16(g, head);
    }
    d.taken = idx;
}

static void
put_descriptor(struct grade *g, uint64_t pa, struct virtq_desc *desc)
{
    memcpy(desc, at(pa), sizeof(*desc));
    grade_put_bytes(g, desc, sizeof(*desc));
}

/* w: the descriptors of the k-th chain taken, in its order; behind one that is
 * indirect come those of its table */
static void
op_walk(struct grade *g)
{
    uint16_t i = d.heads[grade_u32(g) % HEADS_MAX];
    uint64_t table = d.desc, room = d.size;
    struct virtq_desc desc = {.flags = VIRTQ_DESC_F_NEXT, .next = i};
    for (unsigned n = 0; n < WALK_MAX; n++) {
        if (!(desc.flags & VIRTQ_DESC_F_INDIRECT)) {
            if (!(desc.flags & VIRTQ_DESC_F_NEXT))
                break;
            i = desc.next;
        } else {
            if (table != d.desc)
                break;
            table = desc.addr;
            room = desc.len / sizeof(desc);
            i = 0;
        }
        if (i >= room)
            break;
        put_descriptor(g, table + i * sizeof(desc), &desc);
    }
    grade_put_bytes(g, "", 0);
}

/* u: puts the k-th chain taken into the used ring, with a length; the index
 * moves by `step` */
static void
op_use(struct grade *g)
{
    uint32_t k = grade_u32(g), len = grade_u32(g), step = grade_u32(g);
    uint32_t id = k < HEADS_MAX ? d.heads[k] : k - HEADS_MAX;
    uint64_t elem = d.used + 4 + 8 * (d.given & (d.size - 1));
    memcpy(at(elem), &id, sizeof(id));
    memcpy(at(elem + 4), &len, sizeof(len));
    d.given = (uint16_t)(d.given + step);
    store16(d.used + 2, d.given);
}

/* s: stores 16 bits at an offset in an area; l: loads them */
static uint64_t
area(struct grade *g)
{
    uint8_t which = grade_u8(g);
    uint32_t offset = grade_u32(g);
    uint64_t base = which == 'd' ? d.desc : which == 'a' ? d.avail : d.used;
    return base + offset;
}

static void
op_store(struct grade *g)
{
    uint64_t pa = area(g);
    store16(pa, grade_u16(g));
}

/* x: fills all that the device can write to with a byte */
static void
op_scribble(struct grade *g)
{
    uint8_t byte = grade_u8(g);
    memset(at(d.desc), byte, d.size * sizeof(struct virtq_desc));
    memset(at(d.avail), byte, 4 + 2 * (d.size + 1));
}

static void
op_frames(struct grade *g)
{
    grade_put_u64(g, frame_count_free());
}

static void
op_destroy(struct grade *g UNUSED)
{
    virtq_destroy(&d.vq);
}

/* W: rounds of a chain that goes there and back, tokens counted on from one;
 * how many came back as they were sent, and the available index at the end */
static void
op_rounds(struct grade *g)
{
    static uint8_t byte[64];
    uint32_t rounds = grade_u32(g), good = 0;
    uint64_t first = grade_u64(g);
    struct virtq_buf buf = {byte, 1};
    for (uint64_t i = 0; i < rounds; i++) {
        void *token = NULL;
        uint32_t len = 0;
        spin_lock(&d.vq.lock);
        int err = virtq_add(&d.vq, &buf, 0, 1, (void *)(first + i));
        uint64_t entry = d.avail + 4 + 2 * (d.taken++ & (d.size - 1));
        struct virtq_used_elem e = {load16(entry), 1};
        store16(entry, 0xffff); /* to be written anew when it is its turn */
        memcpy(at(d.used + 4 + 8 * (d.given++ & (d.size - 1))), &e, sizeof(e));
        store16(d.used + 2, d.given);
        if (err == 0)
            err = virtq_pop_used(&d.vq, &token, &len);
        spin_unlock(&d.vq.lock);
        good += err == 0 && token == (void *)(first + i) && len == 1;
    }
    grade_put_u32(g, good);
    grade_put_u16(g, load16(d.avail + 2));
}

/* ---- Scripts ---- */

static void
run_one(struct grade *g, char op)
{
    switch (op) {
    case 'i':
        op_init(g);
        break;
    case 'a':
        op_add(g);
        break;
    case 'p':
        op_pop(g);
        break;
    case 'e':
    case '+':
    case '-':
    case 'h':
        op_ask(g, op);
        break;
    case 'r':
        op_reclaim(g);
        break;
    case 'R':
        op_restart(g);
        break;
    case 'n':
        op_notify(g);
        break;
    case '#':
        op_counts(g);
        break;
    case 't':
        op_take(g);
        break;
    case 'w':
        op_walk(g);
        break;
    case 'u':
        op_use(g);
        break;
    case 's':
        op_store(g);
        break;
    case 'l':
        grade_put_u16(g, load16(area(g)));
        break;
    case 'W':
        op_rounds(g);
        break;
    case 'x':
        op_scribble(g);
        break;
    case 'f':
        op_frames(g);
        break;
    case 'D':
        op_destroy(g);
        break;
    }
}

static void
script(struct grade *g)
{
    for (const char *op = grade_string(g); *op != '\0'; op++)
        run_one(g, *op);
}

GRADE_CASES({"script", script});
