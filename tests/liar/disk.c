#include "disk.h"
#include "lies.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SECTOR      512u
#define STATUS_MS   20 /* by how much a status byte comes late */
#define LATE_MS     20 /* an answer after the device was started again */
#define STORM_CALLS 20
#define COMMON_FEATURES                                                 \
    (1ull << VIRTIO_F_VERSION_1_BIT | 1ull << VIRTIO_RING_F_EVENT_IDX | \
     1ull << VIRTIO_RING_F_INDIRECT_DESC)
#define VIRTIO_F_VERSION_1_BIT 32

uint64_t
disk_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

unsigned
disk_random(struct disk *d, unsigned n)
{
    d->seed = d->seed * 1103515245u + 12345u;
    return (d->seed >> 8) % n;
}

/* ---- Requests ---- */

/* Moves bytes between the image and pieces of memory, from segment `first` on.
 * Returns how many. */
static uint32_t
move(struct disk *d, const struct chain *c, uint64_t at, bool to_image)
{
    uint32_t bytes = 0;
    for (unsigned i = 1; i + 1 < c->count; i++) {
        const struct segment *s = &c->segments[i];
        if (s->write == to_image || s->len > d->bytes - at)
            break;
        if (!to_image)
            memcpy(s->base, d->image + at, s->len);
        else if (!d->forgets_writes)
            memcpy(d->image + at, s->base, s->len);
        at += s->len;
        bytes += s->len;
    }
    return bytes;
}

static uint32_t
data_bytes(const struct chain *c)
{
    uint32_t bytes = 0;
    for (unsigned i = 1; i + 1 < c->count; i++)
        bytes += c->segments[i].len;
    return bytes;
}

/* Header, data, status [virtio §5.2.6]. Returns the header; NULL: that is not
 * what the chain is. */
static const struct virtio_blk_outhdr *
header_of(const struct chain *c)
{
    unsigned last = c->count - 1;
    bool fits = c->count >= 2 && !c->segments[0].write &&
                c->segments[0].len == sizeof(struct virtio_blk_outhdr) &&
                c->segments[last].write && c->segments[last].len == 1;
    return fits ? (const void *)c->segments[0].base : NULL;
}

static int
transfer(struct disk *d, const struct virtio_blk_outhdr *h, struct answer *a)
{
    bool to_image = h->type == VIRTIO_BLK_T_OUT;
    uint64_t at = h->sector * SECTOR;
    if (h->sector > d->bytes / SECTOR)
        return VIRTIO_BLK_S_IOERR;
    uint32_t bytes = move(d, &a->chain, at, to_image);
    a->len = to_image ? 1 : bytes + 1;
    return bytes == data_bytes(&a->chain) ? VIRTIO_BLK_S_OK
                                          : VIRTIO_BLK_S_IOERR;
}

static void
give_serial(const struct disk *d, struct answer *a)
{
    struct segment *s = &a->chain.segments[1];
    if (d->serial == NULL) {
        a->entries = 0;
        a->status = -1;
        return;
    }
    strncpy((char *)s->base, d->serial, s->len);
    a->len = s->len + 1;
}

/* Does what a request asks for, and makes the honest answer. Returns whether
 * it is one that lies count. */
static bool
serve(struct disk *d, struct answer *a)
{
    const struct virtio_blk_outhdr *h = header_of(&a->chain);
    a->id = a->chain.head;
    a->entries = 1;
    a->len = 1;
    if (h == NULL) {
        a->status = -1;
        a->len = 0;
        return true;
    }
    switch (h->type) {
    case VIRTIO_BLK_T_IN:
    case VIRTIO_BLK_T_OUT:
        a->status = transfer(d, h, a);
        return true;
    case VIRTIO_BLK_T_FLUSH:
        return true;
    case VIRTIO_BLK_T_GET_ID:
        give_serial(d, a);
        return false;
    default:
        a->status = VIRTIO_BLK_S_UNSUPP;
        return true;
    }
}

/* ---- Answers ---- */

static void
write_status(const struct answer *a)
{
    const struct chain *c = &a->chain;
    if (a->status >= 0 && c->count > 0 && c->segments[c->count - 1].write)
        *c->segments[c->count - 1].base = (uint8_t)a->status;
}

static void
give(struct disk *d, struct answer *a)
{
    struct ring *r = a->ring;
    uint16_t before = r->given;
    if (!a->status_last)
        write_status(a);
    for (unsigned i = 0; i < a->entries; i++)
        ring_put(r, a->id, a->len);
    ring_move(r, a->step);
    d->last_head = a->chain.head;
    if (disk_now() >= d->mute_until)
        ring_interrupt(r, before);
}

static void
hold(struct disk *d, struct answer *a)
{
    if (d->nheld == DISK_HELD) {
        fprintf(stderr, "%s: too many answers wait\n", d->name);
        exit(1);
    }
    d->held[d->nheld++] = a;
}

static void
answer(struct disk *d, struct answer *a)
{
    if (a->late || a->due > disk_now()) {
        hold(d, a);
        return;
    }
    if (a->entries > 0)
        give(d, a);
    if (!a->status_last) {
        free(a);
        return;
    }
    a->status_last = false;
    a->entries = 0;
    a->due = disk_now() + STATUS_MS;
    hold(d, a);
}

int
disk_flush(struct disk *d)
{
    uint64_t now = disk_now(), next = UINT64_MAX;
    for (unsigned i = 0; i < d->nheld;) {
        struct answer *a = d->held[i];
        if (a->late || a->due > now) {
            next = a->late || a->due > next ? next : a->due;
            i++;
            continue;
        }
        d->nheld--;
        for (unsigned j = i; j < d->nheld; j++)
            d->held[j] = d->held[j + 1];
        if (a->entries > 0)
            give(d, a);
        else
            write_status(a);
        free(a);
    }
    for (unsigned i = 0; now < d->storm_until && i < STORM_CALLS; i++)
        ring_call(&d->vhost.rings[0]);
    if (now < d->storm_until || d->polls)
        next = now + 1;
    return next == UINT64_MAX ? -1 : (int)(next - now);
}

void
disk_poll(struct disk *d)
{
    for (unsigned i = 0; i < VHOST_QUEUES; i++) {
        struct ring *r = &d->vhost.rings[i];
        while (r->started && r->enabled && !d->hangs_up && !d->deaf) {
            struct answer *a = calloc(1, sizeof(*a));
            a->ring = r;
            if (!ring_take(r, &a->chain)) {
                free(a);
                break;
            }
            ring_want_bell(r);
            if (serve(d, a))
                lies_tell(d, a);
            answer(d, a);
        }
    }
}

/* ---- Beginning ---- */

/* A bell that rang before the ring was there was not heard. */
static void
started(struct vhost *v, struct ring *r)
{
    struct disk *d = (struct disk *)v;
    d->deaf = false;
    ring_want_bell(r);
    for (unsigned i = 0; i < d->nheld; i++) {
        d->held[i]->late = false;
        d->held[i]->due = disk_now() + LATE_MS;
    }
}

/* After a reset the device touches no memory any more [virtio §2.4]. */
static void
stopped(struct vhost *v, struct ring *r)
{
    struct disk *d = (struct disk *)v;
    unsigned kept = 0;
    for (unsigned i = 0; i < d->nheld; i++) {
        if (d->held[i]->ring == r && !d->held[i]->late)
            free(d->held[i]);
        else
            d->held[kept++] = d->held[i];
    }
    d->nheld = kept;
}

int
disk_init(struct disk *d, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0)
        return -1;
    d->bytes = (uint64_t)st.st_size;
    d->image = mmap(NULL, d->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    close(fd);
    if (d->image == MAP_FAILED)
        return -1;
    d->vhost = (struct vhost){
        .socket = -1,
        .backend = -1,
        .offered = COMMON_FEATURES | 1ull << VIRTIO_BLK_F_FLUSH |
                   1ull << VIRTIO_BLK_F_SEG_MAX | 1ull << VIRTIO_BLK_F_MQ |
                   1ull << VIRTIO_BLK_F_BLK_SIZE |
                   1ull << VIRTIO_BLK_F_SIZE_MAX,
        .config = {.capacity = d->bytes / SECTOR,
                   .size_max = 1 << 20,
                   .seg_max = 126,
                   .blk_size = SECTOR},
        .started = started,
        .stopped = stopped,
    };
    return 0;
}
