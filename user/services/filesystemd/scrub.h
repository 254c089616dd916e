/* Reading all files and directories of the root file system: what reading
 * finds damaged, is found before somebody needs it. */
#pragma once

#include <filesystem_protocol.h>
#include <stdbool.h>

#define SCRUB_STEP 65536u /* bytes read in a step, at most */

/* Begins anew, wherever the last one is. */
void scrub_begin(void);

/* Does a small part of it. Returns the bytes read; *more says whether there is
 * more to do. What is damaged is complained about by its path. */
unsigned long scrub_step(bool *more);

bool scrub_is_running(void);

/* Fills in what is known of the scrub. */
void scrub_report(struct filesystem_report *to);
