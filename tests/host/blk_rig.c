#include "blk_rig.h"

#include "abi/errno.h"
#include "kernel_shim.h"
#include "mm/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct virtio_driver *const virtio_drivers[] = {&virtio_blk_driver, NULL};

const struct variant variants[VARIANTS] = {
    {2, 0}, {2, VIRTIO_F_INDIRECT_DESC}, {2, VIRTIO_F_EVENT_IDX}, {2, RINGS},
    {1, 0}, {1, VIRTIO_F_INDIRECT_DESC}, {1, VIRTIO_F_EVENT_IDX}, {1, RINGS},
};

unsigned blk_rig_kept;

void
frame_ref(void *frame UNUSED)
{
    blk_rig_kept++;
}

static unsigned
count_disks(struct blockdev **last)
{
    unsigned n = 0;
    for (struct blockdev *d = blockdev_next(NULL); d; d = blockdev_next(d)) {
        *last = d;
        n++;
    }
    return n;
}

struct blockdev *
blk_rig_attach(struct model *m)
{
    struct blockdev *disk = NULL;
    unsigned before = count_disks(&disk);
    shim_log_clear();
    blk_rig_kept = 0;
    return model_probe(m) && count_disks(&disk) > before ? disk : NULL;
}

struct model *
blk_rig_model(uint32_t version, uint64_t features, size_t size)
{
    struct model *m = model_new(version, VIRTIO_ID_BLOCK, features);
    model_make_disk(m, size);
    return m;
}

struct blockdev *
blk_rig_new(struct model **m, uint32_t version, uint64_t features, size_t size)
{
    *m = blk_rig_model(version, features, size);
    struct blockdev *disk = blk_rig_attach(*m);
    assert_non_null(disk);
    return disk;
}

void
blk_rig_finish(struct blockdev *disk)
{
    struct blk *blk = disk->driver;
    for (unsigned i = 0; i < blk->nqueues; i++) {
        assert_true(list_is_empty(&blk->queues[i].waiting));
        assert_int_equal(blk->queues[i].vq.in_flight, 0);
    }
    shim_run_timers(shim_now + 2000000000);
    assert_int_equal(shim_timers_set(), 0);
    model_free_all();
}

static void
io_done(struct blkreq *req)
{
    struct io *io = req->context;
    io->done++;
}

struct io *
io_new(enum blk_op op, uint64_t sector, unsigned n, size_t len)
{
    struct io *io = test_calloc(1, sizeof(*io));
    io->data = test_malloc(n * len + 1);
    io->len = n * len;
    for (size_t i = 0; i < io->len; i++)
        io->data[i] = op == BLK_WRITE ? (uint8_t)(sector * 31 + i) : 0xdd;
    for (unsigned i = 0; i < n; i++)
        io->vec[i] = (struct blkvec){io->data + i * len, len};
    io->req = (struct blkreq){
        .op = op,
        .sector = sector,
        .vec = io->vec,
        .nvec = n,
        .done = io_done,
        .context = io,
        .status = 1,
    };
    return io;
}

void
io_free(struct io *io)
{
    test_free(io->data);
    test_free(io);
}

void
io_wait(struct io **ios, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        while (ios[i]->done == 0)
            model_run_all(true);
    model_run_all(false);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(ios[i]->done, 1);
}

int
io_run(struct blockdev *disk, struct io *io)
{
    blockdev_submit(disk, &io->req);
    blockdev_kick(disk);
    io_wait(&io, 1);
    return io->req.status;
}

void
io_check_read(const struct io *io)
{
    for (size_t i = 0; i < io->len; i++)
        assert_int_equal(io->data[i],
                         model_disk_byte(io->req.sector * 512 + i));
}

void
blk_rig_check_works(struct blockdev *disk)
{
    struct io *io = io_new(BLK_READ, 3, 1, 1024);
    assert_int_equal(io_run(disk, io), 0);
    io_check_read(io);
    io_free(io);
}

void
blk_rig_check_dead(struct blockdev *disk)
{
    struct io *io = io_new(BLK_READ, 3, 1, 1024);
    blockdev_submit(disk, &io->req);
    assert_int_equal(io->done, 1);
    assert_int_equal(io->req.status, -EIO);
    blockdev_kick(disk);
    assert_int_equal(shim_log_count("given up; all its requests fail"), 1);
    io_free(io);
}

void
blk_rig_many(struct blockdev *disk, struct model *m, unsigned n)
{
    struct io *ios[400];
    for (unsigned i = 0; i < n; i++) {
        bool write = i % 3 == 0;
        ios[i] = io_new(write ? BLK_WRITE : BLK_READ, 16 * i, 1 + i % 9, 512);
        blockdev_submit(disk, &ios[i]->req);
    }
    blockdev_kick(disk);
    io_wait(ios, n);
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(ios[i]->req.status, 0);
        if (ios[i]->req.op == BLK_READ)
            io_check_read(ios[i]);
        else
            assert_memory_equal(m->disk + ios[i]->req.sector * 512,
                                ios[i]->data, ios[i]->len);
        io_free(ios[i]);
    }
}

void
blk_rig_idle(void)
{
    model_run_all(true);
}
