/* Changes to an extended image: one operation, all of it or nothing.
 *
 * Binds the journal to the image: taking a change back also takes back what
 * efs_space gave away in it. What a change has done to structs in memory is
 * for the caller to restore. Thread context, may block. */
#pragma once

#include "fs/eclipsefs/super.h"

/* Opens the journal and the bitmap of an extended image after efs_open:
 * replays, marks the image as in use and frees orphans; or, if read_only or
 * the device is, replays into the cache, and sets fs->read_only.
 * Returns 0, -EUCLEAN, -EIO, -ENOMEM; on errors *why says it. */
int efs_start(struct efs *fs, bool read_only, const char **why) MUST_CHECK;

/* Brings everything to its place and marks the image as clean; frees what
 * efs_start made, whatever it returns: 0, or -EIO, -EROFS if not everything
 * could be written. Only then is what was not committed lost. */
int efs_stop(struct efs *fs);

/* Between the two: brings everything to its place, marks the image as clean,
 * and lets nothing be changed any more; or makes it as efs_start does for
 * writing. Nobody else may call either at the same time.
 * Returns 0; or -EIO, -EROFS, -EUCLEAN, -ENOMEM, and nothing can be changed
 * then, either. */
int efs_set_read_only(struct efs *fs, bool read_only) MUST_CHECK;

/* Begins a change. Returns 0, -EROFS. */
int efs_begin(struct efs *fs) MUST_CHECK;

/* Ends it: err 0 adds it to the running transaction, another value undoes it.
 * Returns err. */
int efs_end(struct efs *fs, int err) MUST_CHECK;

/* Makes every change so far durable, and all data that has been written to
 * the device. Returns 0, -EIO, -EROFS. */
int efs_commit(struct efs *fs) MUST_CHECK;

/* A wrong block of metadata was met: the image on the disk gets EFSX_ERRORS,
 * and nothing more is changed until it is unmounted. Logged as efs_damaged;
 * returns -EUCLEAN. Any sleep lock may be held. */
int efs_broken(struct efs *fs, uint32_t ino, uint64_t address,
               const char *what);

/* ---- Headers, and blocks of metadata ---- */

/* The CRC-32 (IEEE) that belongs into header_checksum: over all fields but
 * the three checksums. */
uint32_t efs_header_checksum(const struct eclipsefs_header *header);

/* The number of bytes that the checksum of a block with a struct efsx_trailer
 * covers, and the seal for such blocks. */
#define EFS_TRAILER_AT (ECLIPSEFS_BLOCK_SIZE - sizeof(struct efsx_trailer))
void efs_seal(uint8_t *block);

/* Gets a block of extents, index entries or names that belongs to ino: magic,
 * owner and length are right, and the checksum, unless bcache_checked says
 * that more than that has been checked. Returns 0 and a held buffer, -EUCLEAN
 * (logged), -EIO, -ENOMEM. */
int efs_block_get(struct efs *fs, uint32_t block, uint32_t magic, uint32_t ino,
                  struct buf **buf) MUST_CHECK;
