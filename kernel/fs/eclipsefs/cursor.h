/* Reading on through an image, byte by byte, across block boundaries.
 *
 * A cursor holds at most one cached block. It lives on its user's stack and
 * takes no lock; may block on the disk. */
#pragma once

#include "fs/bcache.h"

struct efs_cursor {
    struct blockdev *dev;
    uint64_t pos, end; /* addresses: the next byte, and where to stop */
    struct buf *buf;   /* the held block, or NULL */
    uint64_t block;    /* its number */
};

/* Starts at address pos; end must be on the device. */
void efs_cursor_init(struct efs_cursor *c, struct blockdev *dev, uint64_t pos,
                     uint64_t end);

/* Gives the held block back; the cursor may be closed twice. */
void efs_cursor_close(struct efs_cursor *c);

/* Bytes between the cursor and its end. */
static inline uint64_t
efs_cursor_left(const struct efs_cursor *c)
{
    return c->end - c->pos;
}

/* Moves past n bytes; n <= efs_cursor_left. Reads nothing. */
static inline void
efs_cursor_skip(struct efs_cursor *c, uint64_t n)
{
    c->pos += n;
}

/* Copies n bytes to dst and moves past them.
 * Returns 0, -EUCLEAN if fewer than n bytes are left, -EIO, -ENOMEM. */
int efs_cursor_read(struct efs_cursor *c, void *dst, size_t n) MUST_CHECK;
