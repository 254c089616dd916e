/* What services print: each line with the time, in /var/log/NAME.
 *
 * All processes of a service write to one pipe, from which init reads no more
 * at a time, and no faster, than it can well write: who prints without end
 * holds up nobody but himself. The lines' form is output_log.h's. */
#pragma once

#include "service.h"

#define OUTPUT_RATE  262144 /* bytes of log a second, of each service, ... */
#define OUTPUT_BURST 131072 /* ... after so many at once */

/* Returns a descriptor (close-on-exec) that s's next process writes its
 * standard output and error to, or a negative errno; the caller closes it. It
 * is called before each start, and what is left of the last process may still
 * write to its own. */
int output_open(struct service *s);

/* Adds a line (without its newline) to the log of a name, as init's own
 * "init". It may be called before /var/log can be written to: such lines are
 * kept in memory and written later, up to some KiB. */
void output_line(const char *name, const char *line);

/* How many bytes were written to the log of a name since the system started:
 * who has seen as many has seen all. 0 if there was never a line. */
uint64_t output_written(const char *name);

/* Writes all out, and no longer to the disk: it is about to be unmounted. */
void output_close(void);
