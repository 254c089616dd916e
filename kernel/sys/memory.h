/* What the families of calls about memory have in common.
 *
 * Owns nothing; thread context of a process, may block. */
#pragma once

#include "lib/compiler.h"

struct area;

/* Nothing is mapped below: a null pointer with an offset finds nothing. */
#define MEMORY_MIN 0x10000u

/* Calls `each` with the parts of areas in the pages of a range, one after the
 * other: it may block and let the others change. Returns its first error, or
 * -ENOMEM if there was a gap, or the range goes beyond user space. */
int memory_for_each_area(uint64_t start, uint64_t size,
                         int (*each)(struct area *area)) MUST_CHECK;
int memory_leave_area(struct area *area); /* does nothing */

/* Brings the pages of a range in, as far as that goes. */
void memory_populate(uint64_t start, uint64_t size);
