/* /dev/trace: writing switches events on and off (trace/control.h), reading
 * gives a stream of what is recorded (docs/tracing.md) and waits for more. One
 * reader at a time; when he goes, everything is off. */
#include "arch/clock.h"
#include "dev/trace_rings.h"
#include "fs/devfs.h"
#include "fs/poll.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "proc/timer.h"
#include "trace/control.h"

#define BUFFER_ORDER 1 /* holds the head, too */
#define BUFFER_SIZE  (PAGE_SIZE << BUFFER_ORDER)
#define CONTROL_MAX  512u

/* A tracepoint may stand where nobody can be woken, so the reader looks by
 * himself, this often. */
#define LOOK_NS 20000000ul

struct head {
    char magic[8];
    uint32_t table_bytes, harts;
    uint64_t timebase_hz;
};

static struct spinlock reader_lock = SPINLOCK_INIT("trace reader", RANK_DEVICE);
static struct sleeplock take_lock =
    SLEEPLOCK_INIT(take_lock, RANK_FILE); /* who takes from the rings */
static struct waitq waiting = WAITQ_INIT(waiting);

static struct {
    /* guarded by reader_lock */
    bool taken; /* there is a reader */
    struct timer look;

    /* guarded by take_lock */
    uint8_t *buffer;
    size_t from, to; /* what of it is still to be read */
    unsigned hart;   /* whose ring is next */
} reader;

static void
look(struct timer *timer)
{
    spin_lock(&reader_lock);
    if (trace_is_waiting())
        waitq_notify(&waiting);
    spin_unlock(&reader_lock);
    timer_set(timer, clock_now_ns() + LOOK_NS);
}

static void
make_head(void)
{
    struct head *head = (void *)reader.buffer;
    char *table = (char *)(head + 1);
    size_t size = BUFFER_SIZE - sizeof(*head), len = 0;
    uint64_t start;

    for (unsigned i = 0; i < TRACE_EVENTS; i++)
        len += trace_describe(i, table + len, size - len);
    assert(len + 8 <= size);
    memset(table + len, 0, 8);
    *head = (struct head){
        .magic = {'u', 'm', 't', 'r', 'a', 'c', 'e', '1'},
        .table_bytes = (uint32_t)ALIGN_UP(len, 8),
        .harts = cpu_count(),
    };
    clock_get_base(&start, &head->timebase_hz);
    reader.from = 0;
    reader.to = sizeof(*head) + head->table_bytes;
}

static int
trace_open(struct file *file)
{
    int err = trace_rings_need();
    if (err != 0 || !file->can_read)
        return err;
    sleeplock_guard(&take_lock);
    if (reader.buffer)
        return -EBUSY;
    reader.buffer = frame_alloc(BUFFER_ORDER);
    if (!reader.buffer)
        return -ENOMEM;
    make_head();
    timer_init(&reader.look, look);
    look(&reader.look);
    return 0;
}

static void
trace_release(struct file *file)
{
    if (!file->can_read)
        return;
    timer_cancel(&reader.look);
    (void)!trace_control("-all", strlen("-all"));
    sleeplock_guard(&take_lock);
    frame_free(reader.buffer, BUFFER_ORDER);
    reader.buffer = NULL;
}

/* Refills the buffer, the harts taking turns. Returns whether there is
 * something in it. */
static bool
fill_buffer(void)
{
    if (reader.from < reader.to)
        return true;
    reader.from = reader.to = 0;
    for (unsigned i = 0; i < cpu_count(); i++) {
        reader.hart = (reader.hart + 1) % cpu_count();
        reader.to += trace_take(reader.hart, reader.buffer + reader.to,
                                BUFFER_SIZE - reader.to);
    }
    return reader.to > 0;
}

/* What is there now, or 0, or an error. */
static int64_t
read_some(struct uio *uio)
{
    int64_t done = 0;
    sleeplock_guard(&take_lock);
    while (uio->residual > 0 && fill_buffer()) {
        size_t n = MIN(reader.to - reader.from, uio->residual);
        int64_t moved = uio_fill(uio, reader.buffer + reader.from, n);
        if (moved < 0)
            return done ? done : moved;
        reader.from += (size_t)moved;
        done += moved;
        if ((size_t)moved < n)
            break;
    }
    return done;
}

static int64_t
trace_read(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    cpu_thread()->untraced = true;
    for (;;) {
        int64_t done = read_some(uio);
        if (done != 0 || uio->residual == 0)
            return done;
        spin_guard(&reader_lock);
        int err =
            trace_is_waiting() ? 0 : file_wait(file, &waiting, &reader_lock);
        if (err != 0)
            return err;
    }
}

static int64_t
trace_write(struct file *file UNUSED, struct uio *uio, uint64_t *offset UNUSED)
{
    if (uio->residual > CONTROL_MAX)
        return -EINVAL;
    FREED char *text = kmalloc(CONTROL_MAX);
    if (!text)
        return -ENOMEM;
    int64_t n = uio_drain(uio, text, CONTROL_MAX);
    if (n <= 0)
        return n;
    return trace_control(text, (size_t)n) ?: n;
}

static unsigned
trace_poll(struct file *file, struct poll_table *table)
{
    unsigned ready = file->can_write ? POLL_OUT : 0;
    if (!file->can_read)
        return ready;
    poll_wait(table, &waiting);
    if (trace_is_waiting() || READ_ONCE(reader.from) < READ_ONCE(reader.to))
        ready |= POLL_IN;
    return ready;
}

const struct file_ops devfs_trace_ops = {
    .open = trace_open,
    .release = trace_release,
    .read = trace_read,
    .write = trace_write,
    .poll = trace_poll,
    .is_stream = true,
};
