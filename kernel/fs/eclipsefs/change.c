#include "fs/eclipsefs/change.h"

#include "abi/errno.h"
#include "fs/eclipsefs/names.h"
#include "fs/eclipsefs/space.h"
#include "lib/bits.h"
#include "lib/crc32c.h"
#include "lib/print.h"
#include "lib/string.h"
#include "trace/trace.h"

#define CRC32_POLYNOMIAL 0xedb88320u /* IEEE 802.3, bits reversed */

/* ---- The journal's hooks ---- */

static void
closed(void *owner)
{
    efs_space_closed(owner);
}

static void
committed(void *owner)
{
    efs_space_committed(owner);
}

static void
failed(void *owner, int error)
{
    struct efs *fs = owner;

    WRITE_ONCE(fs->broken, 1);
    pr_err("eclipsefs: %s: the journal cannot be written (error %d): nothing "
           "can be changed any more",
           fs->dev->name, -error);
}

static const struct journal_ops ops = {
    .closed = closed,
    .committed = committed,
    .failed = failed,
};

/* ---- The header ---- */

/* Bit by bit: 53 bytes once a mount are not worth a table. */
uint32_t
efs_header_checksum(const struct eclipsefs_header *header)
{
    const uint8_t *bytes = (const uint8_t *)header;
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < sizeof *header; i++) {
        if (i == offsetof(struct eclipsefs_header, header_checksum))
            i = offsetof(struct eclipsefs_header, creation_time);
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? CRC32_POLYNOMIAL : 0);
    }
    return ~crc;
}

/* What changes of it lies in one sector: after a crash it is as before or as
 * it should be, without the journal's help. Whoever gets here is the only
 * one: who mounts, unmounts, or is the first to meet damage. */
_Static_assert(EFSX_OFFSET + sizeof(struct efsx_header) <= SECTOR_SIZE,
               "the header is written as one sector");

/* Writes the header with that state, and whether errors have been met. */
static int
write_header(struct efs *fs, uint32_t state)
{
    struct efsx_header *ext = &fs->ext;
    struct buf *buf;

    int err = bcache_get(fs->dev, 0, &buf);
    if (err)
        return err;
    le32_store(ext->state, state | (le32_load(ext->state) & EFSX_ERRORS));
    le64_store(ext->free_blocks, efs_space_free_blocks(fs));
    le32_store(ext->free_inodes, efs_space_free_inodes(fs));
    le32_store(ext->checksum,
               crc32c(0, ext, offsetof(struct efsx_header, checksum)));
    memcpy(bcache_data(buf) + EFSX_OFFSET, ext, sizeof *ext);
    err =
        blockdev_transfer(fs->dev, BLK_WRITE, 0, bcache_data(buf), SECTOR_SIZE);
    bcache_put(buf);
    return err ? err : blockdev_transfer(fs->dev, BLK_FLUSH, 0, NULL, 0);
}

int
efs_broken(struct efs *fs, uint32_t ino, uint64_t address, const char *what)
{
    bool known = __atomic_exchange_n(&fs->broken, 1, __ATOMIC_RELAXED);

    if (!known && fs->journal && !fs->read_only &&
        write_header(fs, EFSX_IN_USE | EFSX_ERRORS) != 0)
        pr_err("eclipsefs: %s: the damage cannot be noted", fs->dev->name);
    return efs_damaged(fs, ino, address, what);
}

/* ---- Mounting ---- */

/* Frees an inode that was still open when it had lost its last name. */
static int
release_orphan(struct efs *fs, uint32_t ino)
{
    struct efs_node node;
    int left = efs_node_read(fs, ino, &node);

    if (left)
        return left;
    if (node.nlink > 0)
        return efs_broken(fs, ino, node.data, "orphan with links");
    do {
        int err = efs_begin(fs);
        if (err)
            return err;
        left = efs_release(fs, &node);
        err = efs_end(fs, MIN(left, 0));
        if (err)
            return err;
    } while (left > 0);
    return 0;
}

/* One that is damaged stays: that is for fsck. */
static int
release_orphans(struct efs *fs)
{
    uint32_t ino = 0;
    int err;

    while (!(err = efs_inode_next_orphan(fs, ino, &ino)) && ino) {
        err = release_orphan(fs, ino);
        if (err && err != -EUCLEAN && err != -EROFS)
            return err;
    }
    return err;
}

static int
start_writing(struct efs *fs, const char **why)
{
    *why = "the bitmap cannot be read";
    int err = efs_space_open(fs);
    if (err)
        return err;
    if (le32_load(fs->ext.state) & EFSX_ERRORS)
        pr_warn("eclipsefs: %s has errors: time for fsck.eclipsefs",
                fs->dev->name);
    *why = "the header cannot be written";
    le32_store(fs->ext.mount_count, le32_load(fs->ext.mount_count) + 1);
    err = write_header(fs, EFSX_IN_USE);
    if (err)
        return err;
    *why = "inodes without a name cannot be freed";
    return release_orphans(fs);
}

static void
free_all(struct efs *fs)
{
    efs_space_close(fs);
    if (fs->journal)
        journal_close(fs->journal);
    fs->journal = NULL;
}

int
efs_start(struct efs *fs, bool read_only, const char **why)
{
    fs->read_only = read_only || fs->dev->read_only;
    *why = "the journal cannot be replayed";
    int replayed = journal_open(fs->dev, le64_load(fs->ext.journal_start),
                                le32_load(fs->ext.journal_blocks),
                                fs->read_only, &ops, fs, &fs->journal);
    if (replayed < 0)
        return replayed;
    if (replayed > 0)
        pr_info("eclipsefs: %s: %d transactions replayed", fs->dev->name,
                replayed);
    int err = fs->read_only ? 0 : start_writing(fs, why);
    if (err)
        free_all(fs);
    return err;
}

/* Nobody is within a change when the mark is set. */
static int
stop_writing(struct efs *fs)
{
    int err = journal_begin(fs->journal);

    fs->read_only = true;
    if (!err)
        journal_end(fs->journal);
    if (!err)
        err = journal_flush(fs->journal);
    return err ? err : write_header(fs, EFSX_CLEAN);
}

int
efs_stop(struct efs *fs)
{
    int err = fs->read_only ? 0 : stop_writing(fs);

    free_all(fs);
    return err;
}

/* Readers do not use the journal: it may be exchanged under them. */
int
efs_set_read_only(struct efs *fs, bool read_only)
{
    const char *why = "";

    if (read_only || !fs->read_only)
        return read_only && !fs->read_only ? stop_writing(fs) : 0;
    if (fs->dev->read_only)
        return -EROFS;
    free_all(fs);
    int err = efs_start(fs, false, &why);
    if (!err)
        return 0;
    pr_err("eclipsefs: %s: stays read-only: %s", fs->dev->name, why);
    int failed = efs_start(fs, true, &why);
    return failed ? failed : err;
}

/* ---- Changes ---- */

int
efs_begin(struct efs *fs)
{
    if (fs->read_only || READ_ONCE(fs->broken))
        return -EROFS;
    int err = journal_begin(fs->journal);
    if (!err)
        trace_journal_begin();
    return err;
}

int
efs_end(struct efs *fs, int err)
{
    trace_journal_end(err);
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
    return fs->read_only ? 0 : journal_commit(fs->journal);
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
    uint64_t address = (uint64_t)block * ECLIPSEFS_BLOCK_SIZE;

    if (!efs_has_blocks(fs, block, 1))
        return efs_broken(fs, ino, address, "no such block");
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
        le32_load(head->used) <= EFSX_BLOCK_ROOM)
        return 0;
    bcache_put(*buf);
    return efs_broken(fs, ino, address, "damaged block of metadata");
}
