/* Times that system calls are given.
 *
 * Owns nothing. Thread context, may block. */
#pragma once

#include "lib/compiler.h"

#define NS_PER_S 1000000000ll

/* Reads a struct timespec that is a span of time into *ns; one that would
 * overflow means "for ever". Returns 0, -EFAULT, -EINVAL. */
int timespec_arg_read(uint64_t user, uint64_t *ns) MUST_CHECK;
