/* Read-ahead: noticing who reads in order, and what to ask for in advance.
 *
 * A stream is somebody who asks for block after block. Ahead of him a window
 * of blocks is asked for, and its first block carries a mark; when he gets
 * there, the next window, twice as large, is asked for: one is always on its
 * way. Blocks that are warm carry no mark, so hits on them cost nothing.
 *
 * Owns nothing; the caller's lock guards a struct readahead. Any context. */
#pragma once

#include "lib/compiler.h"

#define READAHEAD_STREAMS    8u  /* readers told apart */
#define READAHEAD_WINDOW_MIN 4u  /* blocks ahead of a new stream */
#define READAHEAD_WINDOW_MAX 64u /* and of an old one */
#define READAHEAD_NO_MARK    UINT64_MAX

struct readahead {
    struct readahead_stream {
        const void *owner; /* NULL while unused */
        uint64_t next;     /* the first block not asked for */
        size_t window;     /* blocks last asked for in advance */
        uint64_t used;     /* clock at last use */
    } streams[READAHEAD_STREAMS];
    uint64_t clock;
};

/* What to ask for. */
struct readahead_range {
    uint64_t start;
    size_t count;
    uint64_t mark; /* the block to be marked, or READAHEAD_NO_MARK */
};

/* Somebody needs count blocks of owner, a device or a file, from block on,
 * the first one not cached: the range starts there. Or, if count is 0,
 * somebody has reached block, which was marked. If a stream goes on there, its
 * next window, of at most `most` blocks, is the rest of the range. */
struct readahead_range readahead_plan(struct readahead *ra, const void *owner,
                                      uint64_t block, size_t count,
                                      size_t most);

/* Forgets the streams of owner (NULL: all). */
void readahead_forget(struct readahead *ra, const void *owner);
