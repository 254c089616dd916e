/* What users, groups and kinds of files are called. */
#pragma once

#include <sys/types.h>

/* The name, or the number if there is none; valid until the next call. */
const char *user_name(uid_t uid);
const char *group_name(gid_t gid);

/* "regular file", "directory" and so on. */
const char *file_type_name(mode_t mode);
