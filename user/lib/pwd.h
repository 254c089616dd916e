/* Users, from /etc/passwd. */
#pragma once

#include <sys/types.h>

struct passwd {
    char *pw_name, *pw_passwd;
    uid_t pw_uid;
    gid_t pw_gid;
    char *pw_gecos, *pw_dir, *pw_shell;
};

/* NULL if there is none; valid until the next call of either. */
struct passwd *getpwuid(uid_t uid);
struct passwd *getpwnam(const char *name);
