#include "undo_disk.h"

#include "fs/bcache.h"

#include "fuzz.h"

#define LOOK_EVERY 64u /* times */

static void (*host_submit)(struct blockdev *dev, struct blkreq *req);

void
undo_disk_note(struct undo_disk *u, size_t block, size_t count)
{
    memset(u->changed + block, true, count);
}

/* Remembers which blocks are written; they may lie past the end. */
static void
submit(struct blockdev *dev, struct blkreq *req)
{
    struct undo_disk *u = container_of(dev, struct undo_disk, disk.dev);
    size_t at = req->sector * SECTOR_SIZE, end = at;

    for (size_t i = 0; req->op == BLK_WRITE && i < req->nvec; i++)
        end += req->vec[i].len;
    for (; at < end && at < u->size; at += BLOCK_SIZE - at % BLOCK_SIZE)
        u->changed[at / BLOCK_SIZE] = true;
    host_submit(dev, req);
}

void
undo_disk_init(struct undo_disk *u, const uint8_t *bytes, size_t size)
{
    *u = (struct undo_disk){.bytes = bytes, .size = size};
    u->now = malloc(size);
    u->changed = calloc(size / BLOCK_SIZE, sizeof(bool));
    FUZZ_CHECK(u->now && u->changed && size % BLOCK_SIZE == 0);
    memcpy(u->now, bytes, size);
    host_disk_wrap_rw(&u->disk, u->now, size);
    u->ops = *u->disk.dev.ops;
    host_submit = u->ops.submit;
    u->ops.submit = submit;
    u->disk.dev.ops = &u->ops;
}

/* Now and then all is compared: should somebody write without a note, inputs
 * would do something else after others. */
void
undo_disk_set_back(struct undo_disk *u)
{
    static unsigned times;

    for (size_t i = 0; i < u->size / BLOCK_SIZE; i++)
        if (u->changed[i])
            memcpy(u->now + i * BLOCK_SIZE, u->bytes + i * BLOCK_SIZE,
                   BLOCK_SIZE);
    memset(u->changed, false, u->size / BLOCK_SIZE);
    if (times++ % LOOK_EVERY == 0)
        FUZZ_CHECK(memcmp(u->now, u->bytes, u->size) == 0);
}
