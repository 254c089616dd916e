/* What dump.c and dump_blocks.c share. */
#pragma once

#include "dump.h"

/* Shows bytes as a string. */
void dump_bytes(const uint8_t *data, size_t n);

/* Shows numbers of four bytes, `width` in each item. */
void dump_row(const uint8_t *bytes, uint32_t len, unsigned width);

/* Shows the journal's head and its transactions. Returns 0, -EUCLEAN, -EIO,
 * -ENOMEM. */
int dump_journal(struct efs *fs) MUST_CHECK;

/* Shows the blocks that a row of index entries leads to, and, `depth` levels
 * deep, those which these do. Returns as dump_journal. */
int dump_index_blocks(struct efs *fs, uint32_t ino, const uint8_t *index,
                      uint32_t len, unsigned depth) MUST_CHECK;
