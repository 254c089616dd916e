/* Permissions as people write them: 644, or u+w,go-rx. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Reads text as chmod has it: in octal, or as changes to old.
 * Where a change names neither user, group, others nor all, the bits of mask
 * (the umask) stay as they are. X is x for directories and for what somebody
 * can execute. Returns false if text is no mode. */
bool mode_parse(const char *text, mode_t old, bool is_dir, mode_t mask,
                mode_t *to);

/* Reads text as mode_parse does with the process's umask, and ends the program
 * with 2 after a message if it is no mode. */
mode_t mode_of(const char *text, mode_t old, bool is_dir);
