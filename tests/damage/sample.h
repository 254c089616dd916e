/* An image with some of everything in it, for damage.
 *
 * One thread. */
#pragma once

#include "lib/compiler.h"

#define SAMPLE_SIZE   (640u * 4096) /* bytes */
#define SAMPLE_INODES 512u

/* Makes the image in SAMPLE_SIZE bytes at image: small, large and sparse
 * files, one with more extents than its record holds, directories of all
 * layouts, links, a device, an orphan, and, if asked for, transactions in the
 * journal that have not reached their places. */
void sample_make(uint8_t *image, bool with_journal);
