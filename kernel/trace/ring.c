#include "trace/ring.h"
#include "arch/barrier.h"
#include "lib/string.h"

/* Positions count bytes and only grow. A record does not start where the
 * longest one would not fit any more before the end: what is left there is
 * skipped. */
struct counter {
    uint64_t count;
    uint8_t mode; /* enum trace_mode */
};

struct trace_ring {
    /* constant after trace_give */
    uint8_t *data;
    uint64_t mask; /* its size, a power of two, less one */

    /* private to the owner: the hart */
    uint64_t limit; /* positions below it need no look at `taken` */
    uint32_t lost;

    /* atomic: written by the hart */
    uint64_t written;

    /* atomic: counts written by the hart, modes by trace/control.c */
    struct counter counters[TRACE_EVENTS];

    /* atomic: written by the reader */
    uint64_t taken;
};

static struct trace_ring rings[CPU_MAX];

void
trace_give(unsigned hart, void *memory, uint32_t bytes)
{
    rings[hart].mask = bytes - 1;
    rings[hart].data = memory;
    cpu_get(hart)->ring = &rings[hart];
}

/* The first position from `at` on where a record may start. */
static uint64_t
skip(const struct trace_ring *ring, uint64_t at)
{
    if ((at & ring->mask) > ring->mask + 1 - TRACE_RECORD_MAX)
        at = (at | ring->mask) + 1;
    return at;
}

/* ---- Writing ---- */

/* All seven fields are written: what a shorter record does not have lies where
 * the next one will be. The reader may look once the position has moved. */
static ALWAYS_INLINE void
put(struct trace_ring *ring, uint64_t at, uint64_t word, uint64_t a, uint64_t b,
    uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g)
{
    uint64_t *record = (void *)(ring->data + (at & ring->mask));
    record[0] = word;
    record[1] = cpu_thread()->ids;
    record[2] = csr_read(time);
    record[3] = a;
    record[4] = b;
    record[5] = c;
    record[6] = d;
    record[7] = e;
    record[8] = f;
    record[9] = g;
    barrier_write();
    WRITE_ONCE(ring->written, at + (uint16_t)word);
}

static ALWAYS_INLINE struct counter *
counter_of(struct trace_ring *ring, uint64_t word)
{
    return &ring->counters[word >> 16];
}

/* Sees to it that a record can be written at ring->written, and, if some were
 * lost, says so. Returns whether there is room. */
static bool
make_room(struct trace_ring *ring)
{
    uint64_t at = skip(ring, ring->written);
    uint64_t full = READ_ONCE(ring->taken) + ring->mask - 3 * TRACE_RECORD_MAX;
    ring->limit = 0;
    if (at > full)
        return false;
    if (ring->lost > 0) {
        put(ring, at, TRACE_WORD(TRACE_LOST, 1), ring->lost, 0, 0, 0, 0, 0, 0);
        at = skip(ring, ring->written);
        ring->lost = 0;
    }
    WRITE_ONCE(ring->written, at);
    ring->limit = MIN(full, (at | ring->mask) + 1 - TRACE_RECORD_MAX) + 1;
    return true;
}

/* All that does not happen each time. */
static NOINLINE void
record_slowly(uint64_t word, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
              uint64_t e, uint64_t f, uint64_t g)
{
    bool irq_was_on = cpu_irq_save();
    const struct arch_thread *thread = cpu_thread();
    struct trace_ring *ring = thread->cpu->ring;
    struct counter *counter = counter_of(ring, word);
    enum trace_mode mode = READ_ONCE(counter->mode);
    if (thread->untraced && !thread->cpu->in_interrupt)
        mode = TRACE_OFF;
    if (mode != TRACE_OFF)
        counter->count++;
    if (mode == TRACE_RECORDED) {
        if (make_room(ring))
            put(ring, ring->written, word, a, b, c, d, e, f, g);
        else
            ring->lost++;
    }
    cpu_irq_restore(irq_was_on);
}

void
trace_record(uint64_t word, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
             uint64_t e, uint64_t f, uint64_t g)
{
    bool irq_was_on = cpu_irq_save();
    const struct arch_thread *thread = cpu_thread();
    struct trace_ring *ring = thread->cpu->ring;
    struct counter *counter = counter_of(ring, word);
    uint64_t at = ring->written;

    if (likely(counter->mode == TRACE_RECORDED && !thread->untraced &&
               at < ring->limit)) {
        counter->count++;
        put(ring, at, word, a, b, c, d, e, f, g);
        cpu_irq_restore(irq_was_on);
    } else {
        cpu_irq_restore(irq_was_on);
        record_slowly(word, a, b, c, d, e, f, g);
    }
}

uint64_t
trace_text(const char *text, unsigned from)
{
    uint64_t word = 0;
    for (unsigned i = 0; text && i < from + 8 && text[i] != '\0'; i++)
        if (i >= from)
            word |= (uint64_t)(uint8_t)text[i] << 8 * (i - from);
    return word;
}

/* ---- Reading ---- */

size_t
trace_take(unsigned hart, void *buf, size_t size)
{
    struct trace_ring *ring = &rings[hart];
    uint64_t at = skip(ring, ring->taken);
    uint64_t end = READ_ONCE(ring->written);
    size_t done = 0;
    /* Records are written before the position moves. */
    barrier_read();
    while (at < end) {
        const uint8_t *record = ring->data + (at & ring->mask);
        uint16_t bytes = *(const uint16_t *)record;
        if (bytes > size - done)
            break;
        memcpy((char *)buf + done, record, bytes);
        *(uint16_t *)((char *)buf + done + 4) = (uint16_t)hart;
        done += bytes;
        at = skip(ring, at + bytes);
    }
    /* The hart may write there once the position has moved. */
    __atomic_store_n(&ring->taken, MIN(at, end), __ATOMIC_RELEASE);
    return done;
}

bool
trace_is_waiting(void)
{
    for (unsigned i = 0; i < cpu_count(); i++)
        if (READ_ONCE(rings[i].written) != READ_ONCE(rings[i].taken))
            return true;
    return false;
}

uint64_t
trace_total(enum trace_event event)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < cpu_count(); i++)
        sum += READ_ONCE(rings[i].counters[event].count);
    return sum;
}

enum trace_mode
trace_mode(enum trace_event event)
{
    return READ_ONCE(rings[0].counters[event].mode);
}

void
trace_set_mode(enum trace_event event, enum trace_mode mode)
{
    for (unsigned i = 0; i < CPU_MAX; i++)
        WRITE_ONCE(rings[i].counters[event].mode, (uint8_t)mode);
}
