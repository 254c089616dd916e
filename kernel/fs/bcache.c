#include "fs/bcache.h"

#include "abi/errno.h"
#include "fs/readahead.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "proc/waitq.h"

#define MIN_BLOCKS    64u
#define BUCKETS_MAX   65536u /* 1 MiB; a longer chain is the lesser evil */
#define BATCH_MAX     32u    /* blocks of one request: 128 KiB */
#define BLOCK_SECTORS (BLOCK_SIZE / SECTOR_SIZE)

enum buf_state {
    BUF_READING,
    BUF_VALID,
    BUF_FAILED, /* no longer in the table; its waiters get -EIO */
};

struct buf {
    /* constant after init */
    struct blockdev *dev;
    uint64_t block;
    uint8_t *data; /* one frame */

    struct waitq waiters; /* for the end of BUF_READING */

    /* atomic; 0 becomes 1 under cache.lock only */
    uint32_t holders; /* the request that reads it counts as one */
    bool checked;

    /* private to the owner */
    void *entry; /* the journal's */

    /* guarded by cache.lock */
    enum buf_state state;
    bool alone; /* read by a request of its own */
    bool mark;  /* who gets here wants the stream's next window */
    struct list_node hash_node;
    struct list_node lru_node;
};

/* One request for consecutive blocks, from its making to its completion. */
struct batch {
    struct list_node node; /* on its maker's list until it is submitted */
    struct blkreq req;
    unsigned count;
    struct buf *bufs[BATCH_MAX];
    struct blkvec vec[BATCH_MAX];
};

static struct {
    struct spinlock lock;
    struct slab_cache bufs;

    /* guarded by lock */
    struct list_node *buckets;
    size_t bucket_mask;
    struct list_node lru; /* all blocks, least recently asked for first */
    size_t max_blocks;
    struct readahead readahead;
    struct bcache_stats stats;
} cache = {.lock = SPINLOCK_INIT("bcache", RANK_BCACHE)};

static uint64_t
device_blocks(const struct blockdev *dev)
{
    return (dev->sectors + BLOCK_SECTORS - 1) / BLOCK_SECTORS;
}

/* ---- The table ---- */

static struct list_node *
bucket_of(const struct blockdev *dev, uint64_t block)
{
    /* Devices are told apart by address; the shift drops bits that are the
     * same for all of them. */
    uint64_t hash = block + ((uintptr_t)dev >> 6);
    return &cache.buckets[(hash ^ hash >> 16) & cache.bucket_mask];
}

static struct buf *
find_buf(const struct blockdev *dev, uint64_t block) REQUIRES(cache.lock)
{
    struct list_node *bucket = bucket_of(dev, block);
    struct buf *buf;

    list_for_each_entry (buf, bucket, hash_node)
        if (buf->block == block && buf->dev == dev)
            return buf;
    return NULL;
}

static void
free_buf(struct buf *buf) REQUIRES(cache.lock)
{
    list_del(&buf->hash_node);
    list_del(&buf->lru_node);
    frame_unref(buf->data);
    slab_free(&cache.bufs, buf);
    cache.stats.blocks--;
}

static inline void
hold_buf(struct buf *buf) REQUIRES(cache.lock)
{
    __atomic_fetch_add(&buf->holders, 1, __ATOMIC_RELAXED);
    if (cache.lru.prev != &buf->lru_node) {
        list_del(&buf->lru_node);
        list_push_back(&cache.lru, &buf->lru_node);
    }
}

void
bcache_hold(struct buf *buf)
{
    __atomic_fetch_add(&buf->holders, 1, __ATOMIC_RELAXED);
}

/* What a holder has read, it has read before: then the block may go. */
void
bcache_put(struct buf *buf)
{
    __atomic_fetch_sub(&buf->holders, 1, __ATOMIC_RELEASE);
}

static bool
is_held(const struct buf *buf)
{
    return __atomic_load_n(&buf->holders, __ATOMIC_ACQUIRE) > 0;
}

/* Frees the oldest block that nobody holds. Returns whether there was one. */
static bool
evict_buf(void) REQUIRES(cache.lock)
{
    struct buf *buf;

    list_for_each_entry (buf, &cache.lru, lru_node) {
        if (is_held(buf))
            continue;
        free_buf(buf);
        return true;
    }
    return false;
}

/* Puts a new buffer into the table, held by the request that will read it.
 * When all others are held the limit gives way: a holder must not wait for
 * another. Returns NULL without memory. */
static struct buf *
create_buf(struct blockdev *dev, uint64_t block) REQUIRES(cache.lock)
{
    while (cache.stats.blocks >= cache.max_blocks && evict_buf())
        ;
    struct buf *buf = slab_alloc(&cache.bufs);
    if (!buf)
        return NULL;
    buf->data = frame_alloc(0);
    if (!buf->data && evict_buf())
        buf->data = frame_alloc(0);
    if (!buf->data) {
        slab_free(&cache.bufs, buf);
        return NULL;
    }
    cache.stats.blocks++;
    buf->dev = dev;
    buf->block = block;
    buf->state = BUF_READING;
    buf->holders = 1;
    buf->alone = buf->mark = buf->checked = false;
    buf->entry = NULL;
    waitq_init(&buf->waiters);
    list_push_back(&cache.lru, &buf->lru_node);
    list_push_front(bucket_of(dev, block), &buf->hash_node);
    return buf;
}

/* ---- Requests ---- */

/* A failed block leaves the table at once: the next reader tries anew. */
static void
settle_buf(struct buf *buf, int status) REQUIRES(cache.lock)
{
    buf->state = status ? BUF_FAILED : BUF_VALID;
    if (status)
        list_del(&buf->hash_node);
    waitq_wake_all(&buf->waiters);
    bcache_put(buf);
}

/* Interrupt context. */
static void
batch_done(struct blkreq *req)
{
    struct batch *batch = req->context;

    spin_lock(&cache.lock);
    for (unsigned i = 0; i < batch->count; i++)
        settle_buf(batch->bufs[i], req->status);
    spin_unlock(&cache.lock);
    kfree(batch);
}

static size_t
batch_limit(const struct blockdev *dev)
{
    size_t limit = MIN(dev->max_vec, dev->max_bytes / BLOCK_SIZE);
    return MAX(MIN(limit, BATCH_MAX), 1u);
}

/* The part of block that the device has; the rest of data becomes zeros. */
static size_t
clip_to_device(const struct blockdev *dev, uint64_t block, uint8_t *data)
{
    uint64_t sectors = dev->sectors - block * BLOCK_SECTORS;
    size_t len = MIN(sectors, BLOCK_SECTORS) * SECTOR_SIZE;
    memset(data + len, 0, BLOCK_SIZE - len);
    return len;
}

/* Makes a request for the uncached run that starts at block, at most max
 * blocks of it. Returns NULL without memory. */
static struct batch *
create_batch(struct blockdev *dev, uint64_t block, size_t max)
    REQUIRES(cache.lock)
{
    struct batch *batch = kmalloc(sizeof *batch);
    if (!batch)
        return NULL;
    batch->count = 0;
    max = MIN(max, batch_limit(dev));
    for (uint64_t b = block; b < block + max && !find_buf(dev, b); b++) {
        struct buf *buf = create_buf(dev, b);
        if (!buf)
            break;
        unsigned i = batch->count++;
        batch->bufs[i] = buf;
        batch->vec[i].base = buf->data;
        batch->vec[i].len = clip_to_device(dev, b, buf->data);
    }
    if (batch->count == 0) {
        kfree(batch);
        return NULL;
    }
    batch->bufs[0]->alone = batch->count == 1;
    batch->req = (struct blkreq){
        .op = BLK_READ,
        .sector = block * BLOCK_SECTORS,
        .vec = batch->vec,
        .nvec = batch->count,
        .done = batch_done,
        .context = batch,
    };
    cache.stats.reads++;
    cache.stats.read_blocks += batch->count;
    return batch;
}

/* Makes requests for what is uncached of count blocks, onto list. */
static void
create_batches(struct blockdev *dev, uint64_t block, size_t count,
               struct list_node *list) REQUIRES(cache.lock)
{
    uint64_t end = MIN(block + count, device_blocks(dev));

    while (block < end) {
        if (find_buf(dev, block)) {
            block++;
            continue;
        }
        struct batch *batch = create_batch(dev, block, end - block);
        if (!batch)
            return;
        list_push_back(list, &batch->node);
        block += batch->count;
    }
}

/* A request that cannot start is done at once, within blockdev_submit, and
 * takes the lock: so this runs without it. */
static void
submit_batches(struct blockdev *dev, struct list_node *list)
    EXCLUDES(cache.lock)
{
    struct list_node *node = list_pop_front(list);
    if (!node)
        return;
    for (; node; node = list_pop_front(list))
        blockdev_submit(dev, &list_entry(node, struct batch, node)->req);
    blockdev_kick(dev);
}

/* Makes requests for count blocks needed now, none of them cached, and for
 * those to come; or, if count is 0, for those to come after block, which was
 * marked. */
static void
start_reading(struct blockdev *dev, uint64_t block, size_t count,
              struct list_node *list) REQUIRES(cache.lock)
{
    struct readahead_range range = readahead_plan(&cache.readahead, dev, block,
                                                  count, cache.max_blocks / 8);
    create_batches(dev, range.start, range.count, list);
    struct buf *buf = find_buf(dev, range.mark);
    if (buf)
        buf->mark = true;
}

/* ---- Interface ---- */

void
bcache_init(size_t max_blocks)
{
    bcache_drop(NULL);
    assert_eq(cache.stats.blocks, 0);
    kfree(cache.buckets);

    cache.max_blocks = MAX(max_blocks, MIN_BLOCKS);
    size_t count = MIN_BLOCKS;
    while (count < cache.max_blocks / 2 && count < BUCKETS_MAX)
        count *= 2;
    cache.buckets = kmalloc(count * sizeof cache.buckets[0]);
    if (!cache.buckets)
        panic("no memory for the table of %zu cached blocks", max_blocks);
    for (size_t i = 0; i < count; i++)
        list_init(&cache.buckets[i]);
    cache.bucket_mask = count - 1;
    cache.stats = (struct bcache_stats){0};
    list_init(&cache.lru);
    slab_init(&cache.bufs, "buf", sizeof(struct buf));
}

/* Finds block, or creates its buffer and the requests that fill it. alone
 * keeps neighbours out of the request. Returns the buffer held, or NULL
 * without memory. */
static struct buf *
find_or_read(struct blockdev *dev, uint64_t block, bool alone,
             struct list_node *list) REQUIRES(cache.lock)
{
    struct buf *buf = find_buf(dev, block);
    if (buf) {
        cache.stats.hits++;
        hold_buf(buf);
        if (buf->mark)
            start_reading(dev, block, 0, list);
        buf->mark = false;
        return buf;
    }
    cache.stats.misses++;
    if (alone)
        create_batches(dev, block, 1, list);
    else
        start_reading(dev, block, 1, list);
    buf = find_buf(dev, block);
    if (buf)
        hold_buf(buf);
    return buf;
}

/* One try at bcache_get; -EAGAIN if a request for several blocks has failed,
 * which says little about this one. */
static int
try_get(struct blockdev *dev, uint64_t block, bool alone, struct buf **out)
{
    struct list_node list = LIST_INIT(list);

    spin_lock(&cache.lock);
    struct buf *buf = find_or_read(dev, block, alone, &list);
    if (!list_is_empty(&list)) {
        spin_unlock(&cache.lock);
        submit_batches(dev, &list);
        spin_lock(&cache.lock);
    }
    int err = buf ? 0 : -ENOMEM;
    while (buf && buf->state == BUF_READING)
        waitq_sleep(&buf->waiters, &cache.lock);
    if (buf && buf->state == BUF_FAILED) {
        err = buf->alone ? -EIO : -EAGAIN;
        bcache_put(buf);
    }
    spin_unlock(&cache.lock);
    *out = err ? NULL : buf;
    return err;
}

/* bcache_get of a block that is not simply there. */
static NOINLINE int
get_slowly(struct blockdev *dev, uint64_t block, struct buf **out)
{
    int err = try_get(dev, block, false, out);
    while (err == -EAGAIN)
        err = try_get(dev, block, true, out);
    return err;
}

int
bcache_get(struct blockdev *dev, uint64_t block, struct buf **out)
{
    *out = NULL;
    if (block >= device_blocks(dev))
        return -EINVAL;
    spin_lock(&cache.lock);
    struct buf *buf = find_buf(dev, block);
    bool simple = buf && buf->state == BUF_VALID && !buf->mark;
    if (simple) {
        cache.stats.hits++;
        hold_buf(buf);
        *out = buf;
    }
    spin_unlock(&cache.lock);
    return simple ? 0 : get_slowly(dev, block, out);
}

int
bcache_get_new(struct blockdev *dev, uint64_t block, struct buf **out)
{
    struct buf *buf;

    *out = NULL;
    if (block >= device_blocks(dev))
        return -EINVAL;
    spin_lock(&cache.lock);
    while ((buf = find_buf(dev, block)) && buf->state == BUF_READING) {
        hold_buf(buf);
        waitq_sleep(&buf->waiters, &cache.lock);
        bcache_put(buf);
    }
    if (buf) {
        hold_buf(buf);
    } else if ((buf = create_buf(dev, block)) != NULL) {
        memset(buf->data, 0, BLOCK_SIZE);
        buf->state = BUF_VALID;
    }
    spin_unlock(&cache.lock);
    *out = buf;
    return buf ? 0 : -ENOMEM;
}

struct buf *
bcache_find(struct blockdev *dev, uint64_t block)
{
    spin_lock(&cache.lock);
    struct buf *buf = find_buf(dev, block);
    if (buf && buf->state == BUF_VALID)
        hold_buf(buf);
    else
        buf = NULL;
    spin_unlock(&cache.lock);
    return buf;
}

uint8_t *
bcache_data(const struct buf *buf)
{
    return buf->data;
}

uint64_t
bcache_block(const struct buf *buf)
{
    return buf->block;
}

void **
bcache_entry(struct buf *buf)
{
    return &buf->entry;
}

bool *
bcache_checked(struct buf *buf)
{
    return &buf->checked;
}

void
bcache_read_ahead(struct blockdev *dev, uint64_t block, size_t count)
{
    struct list_node list = LIST_INIT(list);

    spin_lock(&cache.lock);
    /* A reader of unaligned pieces has the first block from last time. And a
     * hint must not push out what it has just brought in. */
    if (count > 0 && find_buf(dev, block)) {
        block++;
        count--;
    }
    if (count > 0 && !find_buf(dev, block))
        start_reading(dev, block, MIN(count, cache.max_blocks / 4), &list);
    spin_unlock(&cache.lock);
    submit_batches(dev, &list);
}

void
bcache_drop(struct blockdev *dev)
{
    spin_lock(&cache.lock);
    if (cache.lru.next) /* not before bcache_init */
        list_for_each_safe (node, &cache.lru) {
            struct buf *buf = list_entry(node, struct buf, lru_node);
            if ((!dev || buf->dev == dev) && !is_held(buf))
                free_buf(buf);
        }
    readahead_forget(&cache.readahead, dev);
    spin_unlock(&cache.lock);
}

size_t
bcache_shrink(size_t count)
{
    size_t freed = 0;

    spin_lock(&cache.lock);
    while (freed < count && evict_buf())
        freed++;
    spin_unlock(&cache.lock);
    return freed;
}

void
bcache_get_stats(struct bcache_stats *stats)
{
    spin_lock(&cache.lock);
    *stats = cache.stats;
    spin_unlock(&cache.lock);
}
