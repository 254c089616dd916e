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

/* Sets the process's further groups; for user 0. */
int setgroups(size_t count, const gid_t *groups);
