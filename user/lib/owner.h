/* Giving files to others, for chown and chgrp. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Reads "user", "user:group", "user:" (with the user's own group) or ":group";
 * names or numbers. What is not named is left as it is. Complains and returns
 * false if there is no such user or group. */
bool owner_parse(const char *text, uid_t *user, gid_t *group);

/* Likewise for a group alone. */
bool owner_parse_group(const char *text, gid_t *group);

/* All that chown and chgrp do after their first operand is read by parse:
 * options and files are in argv. Returns the exit status. */
int owner_main(int argc, char **argv, const char *usage,
               bool (*parse)(const char *text, uid_t *user, gid_t *group));
