/* What the parts of dd share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What the operands ask for. */
struct options {
    const char *in, *out;       /* NULL: standard input and output */
    uint64_t in_size, out_size; /* of a block */
    uint64_t count, skip, seek; /* of blocks; count UINT64_MAX: all */
    bool one_size;              /* bs=: blocks go out as they came in */
    bool no_truncate, no_create, exclusive, go_on, pad, data_sync, full_sync;
    int in_flags, out_flags; /* O_* */
    bool full_blocks;        /* read until a block is full */
    bool quiet, no_rate;
};

/* Blocks read and written, full ones and others, and bytes written. */
struct totals {
    uint64_t in_full, in_part, out_full, out_part, bytes;
};

/* Reads the operands, or complains and ends the program. */
void options_read(struct options *o, char **operands);
