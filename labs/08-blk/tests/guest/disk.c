// WRAP: virtq_disable_irq virtq_enable_irq
/* A disk that the test plays (device.h), and requests to it. A case is a script
 * of one-letter operations; each puts its results into the answer.
 * tests/_disk.py writes the scripts and reads the answers. */
#include "device.h"
#include "grade.h"
#include "lib/print.h"
#include "mm/slab.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

#define PATIENCE 1000000000ull /* ns that a disk may take to come up */

/* ---- What happens by itself ---- */

static void
interrupt(void)
{
    bool on = cpu_irq_save();
    d->dev.driver->irq(&d->dev);
    cpu_irq_restore(on);
}

/* Requests for the serial number are all there is while a disk comes up. */
static void
serve(struct timer *timer UNUSED)
{
    struct chain *chain;
    bool wanted = false;
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++) {
        while ((chain = take(&d->queues[i])) != NULL)
            answer(chain,
                   d->knows_serial ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_UNSUPP,
                   LEN_TRUE, d->serial, d->knows_serial ? 20 : 0);
        wanted |= is_wanted(&d->queues[i]);
    }
    if (wanted)
        interrupt();
}

static void
give_up_waiting(struct timer *timer UNUSED)
{
    if (d->nchains == 0)
        panic("grade: the disk waits for its serial number, but the device "
              "was given no request, or not told of it");
    panic("grade: the disk waits for its serial number, though the device "
          "has answered");
}

void __wrap_virtq_disable_irq(struct virtq *vq);
void __real_virtq_disable_irq(struct virtq *vq);
bool __wrap_virtq_enable_irq(struct virtq *vq);
bool __real_virtq_enable_irq(struct virtq *vq);

void
__wrap_virtq_disable_irq(struct virtq *vq)
{
    if (vq->transport == &d->t)
        d->queues[vq->index].off = true;
    __real_virtq_disable_irq(vq);
}

/* The device is done with one more at the worst of all moments: when the ring
 * has been seen empty, and interrupts are not yet asked for. */
bool
__wrap_virtq_enable_irq(struct virtq *vq)
{
    if (vq->transport == &d->t && d->late != NULL) {
        d->late_saw_off = d->queues[vq->index].off;
        answer(&chains[d->late_chain], 0, LEN_TRUE, d->late, d->late_len);
        d->late = NULL;
    }
    return __real_virtq_enable_irq(vq);
}

static void
io_done(struct blkreq *req)
{
    struct io *io = req->context;
    io->done++;
    io->order = ++d->orders;
    io->resets = d->resets;
    io->bells = 0;
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++)
        io->bells += d->queues[i].bells;
    io->held |= holds_locks();
}

/* ---- Operations: a disk ---- */

static struct blk *
blk(void)
{
    return d->dev.driver_data;
}

/* A disk that is no longer played is left alone, with all that it has. */
static void
leave(void)
{
    for (unsigned i = 0; d != NULL && i < d->dev.nqueues; i++)
        timer_cancel(&blk()->queues[i].watchdog);
    memset(ios, 0, sizeof(ios));
    d = NULL;
}

/* n: legacy, offered, config, max; up to the configuration and the queues */
static void
op_new(struct grade *g)
{
    size_t n;
    leave();
    d = kzalloc(sizeof(*d));
    struct virtio_device *dev = &d->dev;
    d->t = (struct virtio_transport){
        .ops = &ops, .bus = "test", .device_id = 2, .name = "virtio7"};
    d->t.legacy = grade_u8(g) != 0;
    d->offered = grade_u64(g);
    const uint8_t *config = grade_bytes(g, &n);
    memcpy(d->config, config, MIN(n, sizeof(d->config)));
    unsigned max = grade_u32(g);
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++)
        d->queues[i].max = max;
    timer_init(&d->server, serve);
    timer_init(&d->limit, give_up_waiting);

    dev->transport = &d->t;
    dev->driver = &virtio_blk_driver;
    dev->driver_data = kzalloc(dev->driver->data_size);
    int err = virtio_negotiate(dev) ?: dev->driver->probe(dev);
    grade_put_u32(g, (uint32_t)err);
    grade_put_u32(g, dev->nqueues);
    grade_put_u64(g, blk()->disk.sectors);
    grade_put_u32(g, blk()->disk.block_size);
    grade_put_u32(g, blk()->disk.max_vec);
    grade_put_u64(g, blk()->disk.max_bytes);
    if (err != 0) {
        (void)!virtio_give_up(dev);
        while (dev->nqueues > 0)
            virtq_destroy(dev->queues[--dev->nqueues]);
        dev->driver->remove(dev);
        return;
    }
    virtio_driver_ok(dev);
}

/* S: serial number, or nothing; the disk is made known */
static void
op_start(struct grade *g)
{
    size_t n;
    const uint8_t *serial = grade_bytes(g, &n);
    memcpy(d->serial, serial, MIN(n, sizeof(d->serial)));
    d->knows_serial = n > 0;
    d->awake = true;
    timer_set(&d->limit, clock_now_ns() + PATIENCE);
    d->dev.driver->start(&d->dev);
    timer_cancel(&d->limit);
    d->awake = false;
    grade_put_bytes(g, blk()->disk.serial, sizeof(blk()->disk.serial));
}

/* x: what the device and the disk are like now */
static void
op_state(struct grade *g)
{
    uint32_t bells = 0, held = 0;
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++) {
        bells += d->queues[i].bells;
        held += d->queues[i].held;
    }
    grade_put_u8(g, d->status);
    grade_put_u32(g, d->resets);
    grade_put_u64(g, d->accepted);
    grade_put_u32(g, d->early);
    grade_put_u32(g, bells);
    grade_put_u32(g, held);
    grade_put_u64(g, READ_ONCE(blk()->disk.sectors));
    grade_put_u64(g, READ_ONCE(blk()->disk.errors));
}

/* N: name of disk number so and so */
static void
op_name(struct grade *g)
{
    char name[16];
    blk_format_name(grade_u32(g), name, sizeof(name));
    grade_put_string(g, name);
}

/* ---- Operations: requests ---- */

/* s: op, sector, lengths of the vectors, what is in them at first */
static void
op_submit(struct grade *g)
{
    size_t n;
    struct io *io = &ios[d->nios++];
    if (d->nios > IOS_MAX)
        panic("grade: too many requests");
    io->req = (struct blkreq){.vec = io->vec, .done = io_done, .context = io};
    io->req.op = grade_u8(g);
    io->req.sector = grade_u64(g);
    io->req.nvec = grade_u32(g);
    io->req.status = 1;
    for (unsigned i = 0; i < io->req.nvec; i++) {
        io->vec[i].len = grade_u32(g);
        io->len += io->vec[i].len;
    }
    const uint8_t *content = grade_bytes(g, &n);
    io->data = kmalloc(io->len + 1);
    for (size_t i = 0; i < io->len; i++)
        io->data[i] = n > 0 ? content[i % n] : 0xdd;
    /* The last vector lies lowest in memory. */
    size_t end = io->len;
    for (unsigned i = 0; i < io->req.nvec; i++)
        io->vec[i].base = io->data + (end -= io->vec[i].len);
    blockdev_submit(&blk()->disk, &io->req);
}

static void
op_kick(struct grade *g UNUSED)
{
    blockdev_kick(&blk()->disk);
}

/* r: what became of the k-th request */
static void
op_result(struct grade *g)
{
    const struct io *io = &ios[grade_u32(g)];
    grade_put_u32(g, io->done);
    grade_put_u32(g, (uint32_t)io->req.status);
    grade_put_u32(g, io->order);
    grade_put_u32(g, io->resets);
    grade_put_u32(g, io->bells);
    grade_put_u8(g, io->held);
    grade_put_u32(g, io->req.nvec);
    for (unsigned i = 0; i < io->req.nvec; i++)
        grade_put_bytes(g, io->vec[i].base, io->vec[i].len);
}

/* ---- Operations: the device ---- */

/* t: takes what is new in all queues; for each chain its descriptors, and up
 * to `most` of the bytes that the device reads */
static void
op_take(struct grade *g)
{
    static struct virtq_desc descs[PIECES_MAX];
    static uint8_t bytes[64 << 10];
    size_t most = MIN((size_t)grade_u32(g), sizeof(bytes));
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++) {
        struct chain *chain;
        while ((chain = take(&d->queues[i])) != NULL) {
            unsigned count = walk(chain, descs);
            size_t len = 0;
            for (unsigned k = 0; k < count; k++) {
                size_t n = MIN((size_t)descs[k].len, most - len);
                if (descs[k].flags & VIRTQ_DESC_F_WRITE)
                    continue;
                memcpy(bytes + len, at(descs[k].addr), n);
                len += n;
            }
            grade_put_bytes(g, descs, count * sizeof(descs[0]));
            grade_put_bytes(g, bytes, len);
            grade_put_u32(g, i);
        }
    }
    grade_put_bytes(g, "", 0);
}

/* a: the k-th chain taken; status, length, content */
static void
op_answer(struct grade *g)
{
    size_t n;
    const struct chain *chain = &chains[grade_u32(g)];
    uint32_t status = grade_u32(g), len = grade_u32(g);
    const uint8_t *content = grade_bytes(g, &n);
    answer(chain, status, len, content, n);
}

/* L: the same with status OK, when interrupts are asked for next */
static void
op_late(struct grade *g)
{
    d->late_chain = grade_u32(g);
    d->late = grade_bytes(g, &d->late_len);
}

/* u: an entry of the used ring, whatever is in it */
static void
op_use(struct grade *g)
{
    uint32_t k = grade_u32(g), id = grade_u32(g), len = grade_u32(g);
    bool is_chain = k < CHAINS_MAX;
    use(is_chain ? chains[k].queue : &d->queues[0],
        is_chain ? chains[k].head : id, len, grade_u32(g));
}

static void
op_interrupt(struct grade *g)
{
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++)
        d->queues[i].off = false;
    interrupt();
    grade_put_u8(g, d->late_saw_off);
}

/* ?: would the device interrupt for what it has used since it was asked last */
static void
op_wanted(struct grade *g)
{
    bool wanted = false;
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++)
        if (d->queues[i].size > 0)
            wanted |= is_wanted(&d->queues[i]);
    grade_put_u8(g, wanted);
}

/* C: bytes of the configuration; F: what the device is like from now on */
static void
op_config(struct grade *g)
{
    size_t n;
    uint32_t offset = grade_u32(g);
    const uint8_t *bytes = grade_bytes(g, &n);
    memcpy(d->config + offset, bytes, n);
}

static void
op_become(struct grade *g)
{
    d->offered = grade_u64(g);
    d->status |= grade_u8(g);
    d->refuses_reset = grade_u8(g);
    d->refuses_features = grade_u8(g);
    unsigned max = grade_u32(g);
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++)
        d->queues[i].max = max;
}

static void
op_changed(struct grade *g UNUSED)
{
    bool on = cpu_irq_save();
    d->dev.driver->config_changed(&d->dev);
    cpu_irq_restore(on);
}

static void
op_recover(struct grade *g)
{
    grade_put_u8(g, blk_recover(blk()));
}

/* ---- Operations: time ---- */

static bool
is_watched(void)
{
    bool watched = false;
    for (unsigned i = 0; i < d->dev.nqueues; i++)
        watched |= !list_is_empty(&blk()->queues[i].watchdog.node);
    return watched;
}

/* W: up to n looks of each watchdog that is set, until the k-th request is done
 * or none is set any more. How many there were; whether one is set still */
static void
op_looks(struct grade *g)
{
    uint32_t n = grade_u32(g), k = grade_u32(g), looks = 0;
    for (; looks < n && ios[k].done == 0 && is_watched(); looks++) {
        for (unsigned i = 0; i < d->dev.nqueues; i++) {
            struct timer *timer = &blk()->queues[i].watchdog;
            if (list_is_empty(&timer->node))
                continue;
            bool on = cpu_irq_save();
            timer_cancel(timer);
            timer->fn(timer);
            cpu_irq_restore(on);
        }
    }
    grade_put_u32(g, looks);
    grade_put_u8(g, is_watched());
}

/* g: how many lines of the log, since it was last asked, say something of
 * interrupts */
static void
op_log(struct grade *g)
{
    static const char word[] = "interrupt";
    static uint64_t read;
    static char text[1024];
    uint32_t lines = 0;
    size_t n;
    while ((n = print_read_log(&read, text, sizeof(text))) > 0) {
        bool said = false;
        for (size_t i = 0; i < n; i++) {
            said |= n - i >= sizeof(word) - 1 &&
                    memcmp(text + i, word, sizeof(word) - 1) == 0;
            if (text[i] == '\n') {
                lines += said;
                said = false;
            }
        }
    }
    grade_put_u32(g, lines);
}

/* ---- Scripts ---- */

static const struct {
    char name;
    void (*run)(struct grade *g);
} operations[] = {
    {'n', op_new},     {'S', op_start},  {'x', op_state},  {'N', op_name},
    {'s', op_submit},  {'b', op_kick},   {'r', op_result}, {'t', op_take},
    {'a', op_answer},  {'L', op_late},   {'u', op_use},    {'i', op_interrupt},
    {'?', op_wanted},  {'C', op_config}, {'F', op_become}, {'c', op_changed},
    {'R', op_recover}, {'W', op_looks},  {'g', op_log},
};

static void
script(struct grade *g)
{
    for (const char *op = grade_string(g); *op != '\0'; op++)
        for (unsigned i = 0; i < ARRAY_LEN(operations); i++)
            if (operations[i].name == *op)
                operations[i].run(g);
    leave();
}

GRADE_CASES({"script", script});
