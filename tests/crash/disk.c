#include "disk.h"

#include "abi/errno.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK       4096u
#define BLOCK_SHIFT 12
#define MAX_VEC     64u

/* The block that holds address, writable. */
static uint8_t *
writable(struct crash_disk *disk, uint64_t address)
{
    size_t block = address >> BLOCK_SHIFT;

    if (!disk->layer[block]) {
        disk->layer[block] = malloc(BLOCK);
        memcpy(disk->layer[block], disk->base + block * BLOCK, BLOCK);
        disk->touched[disk->ntouched++] = block;
    }
    return disk->layer[block] + address % BLOCK;
}

static const uint8_t *
readable(const struct crash_disk *disk, uint64_t address)
{
    const uint8_t *block = disk->layer[address >> BLOCK_SHIFT];
    return block ? block + address % BLOCK : disk->base + address;
}

static void
record(struct crash_disk *disk, uint64_t sector, const struct blkreq *req)
{
    struct write_log *log = disk->record;
    struct write w = {.sector = sector};
    uint8_t *data = NULL;

    for (unsigned i = 0; i < req->nvec; i++)
        w.sectors += (uint32_t)(req->vec[i].len / SECTOR_SIZE);
    if (w.sectors)
        w.data = data = malloc((size_t)w.sectors * SECTOR_SIZE);
    for (unsigned i = 0; i < req->nvec; i++) {
        memcpy(data, req->vec[i].base, req->vec[i].len);
        data += req->vec[i].len;
    }
    log->writes = realloc(log->writes, (log->count + 1) * sizeof w);
    log->writes[log->count++] = w;
}

/* All pieces are whole sectors, and none reaches past the end: blockdev.c has
 * checked. */
static void
submit(struct blockdev *dev, struct blkreq *req)
{
    struct crash_disk *disk = container_of(dev, struct crash_disk, dev);
    uint64_t at = req->sector * SECTOR_SIZE;

    if (disk->record && req->op != BLK_READ)
        record(disk, req->sector, req);
    for (unsigned i = 0; req->op != BLK_FLUSH && i < req->nvec; i++) {
        uint8_t *p = req->vec[i].base;
        for (size_t n = 0; n < req->vec[i].len; n += SECTOR_SIZE) {
            if (req->op == BLK_WRITE)
                memcpy(writable(disk, at), p + n, SECTOR_SIZE);
            else
                memcpy(p + n, readable(disk, at), SECTOR_SIZE);
            at += SECTOR_SIZE;
        }
    }
    req->status = 0;
    req->done(req);
}

static void
kick(struct blockdev *dev UNUSED)
{
}

void
crash_disk_init(struct crash_disk *disk, const uint8_t *base, uint64_t size)
{
    static const struct blockdev_ops ops = {.submit = submit, .kick = kick};
    size_t blocks = size >> BLOCK_SHIFT;

    *disk = (struct crash_disk){
        .dev = {.name = "crash",
                .ops = &ops,
                .sectors = size / SECTOR_SIZE,
                .block_size = SECTOR_SIZE,
                .max_vec = MAX_VEC,
                .max_bytes = MAX_VEC * BLOCK,
                .can_flush = true},
        .base = base,
        .size = size,
        .layer = calloc(blocks, sizeof(disk->layer[0])),
        .touched = calloc(blocks, sizeof(disk->touched[0])),
    };
}

void
crash_disk_reset(struct crash_disk *disk, const uint8_t *base)
{
    for (size_t i = 0; i < disk->ntouched; i++) {
        free(disk->layer[disk->touched[i]]);
        disk->layer[disk->touched[i]] = NULL;
    }
    disk->ntouched = 0;
    disk->base = base;
}

void
crash_disk_destroy(struct crash_disk *disk)
{
    crash_disk_reset(disk, NULL);
    free(disk->layer);
    free(disk->touched);
}

void
crash_disk_apply(struct crash_disk *disk, const struct write *w, uint64_t mask)
{
    for (uint32_t i = 0; i < w->sectors; i++) {
        uint64_t at = (w->sector + i) * SECTOR_SIZE;
        if ((mask >> i % 64 & 1) && at + SECTOR_SIZE <= disk->size)
            memcpy(writable(disk, at), w->data + (size_t)i * SECTOR_SIZE,
                   SECTOR_SIZE);
    }
}

void
crash_disk_record(struct crash_disk *disk, struct write_log *log)
{
    if (log)
        *log = (struct write_log){0};
    disk->record = log;
}

void
write_log_clear(struct write_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        free((void *)(uintptr_t)log->writes[i].data);
    free(log->writes);
    *log = (struct write_log){0};
}
