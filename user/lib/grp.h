/* Groups, from /etc/group. */
#pragma once

#include <sys/types.h>

struct group {
    char *gr_name, *gr_passwd;
    gid_t gr_gid;
    char **gr_mem; /* names of the users who are in it, then NULL */
};

/* NULL if there is none; valid until the next call of either. */
struct group *getgrgid(gid_t gid);
struct group *getgrnam(const char *name);

/* Sets the process's further groups; for user 0. */
int setgroups(size_t count, const gid_t *groups);

/* first, and all groups that list user: up to *count of them. Sets *count to
 * how many there are; returns that, or -1 if there are more. */
int getgrouplist(const char *user, gid_t first, gid_t *groups, int *count);

/* Makes those the process's further groups. */
int initgroups(const char *user, gid_t first);
