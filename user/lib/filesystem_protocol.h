/* What the service filesystem answers at /run/filesystem.sock, besides
 * <health.h>; everybody may ask, SCRUB is root's (EPERM). */
#pragma once

#include <stdint.h>

enum filesystem_request {
    FILESYSTEM_STATFS = 16, /* -> struct filesystem_report */
    FILESYSTEM_SCRUB,       /* -> the same, once all has been read anew */
};

struct filesystem_report {
    /* of the root file system, as statfs has them */
    uint64_t block_size, blocks, blocks_free, files, files_free;
    /* since the service started */
    uint64_t scrubs;      /* that came to their end */
    uint64_t scrub_ended; /* the last; ns of the monotonic clock, 0: never */
    uint64_t syncs;
    /* of this scrub, or the last one if none is under way */
    uint64_t scrubbing; /* 1: it is under way */
    uint64_t files_read, bytes_read;
    uint64_t damaged;     /* files and directories */
    char first_path[128]; /* of the damaged; "" if there is none */
};
