#include "crash_disk.h"

#include "abi/errno.h"

#include <stdlib.h>
#include <string.h>

uint32_t
crash_random(uint32_t *state, uint32_t n)
{
    *state = *state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)*state * n >> 32);
}

static struct crash_event *
add_event(struct crash_disk *disk, const struct blkreq *req)
{
    if (disk->count == disk->room) {
        disk->room = MAX(64u, disk->room * 2);
        disk->events =
            realloc(disk->events, disk->room * sizeof disk->events[0]);
    }
    struct crash_event *event = &disk->events[disk->count++];
    *event = (struct crash_event){
        .op = req->op, .sector = req->sector, .promised = disk->promised};
    for (unsigned i = 0; i < req->nvec; i++)
        event->count += req->vec[i].len / SECTOR_SIZE;
    event->data = malloc(event->count * SECTOR_SIZE + 1);
    size_t done = 0;
    for (unsigned i = 0; i < req->nvec; i++) {
        memcpy(event->data + done, req->vec[i].base, req->vec[i].len);
        done += req->vec[i].len;
    }
    return event;
}

static void
read_now(struct crash_disk *disk, struct blkreq *req)
{
    const uint8_t *from = disk->now + req->sector * SECTOR_SIZE;

    if (disk->reads++ == disk->fail_read)
        req->status = -EIO;
    for (unsigned i = 0; i < req->nvec; i++) {
        memcpy(req->vec[i].base, from, req->vec[i].len);
        from += req->vec[i].len;
    }
}

static void
write_now(struct crash_disk *disk, const struct blkreq *req)
{
    uint8_t *to = disk->now + req->sector * SECTOR_SIZE;

    for (unsigned i = 0; i < req->nvec; i++) {
        memcpy(to, req->vec[i].base, req->vec[i].len);
        to += req->vec[i].len;
    }
}

static void
submit(struct blockdev *dev, struct blkreq *req)
{
    struct crash_disk *disk = container_of(dev, struct crash_disk, dev);

    req->status = 0;
    if (req->op == BLK_READ || disk->forgetful) {
        if (req->op == BLK_READ)
            read_now(disk, req);
        else
            write_now(disk, req);
        req->done(req);
        return;
    }
    bool fails = disk->count == disk->fail_at ||
                 (disk->dead && disk->count > disk->fail_at);
    struct crash_event *event = add_event(disk, req);
    if (fails) {
        req->status = -EIO;
        event->count /= 2;
    }
    if (fails && req->op == BLK_FLUSH)
        event->op = BLK_WRITE; /* of nothing: it flushes nothing */
    memcpy(disk->now + event->sector * SECTOR_SIZE, event->data,
           event->count * SECTOR_SIZE);
    req->done(req);
}

static const struct blockdev_ops ops = {.submit = submit};

static void
forget_events(struct crash_disk *disk)
{
    for (unsigned i = 0; i < disk->count; i++)
        free(disk->events[i].data);
    disk->count = disk->reads = 0;
    disk->promised = 0;
    disk->fail_at = disk->fail_read = CRASH_NEVER;
    disk->dead = false;
}

void
crash_disk_init(struct crash_disk *disk, size_t size)
{
    *disk = (struct crash_disk){
        .size = size,
        .base = calloc(1, size),
        .now = calloc(1, size),
        .dev =
            {
                .name = "crash",
                .ops = &ops,
                .sectors = size / SECTOR_SIZE,
                .block_size = SECTOR_SIZE,
                .max_vec = 16,
                .max_bytes = 16 * 4096,
                .can_flush = true,
            },
    };
    forget_events(disk);
}

void
crash_disk_free(struct crash_disk *disk)
{
    forget_events(disk);
    free(disk->events);
    free(disk->base);
    free(disk->now);
}

void
crash_disk_load(struct crash_disk *disk, const uint8_t *image)
{
    memmove(disk->base, image, disk->size);
    memcpy(disk->now, disk->base, disk->size);
    forget_events(disk);
}

/* Which of the sectors written since the last flush survive: in one half of
 * the cases all of a request or nothing, in the other each for itself. */
static bool
survives(uint32_t seed, uint32_t *whole, uint32_t *state)
{
    if (seed < 2)
        return seed == 1;
    if (seed % 2 == 0)
        return *whole & 1;
    /* Mostly there, half and half, or mostly not. */
    return crash_random(state, 8) < 1 + 3 * (seed / 2 % 3);
}

void
crash_disk_cut(const struct crash_disk *disk, unsigned at, uint32_t seed,
               uint8_t *image)
{
    uint32_t state = seed * 2654435761u + at;
    unsigned flushed = 0;

    memcpy(image, disk->base, disk->size);
    for (unsigned i = 0; i < at; i++)
        if (disk->events[i].op == BLK_FLUSH)
            flushed = i;
    for (unsigned i = 0; i < at; i++) {
        const struct crash_event *event = &disk->events[i];
        uint32_t whole = crash_random(&state, 2);
        for (size_t s = 0; s < event->count; s++)
            if (i < flushed || survives(seed, &whole, &state))
                memcpy(image + (event->sector + s) * SECTOR_SIZE,
                       event->data + s * SECTOR_SIZE, SECTOR_SIZE);
    }
}
