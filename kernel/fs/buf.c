#include "fs/buf.h"

#include "abi/errno.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "trace/trace.h"

#define MIN_PAGES    64u
#define BUCKETS_MAX  65536u /* 1 MiB; a longer chain is the lesser evil */
#define BATCH_MAX    32u    /* pages of one request: 128 KiB */
#define VAIN_TRIES   256u   /* pages in use that are looked at in vain */
#define PAGE_SECTORS (BLOCK_SIZE / SECTOR_SIZE)

/* One request for consecutive pages, from its making to its completion. */
struct batch {
    struct list_node node; /* on its maker's list until it is submitted */
    struct blkreq req;
    unsigned count;
    size_t last; /* bytes of the last page that are content */
    struct buf *bufs[BATCH_MAX];
    struct blkvec vec[BATCH_MAX];
};

struct spinlock buf_lock = SPINLOCK_INIT("pages", RANK_BCACHE);

static struct slab_cache slab;

/* guarded by buf_lock */
static struct {
    struct list_node *buckets;
    size_t bucket_mask;
    struct list_node row; /* clean pages, least recently asked for first */
    size_t max_pages;
    struct readahead readahead;
    struct bcache_stats stats;
} pool;

size_t
buf_limit(void)
{
    return pool.max_pages;
}

size_t
buf_dirty(void)
{
    return READ_ONCE(pool.stats.dirty);
}

/* ---- The table ---- */

static struct list_node *
bucket_of(const void *owner, uint64_t index)
{
    /* Owners are told apart by address; the shift drops bits that are the
     * same for all of them. */
    uint64_t hash = index + ((uintptr_t)owner >> 4);
    return &pool.buckets[(hash ^ hash >> 16) & pool.bucket_mask];
}

static inline struct buf *
find_buf(const void *owner, uint64_t index) REQUIRES(buf_lock)
{
    struct list_node *bucket = bucket_of(owner, index);
    struct buf *buf;

    list_for_each_entry (buf, bucket, hash_node)
        if (buf->index == index && buf->owner == owner)
            return buf;
    return NULL;
}

struct buf *
buf_find(const void *owner, uint64_t index)
{
    return find_buf(owner, index);
}

static inline void
hold(struct buf *buf) REQUIRES(buf_lock)
{
    __atomic_fetch_add(&buf->holders, 1, __ATOMIC_RELAXED);
    if (!buf->dirty && pool.row.prev != &buf->row_node) {
        list_del(&buf->row_node);
        list_push_back(&pool.row, &buf->row_node);
    }
}

void
buf_hold(struct buf *buf)
{
    hold(buf);
}

void
bcache_hold(struct buf *buf)
{
    __atomic_fetch_add(&buf->holders, 1, __ATOMIC_RELAXED);
}

void
bcache_put(struct buf *buf)
{
    buf_put(buf);
}

static bool
is_held(const struct buf *buf)
{
    return __atomic_load_n(&buf->holders, __ATOMIC_ACQUIRE) > 0;
}

struct buf *
buf_get(const void *owner, uint64_t index)
{
    spin_guard(&buf_lock);
    struct buf *buf = find_buf(owner, index);
    if (!buf || buf->state != BUF_VALID || buf->mark)
        return NULL;
    pool.stats.hits++;
    trace_cache_hit((uintptr_t)owner, index);
    hold(buf);
    return buf;
}

void
buf_count(bool hit)
{
    pool.stats.hits += hit;
    pool.stats.misses += !hit;
}

static void
free_buf(struct buf *buf) REQUIRES(buf_lock)
{
    list_del(&buf->hash_node);
    list_del(&buf->file_node);
    list_del(&buf->row_node);
    frame_unref(buf->data);
    slab_free(&slab, buf);
    pool.stats.blocks--;
}

/* A page that somebody has mapped stays the one copy of its content. */
static bool
is_mapped(const struct buf *buf)
{
    return frame_refs(buf->data) > 1;
}

/* Frees the oldest page that nobody holds, of the first `tries`; those on the
 * way to it are in use, hence not old. Returns whether there was one. */
static bool
evict(size_t tries) REQUIRES(buf_lock)
{
    for (size_t n = tries; n > 0; n--) {
        struct buf *buf = list_pop(struct buf, &pool.row, row_node);
        if (!buf)
            break;
        if (!is_held(buf) && !is_mapped(buf)) {
            trace_cache_evict((uintptr_t)buf->owner, buf->index);
            free_buf(buf);
            return true;
        }
        list_push_back(&pool.row, &buf->row_node);
    }
    return false;
}

struct buf *
buf_create(const void *owner, struct pages *pages, uint64_t index)
{
    while (pool.stats.blocks >= pool.max_pages && evict(VAIN_TRIES))
        ;
    struct buf *buf = slab_alloc(&slab);
    if (!buf)
        return NULL;
    *buf = (struct buf){.owner = owner, .index = index, .holders = 1};
    buf->data = frame_alloc(0);
    if (!buf->data && evict(pool.stats.blocks))
        buf->data = frame_alloc(0);
    if (!buf->data) {
        slab_free(&slab, buf);
        return NULL;
    }
    pool.stats.blocks++;
    waitq_init(&buf->waiters);
    list_init(&buf->file_node);
    if (pages)
        list_push_back(&pages->all, &buf->file_node);
    list_push_back(&pool.row, &buf->row_node);
    list_push_front(bucket_of(owner, index), &buf->hash_node);
    return buf;
}

void
buf_settle(struct buf *buf, int status)
{
    buf->state = status ? BUF_FAILED : BUF_VALID;
    if (status)
        buf_forget(buf);
    waitq_wake_all(&buf->waiters);
}

/* It goes at once or, held, as the first once nobody holds it. */
void
buf_forget(struct buf *buf)
{
    if (!is_held(buf)) {
        free_buf(buf);
        return;
    }
    list_del(&buf->hash_node);
    list_del(&buf->file_node);
    list_del(&buf->row_node);
    list_push_front(&pool.row, &buf->row_node);
}

void
buf_set_dirty(struct buf *buf, struct pages *pages, bool dirty)
{
    if (dirty)
        trace_cache_dirty((uintptr_t)buf->owner, buf->index);
    else
        trace_cache_clean((uintptr_t)buf->owner, buf->index);
    list_del(&buf->row_node);
    list_push_back(dirty ? &pages->dirty : &pool.row, &buf->row_node);
    buf->dirty = dirty;
    pages->ndirty += dirty ? 1 : -1ul;
    if (pages->pinned)
        pool.stats.blocks -= dirty ? 1 : -1ul;
    else
        pool.stats.dirty += dirty ? 1 : -1ul;
}

int
buf_wait(struct buf *buf)
{
    int err = 0;

    spin_guard(&buf_lock);
    while (buf->state == BUF_READING)
        waitq_sleep(&buf->waiters, &buf_lock);
    if (buf->state == BUF_FAILED) {
        err = buf->alone ? -EIO : -EAGAIN;
        buf_put(buf);
    }
    return err;
}

/* ---- Requests ---- */

/* Interrupt context. */
static void
batch_done(struct blkreq *req)
{
    struct batch *batch = req->context;
    struct buf *last = batch->bufs[batch->count - 1];

    memset(last->data + batch->last, 0, BLOCK_SIZE - batch->last);
    spin_lock(&buf_lock);
    for (unsigned i = 0; i < batch->count; i++) {
        buf_settle(batch->bufs[i], req->status);
        buf_put(batch->bufs[i]);
    }
    spin_unlock(&buf_lock);
    kfree(batch);
}

static size_t
batch_limit(const struct blockdev *dev)
{
    size_t limit = MIN(dev->max_vec, dev->max_bytes / BLOCK_SIZE);
    return MAX(MIN(limit, BATCH_MAX), 1u);
}

/* Adds page index to a request. Returns false without memory. */
static bool
add_page(struct batch *batch, const struct buf_source *source, uint64_t index)
    REQUIRES(buf_lock)
{
    const void *owner = source->pages ? (void *)source->pages : source->dev;
    uint64_t left = source->bytes - (index - source->index) * BLOCK_SIZE;
    struct buf *buf = buf_create(owner, source->pages, index);
    if (!buf)
        return false;

    unsigned i = batch->count++;
    batch->last = MIN(left, BLOCK_SIZE);
    batch->bufs[i] = buf;
    batch->vec[i].base = buf->data;
    batch->vec[i].len = ALIGN_UP(batch->last, SECTOR_SIZE);
    return true;
}

/* Makes a request for the missing run that starts at index and ends before
 * end at the latest. Returns NULL without memory. */
static struct batch *
create_batch(const struct buf_source *source, uint64_t index, uint64_t end)
    REQUIRES(buf_lock)
{
    const void *owner = source->pages ? (void *)source->pages : source->dev;
    struct batch *batch = kmalloc(sizeof *batch);
    if (!batch)
        return NULL;

    batch->count = 0;
    end = MIN(end, index + batch_limit(source->dev));
    for (uint64_t i = index; i < end && !buf_find(owner, i); i++)
        if (!add_page(batch, source, i))
            break;
    if (batch->count == 0) {
        kfree(batch);
        return NULL;
    }
    batch->bufs[0]->alone = batch->count == 1;
    batch->req = (struct blkreq){
        .op = BLK_READ,
        .sector = source->sector + (index - source->index) * PAGE_SECTORS,
        .vec = batch->vec,
        .nvec = batch->count,
        .done = batch_done,
        .context = batch,
    };
    trace_cache_read((uintptr_t)owner, index, batch->count);
    pool.stats.reads++;
    pool.stats.read_blocks += batch->count;
    return batch;
}

void
buf_request(const struct buf_source *source, uint64_t index, size_t count,
            uint64_t mark, struct list_node *list)
{
    const void *owner = source->pages ? (void *)source->pages : source->dev;
    uint64_t pages = (source->bytes + BLOCK_SIZE - 1) / BLOCK_SIZE;
    uint64_t end = MIN(index + count, source->index + pages);

    while (index < end) {
        if (buf_find(owner, index)) {
            index++;
            continue;
        }
        struct batch *batch = create_batch(source, index, end);
        if (!batch)
            break;
        list_push_back(list, &batch->node);
        index += batch->count;
    }
    struct buf *marked = buf_find(owner, mark);
    if (marked)
        marked->mark = true;
}

void
buf_submit(struct blockdev *dev, struct list_node *list)
{
    struct list_node *node = list_pop_front(list);
    if (!node)
        return;
    for (; node; node = list_pop_front(list))
        blockdev_submit(dev, &list_entry(node, struct batch, node)->req);
    blockdev_kick(dev);
}

struct readahead_range
buf_plan(const void *owner, uint64_t index, size_t count)
{
    return readahead_plan(&pool.readahead, owner, index, count,
                          pool.max_pages / 8);
}

/* ---- What the block cache offers of it ---- */

void
bcache_init(size_t max_blocks)
{
    bcache_drop(NULL);
    assert_eq(pool.stats.blocks, 0);
    kfree(pool.buckets);

    pool.max_pages = MAX(max_blocks, MIN_PAGES);
    size_t count = MIN_PAGES;
    while (count < pool.max_pages / 2 && count < BUCKETS_MAX)
        count *= 2;
    pool.buckets = kmalloc(count * sizeof pool.buckets[0]);
    if (!pool.buckets)
        panic("no memory for the table of %zu cached blocks", max_blocks);
    for (size_t i = 0; i < count; i++)
        list_init(&pool.buckets[i]);
    pool.bucket_mask = count - 1;
    pool.stats = (struct bcache_stats){0};
    list_init(&pool.row);
    slab_init(&slab, "buf", sizeof(struct buf));
}

uint8_t *
bcache_data(const struct buf *buf)
{
    return buf->data;
}

uint64_t
bcache_block(const struct buf *buf)
{
    return buf->index;
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
bcache_drop(struct blockdev *dev)
{
    spin_guard(&buf_lock);
    if (pool.row.next) /* not before bcache_init */
        list_for_each_safe (node, &pool.row) {
            struct buf *buf = list_entry(node, struct buf, row_node);
            if ((!dev || buf->owner == dev) && !is_held(buf))
                free_buf(buf);
        }
    readahead_forget(&pool.readahead, dev);
}

size_t
bcache_shrink(size_t count)
{
    size_t freed = 0;

    spin_guard(&buf_lock);
    while (freed < count && evict(pool.stats.blocks))
        freed++;
    return freed;
}

void
bcache_get_stats(struct bcache_stats *stats)
{
    spin_guard(&buf_lock);
    *stats = pool.stats;
}
