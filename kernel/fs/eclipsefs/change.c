#include "fs/eclipsefs/change.h"

#include "abi/errno.h"
#include "fs/eclipsefs/space.h"
#include "lib/bits.h"
#include "lib/crc32c.h"

/* ---- The journal's hooks ---- */

static void
closed(struct journal *journal)
{
    efs_space_closed(journal_owner(journal));
}

static void
committed(struct journal *journal)
{
    efs_space_committed(journal_owner(journal));
}

static void
failed(struct journal *journal, int error UNUSED)
{
    struct efs *fs = journal_owner(journal);
    WRITE_ONCE(fs->broken, true);
}

static const struct journal_ops ops = {
    .closed = closed,
    .committed = committed,
    .failed = failed,
};

/* ---- Changes ---- */

int
efs_start(struct efs *fs, bool read_only, const char **why)
{
    *why = "the journal cannot be replayed";
    if (!read_only && fs->dev->read_only)
        return -EROFS;
    int replayed = journal_open(fs->dev, le64_load(fs->ext.journal_start),
                                le32_load(fs->ext.journal_blocks), read_only,
                                &ops, fs, &fs->journal);
    if (replayed < 0)
        return replayed;
    fs->read_only = read_only;
    *why = "the bitmap cannot be read";
    int err = read_only ? 0 : efs_space_open(fs);
    if (err) {
        journal_close(fs->journal);
        fs->journal = NULL;
    }
    return err;
}

int
efs_stop(struct efs *fs)
{
    int err = fs->read_only ? 0 : journal_flush(fs->journal);

    journal_close(fs->journal);
    fs->journal = NULL;
    efs_space_close(fs);
    return err;
}

int
efs_begin(struct efs *fs)
{
    if (fs->read_only || READ_ONCE(fs->broken))
        return -EROFS;
    return journal_begin(fs->journal, JOURNAL_CREDITS);
}

int
efs_end(struct efs *fs, int err)
{
    if (err) {
        efs_space_undo(fs);
        journal_cancel(fs->journal);
    } else {
        efs_space_keep(fs);
        journal_end(fs->journal);
    }
    return err;
}

int
efs_commit(struct efs *fs)
{
    return journal_commit(fs->journal, journal_running(fs->journal));
}

int
efs_broken(struct efs *fs, uint32_t ino, uint64_t address, const char *what)
{
    WRITE_ONCE(fs->broken, true);
    return efs_damaged(fs, ino, address, what);
}

/* ---- Blocks of metadata ---- */

void
efs_seal(uint8_t *block)
{
    le32_store(block + EFS_TRAILER_AT, crc32c(0, block, EFS_TRAILER_AT));
}

int
efs_block_get(struct efs *fs, uint32_t block, uint32_t magic, uint32_t ino,
              struct buf **buf)
{
    int err = bcache_get(fs->dev, block, buf);
    if (err)
        return err;
    const uint8_t *data = bcache_data(*buf);
    const struct efsx_block *head = (const void *)data;
    bool sound =
        READ_ONCE(*bcache_checked(*buf)) ||
        le32_load(data + EFS_TRAILER_AT) == crc32c(0, data, EFS_TRAILER_AT);
    if (sound && le32_load(head->magic) == magic &&
        le32_load(head->owner) == ino &&
        le32_load(head->used) <= EFSX_BLOCK_ROOM) {
        WRITE_ONCE(*bcache_checked(*buf), true);
        return 0;
    }
    bcache_put(*buf);
    return efs_broken(fs, ino, (uint64_t)block * ECLIPSEFS_BLOCK_SIZE,
                      "damaged block of metadata");
}
