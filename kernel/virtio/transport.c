#include "virtio/transport.h"

#include "abi/errno.h"
#include "lib/string.h"

/* A device that changes its configuration this often while we read it is
 * not worth waiting for. */
#define CONFIG_TRIES 16

static void
read_field(struct virtio_transport *t, struct virtio_config_field f,
           uint8_t *config)
{
    /* Fields over 32 bits are read in halves [virtio §4.2.2.2]. */
    for (unsigned done = 0; done < f.width;) {
        unsigned width = MIN(f.width - done, 4u);
        uint32_t value = t->ops->config_get(t, f.offset + done, width);
        memcpy(config + f.offset + done, &value, width);
        done += width;
    }
}

/* One pass over all fields. Returns whether they are of one generation. */
static bool
read_pass(struct virtio_transport *t, const struct virtio_config_field *fields,
          unsigned n, uint8_t *config)
{
    uint32_t before = t->ops->config_generation(t);
    for (unsigned i = 0; i < n; i++)
        read_field(t, fields[i], config);
    return t->ops->config_generation(t) == before;
}

static bool
fields_fit(const struct virtio_transport *t,
           const struct virtio_config_field *fields, unsigned n)
{
    uint32_t limit = MIN(t->config_size, (uint32_t)VIRTIO_CONFIG_MAX);
    for (unsigned i = 0; i < n; i++)
        if ((uint32_t)fields[i].offset + fields[i].width > limit)
            return false;
    return true;
}

static void
copy_fields(const struct virtio_config_field *fields, unsigned n,
            uint8_t *config, const uint8_t *from)
{
    for (unsigned i = 0; i < n; i++)
        memcpy(config + fields[i].offset, from + fields[i].offset,
               fields[i].width);
}

int
virtio_config_read(struct virtio_transport *t,
                   const struct virtio_config_field *fields, unsigned n,
                   void *config)
{
    if (!fields_fit(t, fields, n))
        return -EIO;

    /* A legacy device has no generation, but two passes that agree are as
     * good [virtio §2.5.4]; a modern one needs no second pass. */
    uint8_t pass[2][VIRTIO_CONFIG_MAX] = {0};
    for (unsigned i = 0; i < CONFIG_TRIES; i++) {
        uint8_t *now = pass[i % 2], *last = pass[1 - i % 2];
        if (!read_pass(t, fields, n, now))
            continue;
        if (t->legacy && (i == 0 || memcmp(now, last, VIRTIO_CONFIG_MAX) != 0))
            continue;
        copy_fields(fields, n, config, now);
        return 0;
    }
    return -EIO;
}
