// The disk driver, the entropy driver, the handshake and blockdev, against a
// model of a device.
//
// SOURCES: kernel/virtio/virtq.c kernel/virtio/mmio.c
// SOURCES: kernel/virtio/transport.c kernel/virtio/driver.c
// SOURCES: kernel/virtio/drivers.c kernel/virtio/blk.c
// SOURCES: kernel/virtio/blk_queue.c kernel/virtio/blk_recovery.c
// SOURCES: kernel/virtio/rng.c kernel/dev/blockdev.c mkfs/host_kernel.c
// SOURCES: tests/host/kernel_shim.c tests/host/virtio_model.c
// CFLAGS: -iquote tests/host/include
// LIBS: -Wl,--wrap=print -Wl,--wrap=kmalloc -Wl,--wrap=kzalloc

#include "virtio_model.h"

#include "abi/errno.h"
#include "arch/layout.h"
#include "host_kernel.h"
#include "kernel_shim.h"
#include "mm/slab.h"
#include "virtio/blk.h"
#include "virtio/mmio.h"
#include "virtio/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KIB   1024u
#define MIB   (1024u * KIB)
#define RINGS (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX)

struct variant {
    uint32_t version;
    uint64_t features;
};

static const struct variant variants[] = {
    {2, 0}, {2, VIRTIO_F_INDIRECT_DESC}, {2, VIRTIO_F_EVENT_IDX}, {2, RINGS},
    {1, 0}, {1, VIRTIO_F_INDIRECT_DESC}, {1, VIRTIO_F_EVENT_IDX}, {1, RINGS},
};

#define for_each_variant(v)                  \
    for (const struct variant *v = variants; \
         v < variants + ARRAY_LEN(variants); v++)

/* ---- Disks and requests ---- */

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

/* Brings the disk up. Returns it, or NULL if it is not one for the kernel. */
static struct blockdev *
attach(struct model *m)
{
    struct blockdev *disk = NULL;
    unsigned before = count_disks(&disk);
    shim_log_clear();
    return model_probe(m) && count_disks(&disk) > before ? disk : NULL;
}

static struct model *
new_model(uint32_t version, uint64_t features, size_t size)
{
    struct model *m = model_new(version, VIRTIO_ID_BLOCK, features);
    model_make_disk(m, size);
    return m;
}

static struct blockdev *
new_disk(struct model **m, uint32_t version, uint64_t features, size_t size)
{
    *m = new_model(version, features, size);
    struct blockdev *disk = attach(*m);
    assert_non_null(disk);
    return disk;
}

/* Also fails a disk that has kept a request, or a timer. */
static void
finish(struct blockdev *disk)
{
    struct blk *blk = disk->driver;
    for (unsigned i = 0; i < blk->nqueues; i++) {
        assert_true(list_is_empty(&blk->queues[i].busy));
        assert_true(list_is_empty(&blk->queues[i].waiting));
        assert_int_equal(virtq_in_flight(&blk->queues[i].vq), 0);
    }
    shim_run_timers(shim_now + 2000000000);
    assert_int_equal(shim_timers_set(), 0);
    model_free_all();
}

struct io {
    struct blkreq req;
    struct blkvec vec[BLK_SEGMENTS_MAX];
    uint8_t *data;
    size_t len;
    unsigned done;
    unsigned order;
};

static unsigned ios_done;

static void
io_done(struct blkreq *req)
{
    struct io *io = req->context;
    io->done++;
    io->order = ios_done++;
}

/* A request of n pieces of len bytes each. */
static struct io *
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

static void
io_free(struct io *io)
{
    test_free(io->data);
    test_free(io);
}

/* Runs the devices until all requests are done. */
static void
io_wait(struct io **ios, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        while (ios[i]->done == 0)
            model_run_all(true);
    model_run_all(false);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(ios[i]->done, 1);
}

static int
io_run(struct blockdev *disk, struct io *io)
{
    blockdev_submit(disk, &io->req);
    blockdev_kick(disk);
    io_wait(&io, 1);
    return io->req.status;
}

static void
check_read(const struct io *io)
{
    for (size_t i = 0; i < io->len; i++)
        assert_int_equal(io->data[i],
                         model_disk_byte(io->req.sector * 512 + i));
}

/* A read that must succeed, to show that the disk works. */
static void
check_works(struct blockdev *disk)
{
    struct io *io = io_new(BLK_READ, 3, 1, 1024);
    assert_int_equal(io_run(disk, io), 0);
    check_read(io);
    io_free(io);
}

static void
check_dead(struct blockdev *disk)
{
    struct io *io = io_new(BLK_READ, 3, 1, 1024);
    blockdev_submit(disk, &io->req);
    assert_int_equal(io->done, 1);
    assert_int_equal(io->req.status, -EIO);
    blockdev_kick(disk);
    assert_int_equal(shim_log_count("given up; all its requests fail"), 1);
    io_free(io);
}

/* ---- Transfers ---- */

static void
test_transfers(void **state UNUSED)
{
    static const size_t sizes[] = {512,       1024, 4096,      64 * KIB,
                                   MIB - 512, MIB,  MIB + 512, 7 * MIB + 1536};
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = new_disk(&m, v->version, v->features, 8 * MIB);
        assert_int_equal(disk->sectors, 16384);
        uint8_t *data = test_malloc(8 * MIB);
        for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
            size_t n = sizes[i];
            uint64_t sector = i * 5;
            m->order = (enum model_order)(i % 3);
            memset(data, 0xdd, n);
            assert_int_equal(blockdev_transfer(disk, BLK_READ, sector, data, n),
                             0);
            for (size_t b = 0; b < n; b++)
                if (data[b] != model_disk_byte(sector * 512 + b))
                    fail_msg("byte %zu of %zu", b, n);
            for (size_t b = 0; b < n; b++)
                data[b] = (uint8_t)~data[b];
            assert_int_equal(
                blockdev_transfer(disk, BLK_WRITE, sector, data, n), 0);
            assert_memory_equal(m->disk + sector * 512, data, n);
            for (size_t b = 0; b < n; b++)
                m->disk[sector * 512 + b] = (uint8_t)~data[b];
        }
        test_free(data);
        finish(disk);
    }
}

static void
test_transfer_keeps_several_in_flight(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = new_disk(&m, 2, RINGS, 8 * MIB);
    uint8_t *data = test_malloc(4 * MIB);
    unsigned before = m->notifications;
    assert_int_equal(blockdev_transfer(disk, BLK_READ, 0, data, 4 * MIB), 0);
    assert_int_equal(disk->reads, 4);
    assert_int_equal(disk->sectors_read, 8192);
    assert_int_equal(m->notifications, before + 1); /* all four at once */
    test_free(data);
    finish(disk);
}

static void
test_transfer_fails_as_its_pieces(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = new_disk(&m, 2, RINGS, 8 * MIB);
    uint8_t *data = test_malloc(8 * MIB);
    assert_int_equal(blockdev_transfer(disk, BLK_READ, 0, data, 0), 0);
    assert_int_equal(blockdev_transfer(disk, BLK_READ, 0, data, 100), -EINVAL);
    assert_int_equal(blockdev_transfer(disk, BLK_READ, 1, data, 8 * MIB),
                     -EINVAL);
    m->disk_size = 4 * MIB;
    assert_int_equal(blockdev_transfer(disk, BLK_READ, 0, data, 8 * MIB), -EIO);
    test_free(data);
    finish(disk);
}

/* ---- Many requests at once ---- */

static void
many(struct blockdev *disk, struct model *m, unsigned n)
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
            check_read(ios[i]);
        else
            assert_memory_equal(m->disk + ios[i]->req.sector * 512,
                                ios[i]->data, ios[i]->len);
        io_free(ios[i]);
    }
}

static void
test_in_flight_in_any_order(void **state UNUSED)
{
    for_each_variant(v)
    {
        for (enum model_order order = ORDER_FIFO; order <= ORDER_SHUFFLED;
             order++) {
            struct model *m;
            struct blockdev *disk =
                new_disk(&m, v->version, v->features, 4 * MIB);
            m->order = order;
            many(disk, m, 40);
            finish(disk);
        }
    }
}

static void
test_waiting_for_room(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m = new_model(v->version, v->features, 4 * MIB);
        m->queues[0].max = 16;
        struct blockdev *disk = attach(m);
        assert_non_null(disk);
        m->order = ORDER_SHUFFLED;
        many(disk, m, 400);
        finish(disk);
    }
}

/* At least 32 are with the device itself, not merely with the driver. */
static void
test_depth(void **state UNUSED)
{
    struct model *m = new_model(2, RINGS, 4 * MIB);
    m->queues[0].max = 256;
    struct blockdev *disk = attach(m);
    struct io *ios[200];
    unsigned before = m->takes;
    m->asleep = true;
    for (unsigned i = 0; i < 200; i++) {
        ios[i] = io_new(BLK_READ, i, 3, 512);
        blockdev_submit(disk, &ios[i]->req);
    }
    unsigned bells = m->notifications;
    blockdev_kick(disk);
    assert_int_equal(m->notifications, bells + 1);
    model_run_all(false);
    assert_int_equal(m->takes - before, 128);
    m->asleep = false;
    io_wait(ios, 200);
    for (unsigned i = 0; i < 200; i++) {
        check_read(ios[i]);
        io_free(ios[i]);
    }
    finish(disk);
}

static void
test_one_interrupt_for_many(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = new_disk(&m, 2, RINGS, 4 * MIB);
    unsigned before = m->interrupts;
    many(disk, m, 30);
    assert_int_equal(m->interrupts, before + 1);
    finish(disk);
}

static void
test_queues_of_harts(void **state UNUSED)
{
    for (unsigned harts = 1; harts <= 10; harts += 3) {
        struct model *m = new_model(2, RINGS | VIRTIO_BLK_F_MQ, 4 * MIB);
        struct io *ios[40];
        for (unsigned i = 0; i < MODEL_QUEUES; i++)
            m->queues[i].max = 64;
        model_config16(m, 34, 5);
        host_cpu_count = harts;
        struct blockdev *disk = attach(m);
        assert_non_null(disk);
        unsigned nqueues = harts < 5 ? harts : 5;
        for (unsigned i = 0; i < 40; i++) {
            host_cpu.index = i % harts;
            ios[i] = io_new(BLK_READ, i, 1, 512);
            blockdev_submit(disk, &ios[i]->req);
        }
        host_cpu.index = 0; /* where the thread has moved meanwhile */
        blockdev_kick(disk);
        for (unsigned i = 0; i < MODEL_QUEUES; i++)
            assert_int_equal(m->queues[i].notified, i < nqueues);
        io_wait(ios, 40);
        for (unsigned i = 0; i < 40; i++) {
            check_read(ios[i]);
            io_free(ios[i]);
        }
        host_cpu_count = 1;
        finish(disk);
    }
}

/* ---- Pieces of memory ---- */

static void
check_pieces(uint64_t features, uint32_t seg_max, uint32_t size_max,
             unsigned max_vec, size_t max_bytes)
{
    struct model *m = new_model(2, features, 4 * MIB);
    m->queues[0].max = 128;
    model_config32(m, 8, size_max);
    model_config32(m, 12, seg_max);
    struct blockdev *disk = attach(m);
    assert_non_null(disk);
    assert_int_equal(disk->max_vec, max_vec);
    assert_int_equal(disk->max_bytes, max_bytes);

    /* As many pieces as there may be, as many bytes as there may be. */
    for (unsigned n = 1; n <= max_vec; n++) {
        size_t len = ALIGN_DOWN(max_bytes / n, 512);
        if (len == 0)
            break;
        struct io *io = io_new(BLK_READ, n, n, len);
        assert_int_equal(io_run(disk, io), 0);
        check_read(io);
        io_free(io);
    }
    finish(disk);
}

static void
test_pieces(void **state UNUSED)
{
    const uint64_t seg = RINGS | VIRTIO_BLK_F_SEG_MAX;
    const uint64_t both = seg | VIRTIO_BLK_F_SIZE_MAX;
    check_pieces(RINGS, 0, 0, 62, MIB);
    check_pieces(seg, 1, 0, 1, MIB);
    check_pieces(seg, 2, 0, 2, MIB);
    check_pieces(seg, 126, 0, 62, MIB);
    check_pieces(seg, 0xffffffff, 0, 62, MIB);
    check_pieces(both, 10, 4096, 5, 5 * 4096);
    check_pieces(both, 11, 4096, 6, 5 * 4096);
    check_pieces(both, 1, 4096, 1, 4096);
    check_pieces(both, 2, 512, 1, 512);
    check_pieces(both, 62, 1000, 31, 31 * 512);
    check_pieces(both, 126, 65536, 31, MIB);
    check_pieces(both, 126, 0xffffffff, 62, MIB);
    check_pieces(VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_SIZE_MAX, 126, 4096, 31,
                 31 * 4096);
}

/* A small ring limits the pieces, too. */
static void
test_small_ring(void **state UNUSED)
{
    for (unsigned max = 1; max <= 8; max *= 2) {
        for (unsigned indirect = 0; indirect <= 1; indirect++) {
            struct model *m =
                new_model(2, indirect ? VIRTIO_F_INDIRECT_DESC : 0, 4 * MIB);
            m->queues[0].max = max;
            struct blockdev *disk = attach(m);
            if (max < 3) {
                assert_null(disk);
                assert_int_equal(shim_log_count("is too small"), 1);
                model_free_all();
                continue;
            }
            assert_non_null(disk);
            assert_int_equal(disk->max_vec, max - 2);
            many(disk, m, 1);
            check_works(disk);
            finish(disk);
        }
    }
}

/* ---- Requests that never reach the device ---- */

static void
check_refused(struct blockdev *disk, struct model *m, struct io *io, int err)
{
    unsigned before = m->takes;
    blockdev_submit(disk, &io->req);
    assert_int_equal(io->done, 1);
    assert_int_equal(io->req.status, err);
    blockdev_kick(disk);
    model_run_all(false);
    assert_int_equal(m->takes, before);
    io_free(io);
}

static void
test_refused_requests(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = new_disk(&m, 2, RINGS, MIB);
    check_refused(disk, m, io_new(BLK_READ, 2047, 1, 1024), -EINVAL);
    check_refused(disk, m, io_new(BLK_READ, 2048, 1, 512), -EINVAL);
    check_refused(disk, m, io_new(BLK_READ, UINT64_MAX, 1, 512), -EINVAL);
    check_refused(disk, m, io_new(BLK_WRITE, UINT64_MAX - 1, 2, 512), -EINVAL);
    check_refused(disk, m, io_new(BLK_READ, 0, 0, 512), -EINVAL);
    check_refused(disk, m, io_new(BLK_READ, 0, 1, 513), -EINVAL);
    check_refused(disk, m, io_new(BLK_READ, 0, 1, 0), -EINVAL);
    check_refused(disk, m, io_new(BLK_READ, 0, 3, 512 * 1024), -EINVAL);
    struct io *io = io_new(BLK_READ, 0, 1, 512);
    io->req.nvec = 63;
    check_refused(disk, m, io, -EINVAL);
    io = io_new(BLK_READ, 0, 2, 512);
    io->vec[0].len = io->vec[1].len = (size_t)1 << 63;
    check_refused(disk, m, io, -EINVAL);
    finish(disk);
}

static void
test_read_only(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = new_disk(&m, 2, RINGS | VIRTIO_BLK_F_RO, MIB);
    assert_true(disk->read_only);
    assert_int_equal(shim_log_count(", read-only"), 1);
    check_refused(disk, m, io_new(BLK_WRITE, 0, 1, 512), -EROFS);
    check_works(disk);
    finish(disk);
}

static void
test_flush(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = new_disk(&m, 2, RINGS | VIRTIO_BLK_F_FLUSH, MIB);
    assert_int_equal(blockdev_transfer(disk, BLK_FLUSH, 0, NULL, 0), 0);
    assert_int_equal(m->flushes, 1);
    m->blk_answer = VIRTIO_BLK_S_UNSUPP;
    assert_int_equal(blockdev_transfer(disk, BLK_FLUSH, 0, NULL, 0),
                     -EOPNOTSUPP);
    finish(disk);

    /* Nothing to flush, so nothing is asked. */
    disk = new_disk(&m, 2, RINGS, MIB);
    unsigned before = m->takes;
    assert_int_equal(blockdev_transfer(disk, BLK_FLUSH, 0, NULL, 0), 0);
    assert_int_equal(m->takes, before);
    finish(disk);
}

/* ---- What a disk says about itself ---- */

static void
test_names(void **state UNUSED)
{
    static const struct {
        unsigned index;
        const char *name;
    } names[] = {
        {0, "vda"},       {1, "vdb"},        {25, "vdz"},   {26, "vdaa"},
        {51, "vdaz"},     {52, "vdba"},      {701, "vdzz"}, {702, "vdaaa"},
        {18277, "vdzzz"}, {18278, "vdaaaa"},
    };
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        char name[16];
        blk_format_name(names[i].index, name, sizeof(name));
        assert_string_equal(name, names[i].name);
    }
}

static void
test_serial_and_boot_lines(void **state UNUSED)
{
    struct model *m = new_model(2, RINGS | VIRTIO_BLK_F_BLK_SIZE, 64 * MIB);
    model_config32(m, 20, 4096);
    struct blockdev *disk = attach(m);
    assert_string_equal(disk->serial, "model-0123");
    assert_int_equal(disk->block_size, 4096);
    assert_int_equal(
        shim_log_count(
            ": 64 MiB, 4096-byte blocks, serial model-0123, 1 queue"),
        1);
    assert_int_equal(
        shim_log_count(": blk, 64 descriptors, indirect, event idx, irq "), 1);
    assert_ptr_equal(blockdev_find(disk->name), disk);
    assert_null(blockdev_find("vd"));
    finish(disk);

    /* Without one, and without a word about it. */
    m = new_model(1, 0, MIB);
    m->blk_knows_id = false;
    disk = attach(m);
    assert_string_equal(disk->serial, "");
    assert_int_equal(shim_log_count("1024 KiB, 512-byte blocks, 1 queue"), 1);
    assert_int_equal(shim_log_count(": blk, 64 descriptors, legacy, irq "), 1);
    finish(disk);
}

/* A disk whose configuration makes no sense is given up, and told so. */
static void
check_bad_config(unsigned offset, unsigned width, uint64_t value,
                 const char *says)
{
    struct model *m =
        new_model(2,
                  RINGS | VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX |
                      VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_MQ,
                  MIB);
    model_config32(m, 8, 65536);
    model_config32(m, 12, 16);
    model_config32(m, 20, 512);
    model_config16(m, 34, 1);
    memcpy(m->config + offset, &value, width);
    assert_null(attach(m));
    assert_int_equal(shim_log_count(says), 1);
    assert_int_equal(shim_log_count("given up, error -5"), 1);
    assert_int_equal(m->status, VIRTIO_STATUS_FAILED);
    model_free_all();
}

static void
test_bad_configurations(void **state UNUSED)
{
    check_bad_config(0, 8, UINT64_MAX, "capacity 18446744073709551615 makes");
    check_bad_config(0, 8, 1ull << 55, "capacity 36028797018963968 makes");
    check_bad_config(8, 4, 0, "size_max 0 makes");
    check_bad_config(8, 4, 511, "size_max 511 makes");
    check_bad_config(12, 4, 0, "seg_max 0 makes");
    check_bad_config(20, 4, 0, "blk_size 0 makes");
    check_bad_config(20, 4, 256, "blk_size 256 makes");
    check_bad_config(20, 4, 1000, "blk_size 1000 makes");
    check_bad_config(34, 2, 0, "num_queues 0 makes");
}

static void
test_config_that_does_not_keep_still(void **state UNUSED)
{
    struct model *m = new_model(2, RINGS, MIB);
    m->config_churn = 1000000;
    assert_null(attach(m));
    assert_int_equal(shim_log_count("cannot read the configuration"), 1);
    model_free_all();

    m = new_model(2, RINGS, MIB);
    m->config_size = 4;
    assert_null(attach(m));
    assert_int_equal(shim_log_count("cannot read the configuration"), 1);
    model_free_all();
}

static void
test_capacity_changes(void **state UNUSED)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct model *m;
        struct blockdev *disk = new_disk(&m, version, RINGS, MIB);
        struct io *io = io_new(BLK_READ, 1500, 1, 512);
        blockdev_submit(disk, &io->req);
        model_config64(m, 0, 1000);
        model_change_config(m);
        assert_int_equal(
            shim_log_count("capacity changed from 2048 to 1000 sectors"), 1);
        blockdev_kick(disk);
        io_wait(&io, 1); /* under way when it happened: the device's say */
        assert_int_equal(io->req.status, 0);
        io_free(io);
        check_refused(disk, m, io_new(BLK_READ, 1000, 1, 512), -EINVAL);
        check_works(disk);

        model_config64(m, 0, 2048);
        model_change_config(m);
        io = io_new(BLK_READ, 1500, 1, 512);
        assert_int_equal(io_run(disk, io), 0);
        io_free(io);

        shim_log_clear();
        model_change_config(m); /* nothing has changed */
        assert_string_equal(shim_log(), "");
        model_config64(m, 0, UINT64_MAX); /* nonsense is not believed */
        model_change_config(m);
        assert_int_equal(disk->sectors, 2048);
        assert_int_equal(shim_log_count("makes no sense"), 1);
        finish(disk);
    }
}

/* ---- The handshake ---- */

static void
test_features(void **state UNUSED)
{
    /* Everything is offered; what we do not know is not accepted. */
    struct model *m = new_model(2, ~0ull, MIB);
    model_config32(m, 8, 65536);
    model_config32(m, 12, 16);
    model_config32(m, 20, 512);
    model_config16(m, 34, 1);
    struct blockdev *disk = attach(m);
    assert_non_null(disk);
    uint64_t known = RINGS | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM |
                     VIRTIO_F_ORDER_PLATFORM | virtio_blk_driver.features;
    assert_true(m->accepted == known);
    finish(disk);

    m = new_model(1, 0xffffffff, MIB);
    model_config32(m, 8, 65536);
    model_config32(m, 12, 16);
    model_config32(m, 20, 512);
    model_config16(m, 34, 1);
    disk = attach(m);
    assert_true(m->accepted ==
                (RINGS | VIRTIO_F_ANY_LAYOUT | virtio_blk_driver.features));
    finish(disk);
}

static void
test_handshakes_that_fail(void **state UNUSED)
{
    struct model *m = new_model(2, RINGS, MIB);
    m->refuses_features = true;
    assert_null(attach(m));
    assert_int_equal(shim_log_count("does not accept features"), 1);
    assert_int_equal(m->status, VIRTIO_STATUS_FAILED);

    m = new_model(2, RINGS, MIB);
    m->offered = RINGS;
    assert_null(attach(m));
    assert_int_equal(shim_log_count("without VIRTIO_F_VERSION_1"), 1);

    m = new_model(2, RINGS, MIB);
    m->refuses_reset = true;
    m->status = 4;
    assert_null(attach(m));
    assert_int_equal(shim_log_count("does not reset, status 0x4"), 1);

    m = new_model(2, RINGS, MIB);
    m->queues[0].max = 0;
    assert_null(attach(m));
    assert_int_equal(shim_log_count("queue 0: error -2"), 1);

    m = new_model(1, RINGS, MIB);
    m->refuses_queues = true;
    assert_null(attach(m));
    assert_int_equal(shim_log_count("queue 0: error -5"), 1);

    m = new_model(2, RINGS, MIB);
    shim_log_clear();
    assert_true(virtio_mmio_probe_slot(m->regs, 0x200, 0));
    assert_int_equal(shim_log_count("has no interrupt"), 1);
    assert_int_equal(shim_log_count("given up, error -6"), 1);
    model_free_all();
}

static void
test_memory_runs_out(void **state UNUSED)
{
    unsigned failures = 0;
    for (unsigned i = 1;; i++) {
        struct model *m = new_model(2, RINGS, MIB);
        shim_fail_alloc = i;
        struct blockdev *disk = attach(m);
        bool all = shim_fail_alloc > 0;
        shim_fail_alloc = 0;
        if (disk != NULL) {
            check_works(disk);
            finish(disk);
        } else {
            failures++;
            model_free_all();
        }
        if (all)
            break;
    }
    assert_true(failures >= 7);
}

/* ---- Answers ---- */

static void
test_statuses(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = new_disk(&m, v->version, v->features, MIB);
        static const struct {
            enum model_lie lie;
            uint8_t answer;
            int err;
        } cases[] = {
            {LIE_NONE, VIRTIO_BLK_S_OK, 0},
            {LIE_NONE, VIRTIO_BLK_S_IOERR, -EIO},
            {LIE_NONE, VIRTIO_BLK_S_UNSUPP, -EOPNOTSUPP},
            {LIE_NONE, 3, -EIO},
            {LIE_STATUS_NONE, VIRTIO_BLK_S_OK, -EIO},
            {LIE_STATUS_WILD, VIRTIO_BLK_S_OK, -EIO},
        };
        for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
            struct io *io = io_new(i % 2 ? BLK_WRITE : BLK_READ, 8, 2, 512);
            uint64_t errors = disk->errors;
            m->lie = cases[i].lie;
            m->blk_answer = cases[i].answer;
            assert_int_equal(io_run(disk, io), cases[i].err);
            assert_int_equal(disk->errors, errors + (cases[i].err != 0));
            io_free(io);
            m->blk_answer = VIRTIO_BLK_S_OK;
        }
        assert_int_equal(shim_log_count("for a request at sector 8"), 3);
        check_works(disk);
        finish(disk);
    }
}

/* "OK", says the status; "I wrote nothing", says the length. */
static void
test_short_answers(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = new_disk(&m, v->version, v->features, MIB);
        struct io *io = io_new(BLK_READ, 8, 2, 512);
        m->lie = LIE_LEN_ZERO;
        assert_int_equal(io_run(disk, io), v->version == 1 ? 0 : -EIO);
        assert_int_equal(shim_log_count("0 of 1025 bytes written"),
                         v->version == 1 ? 0 : 1);
        io_free(io);
        check_works(disk);
        finish(disk);
    }
}

/* ---- Lies that break the queue ---- */

static void
check_lie(const struct variant *v, enum model_lie lie)
{
    struct model *m;
    struct blockdev *disk = new_disk(&m, v->version, v->features, 4 * MIB);
    struct io *ios[30];
    unsigned failed = 0, resets = m->resets;
    m->order = ORDER_SHUFFLED;
    m->lie = lie;
    m->lie_after = 7;
    for (unsigned i = 0; i < 30; i++) {
        ios[i] = io_new(BLK_READ, 8 * i, 1 + i % 4, 512);
        blockdev_submit(disk, &ios[i]->req);
    }
    blockdev_kick(disk);
    io_wait(ios, 30);
    for (unsigned i = 0; i < 30; i++) {
        if (ios[i]->req.status == 0)
            check_read(ios[i]);
        else
            assert_int_equal(ios[i]->req.status, -EIO);
        failed += ios[i]->req.status != 0;
        io_free(ios[i]);
    }
    assert_true(failed > 0);
    assert_int_equal(shim_log_count("queue 0 is broken: "), 1);
    assert_int_equal(m->resets, resets + 1); /* it must let memory go */
    assert_int_equal(m->status, VIRTIO_STATUS_FAILED);
    check_dead(disk);
    finish(disk);
}

static void
test_lies(void **state UNUSED)
{
    static const enum model_lie lies[] = {
        LIE_IDX_JUMPS,  LIE_IDX_ONE_EXTRA, LIE_ID_SIZE,  LIE_ID_HUGE,
        LIE_ID_WRAPPED, LIE_ID_FREE,       LIE_ID_TWICE,
    };
    for_each_variant(v)
    {
        for (unsigned i = 0; i < ARRAY_LEN(lies); i++)
            check_lie(v, lies[i]);
        if (!(v->features & VIRTIO_F_INDIRECT_DESC))
            check_lie(v, LIE_ID_NOT_HEAD);
        if (v->version == 2) {
            check_lie(v, LIE_LEN_ONE_MORE);
            check_lie(v, LIE_LEN_HUGE);
        }
    }
}

/* Used again after it has come back, with nothing else in flight. */
static void
test_completed_twice(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = new_disk(&m, v->version, v->features, MIB);
        check_works(disk);
        struct model_queue *q = &m->queues[0];
        uint8_t *used = phys_to_virt(q->device);
        uint32_t again[2] = {q->last_head, 1};
        memcpy(used + 4 + 8 * (q->used_idx % q->num), again, 8);
        q->used_idx++;
        memcpy(used + 2, &q->used_idx, 2);
        struct blk *blk = disk->driver;
        virtio_blk_driver.irq(blk->dev);
        assert_int_equal(shim_log_count("1 buffers used, 0 in flight"), 1);
        check_dead(disk);
        finish(disk);
    }
}

static void
test_memory_we_share_is_not_read_back(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = new_disk(&m, v->version, v->features, MIB);
        for (unsigned i = 0; i < 100; i++) {
            m->lie = LIE_SCRIBBLE;
            check_works(disk);
        }
        assert_int_equal(shim_log_count("broken"), 0);
        finish(disk);
    }
}

/* ---- Silence ---- */

static void
test_lost_interrupt(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = new_disk(&m, v->version, v->features, MIB);
        unsigned resets = m->resets;
        m->mute = true;
        uint64_t before = shim_now;
        check_works(disk);
        assert_true(shim_now - before <= 1200000000);
        assert_int_equal(shim_log_count("an interrupt was lost"), 1);
        assert_int_equal(m->resets, resets);
        m->mute = false;
        check_works(disk);
        finish(disk);
    }
}

static void
test_lost_notification(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = new_disk(&m, v->version, v->features, MIB);
        struct io *io = io_new(BLK_READ, 5, 1, 512);
        unsigned resets = m->resets;
        m->deaf = true;
        blockdev_submit(disk, &io->req);
        blockdev_kick(disk);
        m->deaf = false;
        io_wait(&io, 1);
        assert_int_equal(io->req.status, 0);
        assert_int_equal(shim_log_count("no answer for 2 s, notified again"),
                         1);
        assert_int_equal(m->resets, resets);
        io_free(io);
        finish(disk);
    }
}

/* A request that gets lost is repeated once, after a reset, with all others
 * that were in flight. */
static void
test_lost_request(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = new_disk(&m, v->version, v->features, MIB);
        struct io *ios[5];
        unsigned resets = m->resets;
        for (unsigned i = 0; i < 5; i++) {
            ios[i] = io_new(i == 2 ? BLK_WRITE : BLK_READ, 9 * i, 2, 512);
            blockdev_submit(disk, &ios[i]->req);
        }
        m->lie = LIE_NEVER;
        m->lie_after = 2;
        blockdev_kick(disk);
        uint64_t before = shim_now;
        io_wait(ios, 5);
        assert_true(shim_now - before >= 20000000000);
        assert_true(shim_now - before <= 21000000000);
        assert_int_equal(shim_log_count("a request has timed out"), 1);
        assert_int_equal(m->resets, resets + 1);
        for (unsigned i = 0; i < 5; i++) {
            assert_int_equal(ios[i]->req.status, 0);
            if (i != 2)
                check_read(ios[i]);
            io_free(ios[i]);
        }
        check_works(disk);
        finish(disk);
    }
}

/* Lost again, it fails, and alone: others are served in between. */
static void
test_request_lost_twice(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = new_disk(&m, 2, RINGS, MIB);
    struct io *io = io_new(BLK_READ, 9, 2, 512);
    blockdev_submit(disk, &io->req);
    blockdev_kick(disk);
    for (unsigned i = 0; i < 2; i++) {
        m->lie = LIE_NEVER;
        while (m->lie == LIE_NEVER)
            model_run_all(true);
    }
    io_wait(&io, 1);
    assert_int_equal(io->req.status, -EIO);
    assert_int_equal(shim_log_count("a request has timed out"), 2);
    io_free(io);
    check_works(disk);
    finish(disk);
}

/* A device that answers nothing at all is given up after some resets, and
 * with it all who wait. */
static void
test_no_answer_at_all(void **state UNUSED)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct model *m = new_model(version, RINGS, MIB);
        m->queues[0].max = 4;
        struct blockdev *disk = attach(m);
        struct io *ios[50];
        unsigned resets = m->resets;
        m->asleep = true;
        for (unsigned i = 0; i < 50; i++) {
            ios[i] = io_new(BLK_READ, i, 1, 512);
            blockdev_submit(disk, &ios[i]->req);
        }
        blockdev_kick(disk);
        io_wait(ios, 50);
        for (unsigned i = 0; i < 50; i++) {
            assert_int_equal(ios[i]->req.status, -EIO);
            io_free(ios[i]);
        }
        assert_int_equal(m->resets, resets + 4);
        check_dead(disk);
        finish(disk);
    }
}

static void
test_device_asks_for_reset(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = new_disk(&m, 2, RINGS, MIB);
    struct io *ios[10];
    unsigned resets = m->resets;
    m->asleep = true;
    for (unsigned i = 0; i < 10; i++) {
        ios[i] = io_new(BLK_READ, i, 1, 512);
        blockdev_submit(disk, &ios[i]->req);
    }
    blockdev_kick(disk);
    model_run_all(false);
    m->status |= VIRTIO_STATUS_NEEDS_RESET;
    m->asleep = false;
    model_change_config(m);
    assert_int_equal(shim_log_count("resetting the device: it asks"), 1);
    io_wait(ios, 10);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(ios[i]->req.status, 0);
        check_read(ios[i]);
        io_free(ios[i]);
    }
    assert_int_equal(m->resets, resets + 1);
    finish(disk);
}

/* ---- Devices that come back changed ---- */

enum change {
    CHANGE_FEATURES,
    CHANGE_FEATURES_OK,
    CHANGE_NO_RESET,
    CHANGE_NO_QUEUE,
    CHANGE_SMALLER_QUEUE,
    CHANGE_SEG_MAX,
    CHANGE_BLK_SIZE,
    CHANGE_COUNT
};

static void
change(struct model *m, enum change what)
{
    switch (what) {
    case CHANGE_FEATURES:
        m->offered &= ~VIRTIO_F_EVENT_IDX;
        break;
    case CHANGE_FEATURES_OK:
        m->refuses_features = true;
        break;
    case CHANGE_NO_RESET:
        m->refuses_reset = true;
        break;
    case CHANGE_NO_QUEUE:
        m->queues[0].max = 0;
        break;
    case CHANGE_SMALLER_QUEUE:
        m->queues[0].max = 32;
        break;
    case CHANGE_SEG_MAX:
        model_config32(m, 12, 8);
        break;
    default:
        model_config32(m, 20, 1024);
        break;
    }
}

static void
test_changed_by_a_reset(void **state UNUSED)
{
    for (enum change what = 0; what < CHANGE_COUNT; what++) {
        struct model *m = new_model(
            2, RINGS | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE, MIB);
        model_config32(m, 12, 16);
        model_config32(m, 20, 512);
        struct blockdev *disk = attach(m);
        struct io *ios[3];
        m->asleep = true;
        for (unsigned i = 0; i < 3; i++) {
            ios[i] = io_new(BLK_READ, i, 1, 512);
            blockdev_submit(disk, &ios[i]->req);
        }
        blockdev_kick(disk);
        model_run_all(false);
        m->status |= VIRTIO_STATUS_NEEDS_RESET;
        change(m, what);
        m->asleep = false;
        model_change_config(m);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(ios[i]->done, 1);
            assert_int_equal(ios[i]->req.status, -EIO);
        }
        check_dead(disk);
        if (what == CHANGE_NO_RESET)
            assert_int_equal(shim_log_count("may still write to memory"), 1);
        m->refuses_reset = false;
        for (unsigned i = 0; i < 3; i++)
            io_free(ios[i]);
        finish(disk);
    }
}

/* What the device had done before the reset counts as done, once. */
static void
test_done_before_the_reset(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = new_disk(&m, 2, RINGS, MIB);
    struct io *io = io_new(BLK_WRITE, 1, 1, 512);
    m->mute = true;
    blockdev_submit(disk, &io->req);
    blockdev_kick(disk);
    model_run_all(false);
    assert_int_equal(io->done, 0);
    unsigned served = m->served;
    m->mute = false;
    m->status |= VIRTIO_STATUS_NEEDS_RESET;
    m->isr = 0;
    model_change_config(m);
    assert_int_equal(io->done, 1);
    assert_int_equal(io->req.status, 0);
    model_run_all(false);
    assert_int_equal(m->served, served);
    io_free(io);
    check_works(disk);
    finish(disk);
}

/* ---- The registry, and other devices ---- */

static void
test_registry(void **state UNUSED)
{
    struct virtio_info info;
    struct virtio_queue_info queue;
    unsigned n = virtio_device_count();
    struct model *m = model_new(2, 99, 0x123);
    shim_log_clear();
    assert_true(model_probe(m));
    assert_int_equal(shim_log_count("no driver for device id 99 (unknown)"), 1);
    assert_int_equal(m->status, 0); /* left alone */
    assert_int_equal(virtio_device_count(), n + 1);
    assert_int_equal(virtio_device_info(n, &info), 0);
    assert_null(info.driver);
    assert_int_equal(info.device_id, 99);
    assert_true(info.features_offered == (0x123 | VIRTIO_F_VERSION_1));
    assert_int_equal(virtio_queue_info(n, 0, &queue), -ENOENT);
    assert_int_equal(virtio_device_info(n + 1, &info), -ENOENT);

    struct blockdev *disk = new_disk(&m, 1, RINGS, MIB);
    struct io *io = io_new(BLK_READ, 0, 1, 512);
    m->asleep = true;
    blockdev_submit(disk, &io->req);
    blockdev_kick(disk);
    assert_int_equal(virtio_device_info(n + 1, &info), 0);
    assert_string_equal(info.driver, "blk");
    assert_string_equal(info.kind, "block");
    assert_string_equal(info.bus, "mmio");
    assert_true(info.legacy);
    assert_true(info.features == RINGS);
    assert_int_equal(info.status, 7);
    assert_int_equal(info.nqueues, 1);
    assert_int_equal(info.interrupts, 1); /* for the serial number */
    assert_int_equal(virtio_queue_info(n + 1, 0, &queue), 0);
    assert_int_equal(queue.size, 64);
    assert_int_equal(queue.in_flight, 1);
    assert_int_equal(queue.added, 2);
    assert_false(queue.broken);
    assert_int_equal(virtio_queue_info(n + 1, 1, &queue), -ENOENT);
    m->asleep = false;
    io_wait(&io, 1);
    io_free(io);
    finish(disk);
}

static void
serve_random(struct model *m UNUSED, const struct model_chain *c, uint32_t *len)
{
    static uint8_t next;
    assert_int_equal(c->nsegments, 1);
    assert_true(c->segments[0].write);
    for (*len = 0; *len < 10; ++*len)
        c->segments[0].base[*len] = next++;
}

static void
idle(void)
{
    model_run_all(true);
}

/* Ten bytes at a time, and none of them twice. */
static void
test_entropy(void **state UNUSED)
{
    uint8_t bytes[30], seen[256] = {0};
    assert_int_equal(virtio_rng_read(bytes, sizeof(bytes)), -ENODEV);
    struct model *m = model_new(2, VIRTIO_ID_ENTROPY, RINGS);
    m->serve = serve_random;
    shim_log_clear();
    assert_true(model_probe(m));
    for (unsigned n = 0; n < 100;) {
        int64_t got = virtio_rng_read(bytes, 1 + n % sizeof(bytes));
        assert_true(got > 0 && got <= 10);
        for (int64_t i = 0; i < got; i++)
            assert_int_equal(++seen[bytes[i]], 1);
        n += (unsigned)got;
    }
    while (virtio_rng_read(bytes, 1) == 1 && m->served < 20)
        ;
    m->asleep = true;
    int64_t got;
    while ((got = virtio_rng_read(bytes, sizeof(bytes))) > 0)
        ;
    assert_int_equal(got, -ETIMEDOUT);
    m->asleep = false;
    assert_int_equal(virtio_rng_read(bytes, sizeof(bytes)), 10);
    m->lie = LIE_LEN_HUGE;
    assert_int_equal(virtio_rng_read(bytes, sizeof(bytes)), -EIO);
    assert_int_equal(virtio_rng_read(bytes, sizeof(bytes)), -EIO);
    assert_int_equal(m->status, VIRTIO_STATUS_FAILED);
    model_free_all();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transfers),
        cmocka_unit_test(test_transfer_keeps_several_in_flight),
        cmocka_unit_test(test_transfer_fails_as_its_pieces),
        cmocka_unit_test(test_in_flight_in_any_order),
        cmocka_unit_test(test_waiting_for_room),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_one_interrupt_for_many),
        cmocka_unit_test(test_queues_of_harts),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_small_ring),
        cmocka_unit_test(test_refused_requests),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_flush),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_serial_and_boot_lines),
        cmocka_unit_test(test_bad_configurations),
        cmocka_unit_test(test_config_that_does_not_keep_still),
        cmocka_unit_test(test_capacity_changes),
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_handshakes_that_fail),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_short_answers),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_completed_twice),
        cmocka_unit_test(test_memory_we_share_is_not_read_back),
        cmocka_unit_test(test_lost_interrupt),
        cmocka_unit_test(test_lost_notification),
        cmocka_unit_test(test_lost_request),
        cmocka_unit_test(test_request_lost_twice),
        cmocka_unit_test(test_no_answer_at_all),
        cmocka_unit_test(test_device_asks_for_reset),
        cmocka_unit_test(test_changed_by_a_reset),
        cmocka_unit_test(test_done_before_the_reset),
        cmocka_unit_test(test_registry),
        cmocka_unit_test(test_entropy),
    };
    host_kernel_idle = idle;
    shim_idle = idle;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
