#include "dev/blockdev.h"
#include "abi/errno.h"
#include "lib/string.h"
#include "proc/completion.h"
#include "sync/spinlock.h"

/* Pieces of one transfer that are under way at a time. */
#define PIECES 4

static struct spinlock registry_lock =
    SPINLOCK_INIT("block devices", RANK_DEVICE);
/* guarded by registry_lock; nodes are never removed */
static struct list_node registry = LIST_INIT(registry);

/* ---- The registry ---- */

static struct blockdev *
find_locked(const char *name)
{
    list_for_each (node, &registry) {
        struct blockdev *dev = list_entry(node, struct blockdev, node);
        if (strcmp(dev->name, name) == 0)
            return dev;
    }
    return NULL;
}

int
blockdev_register(struct blockdev *dev)
{
    int err = -EEXIST;
    spin_lock(&registry_lock);
    if (find_locked(dev->name) == NULL) {
        list_push_back(&registry, &dev->node);
        err = 0;
    }
    spin_unlock(&registry_lock);
    return err;
}

struct blockdev *
blockdev_find(const char *name)
{
    spin_lock(&registry_lock);
    struct blockdev *dev = find_locked(name);
    spin_unlock(&registry_lock);
    return dev;
}

struct blockdev *
blockdev_next(const struct blockdev *dev)
{
    spin_lock(&registry_lock);
    const struct list_node *at = dev == NULL ? &registry : &dev->node;
    struct list_node *next = at->next;
    spin_unlock(&registry_lock);
    return next == &registry ? NULL : list_entry(next, struct blockdev, node);
}

/* ---- Requests ---- */

/* Adds up the vectors of req. Returns 0, or -EINVAL if they are not made of
 * whole sectors, or too many, or too long. */
static int
count_bytes(const struct blockdev *dev, const struct blkreq *req, size_t *bytes)
{
    *bytes = 0;
    if (req->nvec == 0 || req->nvec > dev->max_vec)
        return -EINVAL;
    for (unsigned i = 0; i < req->nvec; i++) {
        size_t len = req->vec[i].len;
        if (len == 0 || len % SECTOR_SIZE != 0 || len > dev->max_bytes)
            return -EINVAL;
        *bytes += len;
        if (*bytes > dev->max_bytes)
            return -EINVAL;
    }
    return 0;
}

static int
check_transfer(const struct blockdev *dev, const struct blkreq *req,
               size_t *bytes)
{
    int err = count_bytes(dev, req, bytes);
    if (err != 0)
        return err;
    if (req->op == BLK_WRITE && dev->read_only)
        return -EROFS;
    uint64_t sectors = READ_ONCE(dev->sectors);
    if (req->sector > sectors || *bytes / SECTOR_SIZE > sectors - req->sector)
        return -EINVAL;
    return 0;
}

static void
count(uint64_t *counter, uint64_t n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static void
finish(struct blkreq *req, int status)
{
    req->status = status;
    req->done(req);
}

void
blockdev_submit(struct blockdev *dev, struct blkreq *req)
{
    if (req->op == BLK_FLUSH) {
        count(&dev->flushes, 1);
        /* A disk that cannot flush has nothing to flush: what it has said
         * it wrote is durable. */
        if (dev->can_flush)
            dev->ops->submit(dev, req);
        else
            finish(req, 0);
        return;
    }
    size_t bytes;
    int err = check_transfer(dev, req, &bytes);
    if (err != 0) {
        finish(req, err);
        return;
    }
    bool write = req->op == BLK_WRITE;
    count(write ? &dev->writes : &dev->reads, 1);
    count(write ? &dev->sectors_written : &dev->sectors_read,
          bytes / SECTOR_SIZE);
    dev->ops->submit(dev, req);
}

void
blockdev_kick(struct blockdev *dev)
{
    if (dev->ops->kick != NULL)
        dev->ops->kick(dev);
}

/* ---- Waiting transfers ---- */

struct piece {
    struct blkreq req;
    struct blkvec vec;
    struct completion done;
    bool under_way;
};

static void
piece_done(struct blkreq *req)
{
    struct piece *piece = req->context;
    completion_signal(&piece->done);
}

static void
piece_start(struct blockdev *dev, struct piece *piece, enum blk_op op,
            uint64_t sector, void *buf, size_t n)
{
    piece->vec = (struct blkvec){buf, n};
    piece->req = (struct blkreq){
        .op = op,
        .sector = sector,
        .vec = &piece->vec,
        .nvec = n > 0 ? 1 : 0,
        .done = piece_done,
        .context = piece,
    };
    piece->under_way = true;
    completion_init(&piece->done);
    blockdev_submit(dev, &piece->req);
}

/* Returns the status of a piece that was under way, else 0. */
static int
piece_wait(struct piece *piece)
{
    if (!piece->under_way)
        return 0;
    completion_wait(&piece->done);
    piece->under_way = false;
    return piece->req.status;
}

int
blockdev_transfer(struct blockdev *dev, enum blk_op op, uint64_t sector,
                  void *buf, size_t n)
{
    struct piece pieces[PIECES];
    for (unsigned i = 0; i < PIECES; i++)
        pieces[i].under_way = false;
    char *at = buf;
    unsigned next = 0;
    int err = 0;

    /* A piece is started where the oldest one has come back; the first
     * error ends it, once the others are back. */
    bool more = op == BLK_FLUSH || n > 0;
    while (more && err == 0) {
        size_t len = MIN(n, dev->max_bytes);
        piece_start(dev, &pieces[next], op, sector, at, len);
        at += len;
        sector += len / SECTOR_SIZE;
        n -= len;
        more = n > 0;
        next = (next + 1) % PIECES;
        if (more && pieces[next].under_way) {
            blockdev_kick(dev);
            err = piece_wait(&pieces[next]);
        }
    }
    blockdev_kick(dev);
    for (unsigned i = 0; i < PIECES; i++) {
        int status = piece_wait(&pieces[(next + i) % PIECES]);
        if (err == 0)
            err = status;
    }
    return err;
}
