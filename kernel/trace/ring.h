/* Where records are until somebody reads them: a ring for each hart, written by
 * that hart alone, with interrupts off, and read by one reader on any hart. No
 * locks. What finds a ring full is lost, and counted.
 *
 * Owns the rings. Any context, but trace_give: once for each hart, before
 * anything is switched on. */
#pragma once

#include "trace/trace.h"

/* Gives hart's ring its memory: bytes, a power of two. */
void trace_give(unsigned hart, void *memory, uint32_t bytes);

/* Moves whole records of hart into buf, the oldest first, as many as fit.
 * Returns their bytes. One reader at a time. */
size_t trace_take(unsigned hart, void *buf, size_t size);

/* Whether a ring has records. */
bool trace_is_waiting(void);

/* Events of that number so far, of all harts, while it was on. */
uint64_t trace_total(enum trace_event event);

/* What happens to an event of a group that is on. */
enum trace_mode { TRACE_RECORDED, TRACE_COUNTED, TRACE_OFF };
enum trace_mode trace_mode(enum trace_event event);
void trace_set_mode(enum trace_event event, enum trace_mode mode);
