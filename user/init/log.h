/* What init says: on the console while that is nobody's, and in /var/log/init.
 */
#pragma once

#include <stdbool.h>
#include <sys/cdefs.h>

/* A line for the log alone. */
void log_line(const char *format, ...) PRINTF(1, 2);

/* A line for whoever watches the machine start or stop; not under `quiet`. */
void log_boot(const char *format, ...) PRINTF(1, 2);

/* A line that must be seen: on the console unless a service has it. */
void log_error(const char *format, ...) PRINTF(1, 2);

/* No boot lines, errors only. */
void log_set_quiet(bool quiet);

/* Whether the console is a service's, so that nothing is to be printed there.
 */
void log_set_console_taken(bool taken);
