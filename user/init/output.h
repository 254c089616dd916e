/* What services print: each line with the time, in /var/log/NAME. */
#pragma once

#include "service.h"

/* Returns a descriptor (close-on-exec) that s's next process writes its
 * standard output and error to, or a negative errno; the caller closes it. It
 * is called before each start, and what is left of the last process may still
 * write to its own. */
int output_open(struct service *s);

/* Adds a line (without its newline) to the log of a name, as init's own
 * "init". It may be called before /var/log can be written to: such lines are
 * kept in memory and written later, up to some KiB. */
void output_line(const char *name, const char *line);

/* Writes all out, and no longer to the disk: it is about to be unmounted. */
void output_close(void);
