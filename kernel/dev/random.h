/* Random bytes that nobody can predict from earlier ones.
 *
 * Owns the generator's key; guarded by an internal lock; any context. Until
 * something unpredictable has been added (the device tree's rng-seed, a
 * virtio entropy device), all it has are clock readings. */
#pragma once

#include "lib/compiler.h"

/* Stirs n bytes in; the generator is never worse off than before. */
void random_add(const void *bytes, size_t n);

/* Fills buf with n random bytes. Never blocks. */
void random_fill(void *buf, size_t n);
