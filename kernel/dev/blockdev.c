#include "dev/blockdev.h"
#include "lib/string.h"
#include "proc/completion.h"
#include "trace/trace.h"

static struct spinlock registry_lock =
    SPINLOCK_INIT("block devices", RANK_DEVICE);
/* guarded by registry_lock; nodes are never removed */
static struct list_node registry = LIST_INIT(registry);

/* ---- The registry ---- */

static struct blockdev *
find_locked(const char *name)
{
    return list_find(struct blockdev, dev, &registry, node,
                     strcmp(dev->name, name) == 0);
}

int
blockdev_register(struct blockdev *dev)
{
    spin_guard(&registry_lock);
    if (find_locked(dev->name))
        return -EEXIST;
    list_push_back(&registry, &dev->node);
    return 0;
}

struct blockdev *
blockdev_find(const char *name)
{
    spin_guard(&registry_lock);
    return find_locked(name);
}

struct blockdev *
blockdev_next(const struct blockdev *dev)
{
    spin_guard(&registry_lock);
    const struct list_node *at = dev == NULL ? &registry : &dev->node;
    struct list_node *next = at->next;
    return next == &registry ? NULL : list_entry(next, struct blockdev, node);
}

/* ---- Requests ---- */

/* Adds up the bytes of a transfer. Returns 0, -EROFS, -EINVAL if it is not
 * made of whole sectors, or too large, or -EIO if they are not there: a file
 * system is on a disk that has shrunk. */
static int
check_transfer(const struct blockdev *dev, const struct blkreq *req,
               size_t *bytes)
{
    uint64_t sectors = READ_ONCE(dev->sectors);
    *bytes = 0;
    if (req->nvec == 0 || req->nvec > dev->max_vec)
        return -EINVAL;
    for (unsigned i = 0; i < req->nvec; i++) {
        size_t len = req->vec[i].len;
        if (len == 0 || len % SECTOR_SIZE != 0 || len > dev->max_bytes - *bytes)
            return -EINVAL;
        *bytes += len;
    }
    if (req->op == BLK_WRITE && dev->read_only)
        return -EROFS;
    if (req->sector > sectors || *bytes / SECTOR_SIZE > sectors - req->sector)
        return -EIO;
    return 0;
}

static void
count(uint64_t *counter, uint64_t n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

void
blockdev_submit(struct blockdev *dev, struct blkreq *req)
{
    bool moves_data = req->op == BLK_READ || req->op == BLK_WRITE;
    size_t bytes = 0;
    int err = moves_data ? check_transfer(dev, req, &bytes) : 0;
    if (err == 0 && moves_data) {
        bool write = req->op == BLK_WRITE;
        count(write ? &dev->writes : &dev->reads, 1);
        count(write ? &dev->sectors_written : &dev->sectors_read,
              bytes / SECTOR_SIZE);
    } else if (req->op == BLK_FLUSH) {
        count(&dev->flushes, 1);
    }
    trace_blk_submit(dev->name, req->op, req->sector, bytes, (uintptr_t)req);
    /* A disk that cannot flush has nothing to flush: what it has said it wrote
     * is durable. */
    if (err == 0 && (req->op != BLK_FLUSH || dev->can_flush)) {
        dev->ops->submit(dev, req);
    } else {
        req->status = err;
        trace_blk_done(dev->name, (uintptr_t)req, err);
        req->done(req);
    }
}

void
blockdev_kick(struct blockdev *dev)
{
    if (dev->ops->kick != NULL)
        dev->ops->kick(dev);
}

static void
wake_waiter(struct blkreq *req)
{
    completion_signal(req->context);
}

int
blockdev_transfer(struct blockdev *dev, enum blk_op op, uint64_t sector,
                  void *buf, size_t n)
{
    struct blkvec vec = {.base = buf};
    int err = 0;
    for (bool more = op == BLK_FLUSH || n > 0; more && err == 0; more = n > 0) {
        struct completion done;
        vec.len = MIN(n, dev->max_bytes);
        struct blkreq req = {
            .op = op,
            .sector = sector,
            .vec = &vec,
            .nvec = n > 0 ? 1 : 0,
            .done = wake_waiter,
            .context = &done,
        };
        completion_init(&done);
        blockdev_submit(dev, &req);
        blockdev_kick(dev);
        completion_wait(&done);
        err = req.status;
        vec.base = (void *)((uintptr_t)vec.base + vec.len); /* NULL, to flush */
        sector += vec.len / SECTOR_SIZE;
        n -= vec.len;
    }
    return err;
}
