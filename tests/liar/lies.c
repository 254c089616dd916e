#include "lies.h"

#include <stdio.h>
#include <string.h>

#define STORM_MS 300
#define MUTE_MS  2000
#define SLOW_MS  30
#define MIX_MS   6

/* One of the two can be missing. */
struct lie {
    const char *name, *what;
    void (*offer)(struct disk *d);                    /* from the start */
    void (*answer)(struct disk *d, struct answer *a); /* at a request */
};

/* ---- The used ring ---- */

static void
idx_jumps(struct disk *d, struct answer *a)
{
    a->step = 1000 + (int)disk_random(d, 30000);
}

static void
idx_one_more(struct disk *d, struct answer *a)
{
    (void)d;
    a->step = 1;
}

static void
idx_back(struct disk *d, struct answer *a)
{
    a->step = -2 - (int)disk_random(d, 100);
}

static void
idx_alone(struct disk *d, struct answer *a)
{
    (void)d;
    a->entries = 0;
    ring_move(a->ring, 1); /* whatever stands there */
    ring_call(a->ring);
}

static void
id_size(struct disk *d, struct answer *a)
{
    (void)d;
    a->id = a->ring->size;
}

static void
id_wild(struct disk *d, struct answer *a)
{
    a->id = 0xffffffff - disk_random(d, 1000);
}

static void
id_wraps(struct disk *d, struct answer *a)
{
    (void)d;
    a->id += 65536;
}

/* The last on the driver's list of free ones, most likely. */
static void
id_free(struct disk *d, struct answer *a)
{
    (void)d;
    a->id = (a->id + a->ring->size / 2) % a->ring->size;
}

/* Only where chains are in the table itself have they a second there. */
static void
no_tables(struct disk *d)
{
    d->vhost.offered &= ~(1ull << VIRTIO_RING_F_INDIRECT_DESC);
}

static void
id_second(struct disk *d, struct answer *a)
{
    (void)d;
    a->id = a->chain.second;
}

static void
twice(struct disk *d, struct answer *a)
{
    (void)d;
    a->entries = 2;
}

static void
again(struct disk *d, struct answer *a)
{
    ring_put(a->ring, d->last_head, 1);
    (void)a;
}

static void
len_one_more(struct disk *d, struct answer *a)
{
    (void)d;
    for (unsigned i = 0; i < a->chain.count; i++)
        a->len += a->chain.segments[i].write ? a->chain.segments[i].len : 0;
}

static void
len_wild(struct disk *d, struct answer *a)
{
    a->len = 0xffffffff - disk_random(d, 1000);
}

static void
len_short(struct disk *d, struct answer *a)
{
    (void)d;
    a->len /= 2;
}

static void
len_zero(struct disk *d, struct answer *a)
{
    (void)d;
    a->len = 0;
}

static void
never(struct disk *d, struct answer *a)
{
    (void)d;
    a->entries = 0;
    a->status = -1;
}

static void
late(struct disk *d, struct answer *a)
{
    (void)d;
    a->late = true;
}

static void
mixed(struct disk *d, struct answer *a)
{
    a->due = disk_now() + disk_random(d, MIX_MS);
}

static void
slow(struct disk *d, struct answer *a)
{
    (void)d;
    a->due = disk_now() + SLOW_MS;
}

/* ---- The status byte ---- */

static void
status_none(struct disk *d, struct answer *a)
{
    (void)d;
    a->status = -1;
}

static void
status_wild(struct disk *d, struct answer *a)
{
    a->status = 3 + (int)disk_random(d, 250);
}

static void
status_ioerr(struct disk *d, struct answer *a)
{
    (void)d;
    a->status = VIRTIO_BLK_S_IOERR;
}

static void
status_unsupp(struct disk *d, struct answer *a)
{
    (void)d;
    a->status = VIRTIO_BLK_S_UNSUPP;
}

static void
status_late(struct disk *d, struct answer *a)
{
    (void)d;
    a->status_last = true;
}

/* ---- Interrupts and bells ---- */

static void
mute(struct disk *d, struct answer *a)
{
    (void)a;
    d->mute_until = disk_now() + MUTE_MS;
}

static void
storm(struct disk *d, struct answer *a)
{
    (void)a;
    d->storm_until = disk_now() + STORM_MS;
}

/* No bell, so we look by ourselves. */
static void
avail_event(struct disk *d, struct answer *a)
{
    *ring_avail_event(a->ring) = (uint16_t)disk_random(d, 65536);
    d->polls = true;
}

static void
used_flags(struct disk *d, struct answer *a)
{
    a->ring->used->flags = (uint16_t)(1 | disk_random(d, 65536));
    d->polls = true;
}

/* Asks for no bell, and does not look. */
static void
deaf(struct disk *d, struct answer *a)
{
    d->deaf = true;
    *ring_avail_event(a->ring) = (uint16_t)(a->ring->taken - 2);
    a->ring->used->flags = VRING_USED_F_NO_NOTIFY;
}

/* ---- Memory ---- */

static void
data_wrong(struct disk *d, struct answer *a)
{
    struct segment *s = &a->chain.segments[1];
    if (a->chain.count > 2 && s->write)
        s->base[disk_random(d, s->len)] ^= (uint8_t)(1 + disk_random(d, 255));
}

static void
data_stale(struct disk *d, struct answer *a)
{
    (void)a;
    d->forgets_writes = true;
}

/* All that the driver shares with us; what has just come with it. */
static void
scribble(struct disk *d, struct answer *a)
{
    struct ring *r = a->ring;
    uint8_t *desc = (uint8_t *)r->desc;
    for (unsigned i = 0; i < r->size * sizeof(*r->desc); i++)
        desc[i] = (uint8_t)disk_random(d, 256);
    for (unsigned i = 0; i < r->size; i++)
        r->avail->ring[i] = (uint16_t)disk_random(d, 65536);
}

/* ---- The configuration ---- */

static void
set_capacity(struct disk *d, uint64_t sectors)
{
    d->vhost.config.capacity = sectors;
    vhost_config_changed(&d->vhost);
}

static void
config_changes(struct disk *d, struct answer *a)
{
    (void)a;
    set_capacity(d, d->bytes / 512 + disk_random(d, 100));
}

static void
shrinks(struct disk *d, struct answer *a)
{
    (void)a;
    set_capacity(d, d->bytes / 1024);
}

static void
grows(struct disk *d, struct answer *a)
{
    (void)a;
    set_capacity(d, d->bytes / 128);
}

static void
becomes_empty(struct disk *d, struct answer *a)
{
    (void)a;
    set_capacity(d, 0);
}

static void
capacity_wild(struct disk *d, struct answer *a)
{
    (void)a;
    set_capacity(d, UINT64_MAX);
}

static void
block_size_changes(struct disk *d, struct answer *a)
{
    (void)a;
    d->vhost.config.blk_size = 4096;
    set_capacity(d, d->vhost.config.capacity ^ 8);
}

static void
block_size_odd(struct disk *d)
{
    d->vhost.config.blk_size = 513;
}

static void
no_segments(struct disk *d)
{
    d->vhost.config.seg_max = 0;
}

static void
small_segments(struct disk *d)
{
    d->vhost.config.size_max = 1;
}

static void
empty(struct disk *d)
{
    d->vhost.config.capacity = 0;
}

static void
wild(struct disk *d)
{
    d->vhost.config.capacity = UINT64_MAX;
}

static void
serial_wild(struct disk *d)
{
    d->serial = "\x1b[2J\xff\x07 and no end";
}

static void
serial_never(struct disk *d)
{
    d->serial = NULL;
}

/* ---- Features, and the connection ---- */

static void
features_old(struct disk *d)
{
    d->vhost.offered &= ~(1ull << 32);
}

static void
features_few(struct disk *d)
{
    d->vhost.offered = 1ull << 32;
}

static void
features_all(struct disk *d)
{
    d->vhost.offered = ~0ull;
}

static void
hangs_up(struct disk *d, struct answer *a)
{
    a->entries = 0;
    a->status = -1;
    d->hangs_up = true;
}

/* ---- The table ---- */

static const struct lie lies[] = {
    {"honest", "says the truth", NULL, NULL},
    {"idx-jumps", "the used index runs ahead", NULL, idx_jumps},
    {"idx-one-more", "it moves by 2 for one entry", NULL, idx_one_more},
    {"idx-back", "it moves back", NULL, idx_back},
    {"idx-alone", "it moves over what stood there", NULL, idx_alone},
    {"id-size", "the first head that does not exist", NULL, id_size},
    {"id-wild", "a head near 2^32", NULL, id_wild},
    {"id-wraps", "the head and 65536", NULL, id_wraps},
    {"id-free", "a head that is not in flight", NULL, id_free},
    {"id-second", "the second descriptor of the chain", no_tables, id_second},
    {"twice", "a chain is used twice", NULL, twice},
    {"again", "the chain used last once more", NULL, again},
    {"len-one-more", "more bytes written than offered", NULL, len_one_more},
    {"len-wild", "nearly 2^32 bytes written", NULL, len_wild},
    {"len-short", "half of the bytes written", NULL, len_short},
    {"len-zero", "nothing written, it says", NULL, len_zero},
    {"status-none", "no status byte", NULL, status_none},
    {"status-wild", "one without a meaning", NULL, status_wild},
    {"status-ioerr", "an error", NULL, status_ioerr},
    {"status-unsupp", "an unknown request, it says", NULL, status_unsupp},
    {"status-late", "the status byte after the entry", NULL, status_late},
    {"never", "no answer", NULL, never},
    {"late", "an answer after the reset", NULL, late},
    {"mixed", "answers in any order, which is legal", NULL, mixed},
    {"slow", "answers that take their time", NULL, slow},
    {"mute", "no interrupt", NULL, mute},
    {"storm", "interrupts without a reason", NULL, storm},
    {"avail-event", "a random event index", NULL, avail_event},
    {"used-flags", "random flags of the used ring", NULL, used_flags},
    {"deaf", "wants no bell, and does not look", NULL, deaf},
    {"data-wrong", "a wrong byte", NULL, data_wrong},
    {"data-stale", "writes are not done", NULL, data_stale},
    {"scribble", "overwrites all that the driver wrote", NULL, scribble},
    {"config-changes", "the capacity changes a little", NULL, config_changes},
    {"shrinks", "half of the disk is gone", NULL, shrinks},
    {"grows", "the capacity grows, the disk does not", NULL, grows},
    {"becomes-empty", "the capacity becomes 0", NULL, becomes_empty},
    {"capacity-wild", "the capacity becomes 2^64 - 1", NULL, capacity_wild},
    {"blksize-changes", "blocks of another size", NULL, block_size_changes},
    {"blksize-odd", "blocks of 513 bytes", block_size_odd, NULL},
    {"no-segments", "requests of no segment", no_segments, NULL},
    {"small-segments", "segments of a byte", small_segments, NULL},
    {"empty", "a disk of no sector", empty, NULL},
    {"wild", "a disk of 2^64 - 1 sectors", wild, NULL},
    {"serial-wild", "a name to clear screens with", serial_wild, NULL},
    {"serial-never", "no answer to its first request", serial_never, NULL},
    {"features-old", "VIRTIO_F_VERSION_1 is missing", features_old, NULL},
    {"features-few", "nothing but VIRTIO_F_VERSION_1", features_few, NULL},
    {"features-all", "every feature there is", features_all, NULL},
    {"hangs-up", "the connection is closed", NULL, hangs_up},
};

#define LIES (sizeof(lies) / sizeof(lies[0]))

void
lies_list(void)
{
    for (unsigned i = 0; i < LIES; i++)
        printf("%-16s %s\n", lies[i].name, lies[i].what);
}

int
lies_choose(struct disk *d, const char *name)
{
    for (unsigned i = 0; i < LIES && d->lie == NULL; i++)
        if (strcmp(lies[i].name, name) == 0)
            d->lie = &lies[i];
    if (d->lie != NULL && d->lie->offer != NULL) {
        d->lie->offer(d);
        d->told += d->lie->answer == NULL;
    }
    return d->lie != NULL ? 0 : -1;
}

void
lies_tell(struct disk *d, struct answer *a)
{
    unsigned n = d->requests++;
    bool due = n == d->at ||
               (n > d->at && d->every > 0 && (n - d->at) % d->every == 0);
    if (!due || d->lie->answer == NULL)
        return;
    d->told++;
    d->lie->answer(d, a);
}
