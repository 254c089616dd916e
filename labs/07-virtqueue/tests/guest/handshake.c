/* A device that negotiates: it notes what is done to it, in order. */
#include "grade.h"
#include "abi/errno.h"
#include "lib/string.h"
#include "virtio/driver.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

static struct grade *log_to;

static struct {
    struct virtio_transport t;
    uint64_t offered;
    uint8_t status;
    bool refuses, stuck; /* FEATURES_OK does not stay; it does not reset */
} d;

static void
note(const char *what, uint64_t value)
{
    grade_put_string(log_to, what);
    grade_put_u64(log_to, value);
}

static uint8_t
get_status(struct virtio_transport *t UNUSED)
{
    return d.status;
}

static void
set_status(struct virtio_transport *t UNUSED, uint8_t status)
{
    note("status", status);
    d.status = status;
    if (d.refuses)
        d.status &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
}

static int
reset(struct virtio_transport *t UNUSED)
{
    note("reset", 0);
    if (d.stuck)
        return -ETIMEDOUT;
    d.status = 0;
    return 0;
}

static uint64_t
get_features(struct virtio_transport *t UNUSED)
{
    return d.offered;
}

static void
set_features(struct virtio_transport *t UNUSED, uint64_t features)
{
    note("features", features);
}

static const struct virtio_transport_ops ops = {
    .get_status = get_status,
    .set_status = set_status,
    .reset = reset,
    .get_features = get_features,
    .set_features = set_features,
};

/* The device, the driver's features, how the device behaves; then what is
 * called: "negotiate", "ok" or "give up". */
static void
handshake(struct grade *g)
{
    static struct virtio_driver driver = {.name = "test"};
    static struct virtio_device dev;
    log_to = g;
    d.t = (struct virtio_transport){
        .ops = &ops, .bus = "test", .device_id = 4, .name = "virtio7"};
    d.t.legacy = grade_u8(g) != 0;
    d.offered = grade_u64(g);
    driver.features = grade_u64(g);
    d.refuses = grade_u8(g) != 0;
    d.stuck = grade_u8(g) != 0;
    d.status = grade_u8(g);
    dev = (struct virtio_device){.transport = &d.t, .driver = &driver};
    dev.nqueues = grade_u32(g);
    dev.features = grade_u64(g);
    const char *what = grade_string(g);
    int err = 0;
    if (strcmp(what, "negotiate") == 0)
        err = virtio_negotiate(&dev);
    else if (strcmp(what, "ok") == 0)
        virtio_driver_ok(&dev);
    else
        err = virtio_give_up(&dev);
    note("end", (uint64_t)err);
    grade_put_u64(g, dev.features_offered);
    grade_put_u64(g, dev.features);
    grade_put_u8(g, d.status);
}

GRADE_CASES({"handshake", handshake});
