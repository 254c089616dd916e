/* Groups, from /etc/group. */
#pragma once

#include <sys/types.h>

struct group {
    char *gr_name, *gr_passwd;
    gid_t gr_gid;
};

/* NULL if there is none; valid until the next call of either. */
struct group *getgrgid(gid_t gid);
struct group *getgrnam(const char *name);
