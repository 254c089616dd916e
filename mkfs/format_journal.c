#include "format.h"

#include "abi/eclipsefs.h"
#include "abi/errno.h"
#include "fs/blockio.h"
#include "fs/bcache.h"
#include "lib/bits.h"
#include "lib/crc32c.h"
#include "mm/frame.h"

#include <string.h>

/* The whole journal is written over: transactions of an earlier file system
 * could bear the numbers that this one's will have. */
int
format_journal(struct blockdev *dev, uint64_t start, uint32_t count)
{
    struct blockio io;
    uint8_t *frame = frame_alloc(0);

    if (!frame)
        return -ENOMEM;
    memset(frame, 0, BLOCK_SIZE);
    blockio_init(&io, dev, BLK_WRITE);
    for (uint32_t i = 1; i < count; i++)
        blockio_add(&io, start + i, frame);
    int err = blockio_wait(&io);

    struct efsx_journal_head *head = (void *)frame;
    le32_store(head->head.magic, EFSX_JOURNAL_MAGIC);
    le32_store(head->head.kind, EFSX_JOURNAL_HEAD);
    le64_store(head->head.sequence, 1);
    le32_store(head->checksum, crc32c(0, &head->head, sizeof head->head));
    if (!err)
        err = blockdev_transfer(dev, BLK_WRITE,
                                start * (BLOCK_SIZE / SECTOR_SIZE), frame,
                                BLOCK_SIZE);
    frame_free(frame, 0);
    return err;
}
