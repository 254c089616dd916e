#include "fs/blockio.h"

#include "fs/bcache.h"
#include "mm/slab.h"

#define VEC_MAX       64u /* blocks of one request: 256 KiB */
#define BLOCK_SECTORS (BLOCK_SIZE / SECTOR_SIZE)

struct blockio_request {
    struct blkreq req;
    uint64_t next; /* the block that may be added */
    struct blkvec vec[VEC_MAX];
};

void
blockio_init(struct blockio *io, struct blockdev *dev, enum blk_op op)
{
    *io = (struct blockio){.dev = dev, .op = op};
    spin_init(&io->lock, "blockio", RANK_COMPLETION);
    waitq_init(&io->waitq);
}

static void
note_status(struct blockio *io, int status) REQUIRES(io->lock)
{
    if (!io->status)
        io->status = status;
}

/* Any context. The waiter may return, and io be gone, as soon as the lock is
 * free. */
static void
request_done(struct blkreq *req)
{
    struct blockio *io = req->context;

    spin_lock(&io->lock);
    note_status(io, req->status);
    if (--io->pending == 0)
        waitq_wake_all(&io->waitq);
    spin_unlock(&io->lock);
    kfree(container_of(req, struct blockio_request, req));
}

/* Starts the open request, if there is one. */
static void
start_open(struct blockio *io)
{
    struct blockio_request *request = io->open;

    if (!request)
        return;
    io->open = NULL;
    spin_lock(&io->lock);
    io->pending++;
    spin_unlock(&io->lock);
    blockdev_submit(io->dev, &request->req);
    blockdev_kick(io->dev);
}

static struct blockio_request *
open_request(struct blockio *io, uint64_t block)
{
    struct blockio_request *request = kmalloc(sizeof *request);

    if (!request)
        return NULL;
    request->next = block;
    request->req = (struct blkreq){
        .op = io->op,
        .sector = block * BLOCK_SECTORS,
        .vec = request->vec,
        .done = request_done,
        .context = io,
    };
    io->open = request;
    return request;
}

static void
move_alone(struct blockio *io, uint64_t block, void *page)
{
    int err = blockdev_transfer(io->dev, io->op, block * BLOCK_SECTORS, page,
                                BLOCK_SIZE);
    spin_guard(&io->lock);
    note_status(io, err);
}

void
blockio_add(struct blockio *io, uint64_t block, void *page)
{
    const struct blockdev *dev = io->dev;
    size_t limit = MIN(dev->max_vec, dev->max_bytes / BLOCK_SIZE);

    if (io->open && io->open->next != block)
        start_open(io);
    struct blockio_request *request = io->open;
    if (!request)
        request = open_request(io, block);
    if (!request) {
        move_alone(io, block, page);
        return;
    }
    request->vec[request->req.nvec++] = (struct blkvec){page, BLOCK_SIZE};
    request->next++;
    if (request->req.nvec >= MIN(limit, VEC_MAX))
        start_open(io);
}

int
blockio_wait(struct blockio *io)
{
    start_open(io);
    spin_guard(&io->lock);
    while (io->pending > 0)
        waitq_sleep(&io->waitq, &io->lock);
    return io->status;
}
