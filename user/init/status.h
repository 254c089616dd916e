/* How all services together fare, in one line. */
#pragma once

#include <stddef.h>

/* "5 running, 1 failed, 2 without device". */
void status_summarize(char *to, size_t size);

/* From now on that line, with the use of the machine, is logged now and then:
 * each status-period of /etc/init.conf, every 10 minutes if that says nothing,
 * never if it says 0. */
void status_start(void);
