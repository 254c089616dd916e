/* What is traced: switches by name, and the table at the head of a stream.
 *
 * Owns trace_switches; guarded by nothing: two who switch at
 * once get some mixture of what they want. Any context. */
#pragma once

#include "trace/ring.h"

#ifdef TRACE
/* Groups of which something is on: what threads get as they are given a
 * hart. */
extern struct trace_switches trace_switches;
#endif

/* Does what words of the text say, separated by blanks, commas or newlines:
 * "+virtq" records a group's events, "#virtq" counts those that are not
 * recorded, "-virtq" turns them off, "~virtq" those that are only counted. A
 * name may also be an event's, "virtq.used", or "all"; without a sign it is as
 * with "+". Returns 0; or -EINVAL, and then nothing has
 * changed. */
int trace_control(const char *text, size_t len) MUST_CHECK;

/* How often something was switched. */
extern unsigned trace_changes;

/* Called when something has changed: lets running threads see it. */
extern void (*trace_changed)(void);

/* Writes the line of an event in the table, "ID group.name field:kind ...",
 * with its newline. Returns its length. */
size_t trace_describe(enum trace_event event, char *buf, size_t size);
