/* Wall-clock time, from the goldfish real-time clock.
 *
 * Owns the offset between wall clock and monotonic clock: constant after
 * rtc_init; no lock; any context. */
#pragma once

#include "lib/compiler.h"

/* Reads the clock once, and logs what time it is; without one, time starts
 * at 1970 with the boot. Boot hart, after clock_init and kmap_init. */
void rtc_init(void);

/* Wall clock minus clock_now_ns(). */
int64_t rtc_offset_ns(void);

/* Nanoseconds since 1970-01-01 00:00 UTC. */
int64_t rtc_now_ns(void);
