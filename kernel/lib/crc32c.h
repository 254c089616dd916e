/* CRC-32C (Castagnoli), the checksum of the file system's blocks.
 *
 * Owns a table, built when it is first needed; any context. */
#pragma once

#include "lib/compiler.h"

/* Continues crc, 0 at the start, over n bytes. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t n);
