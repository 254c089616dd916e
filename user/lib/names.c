#include <names.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Most files have the owner of the one before. */
struct cached {
    bool valid;
    uint32_t id;
    char name[33];
};

/* Puts name, or id if there is none, into the cache. */
static const char *
keep(struct cached *c, uint32_t id, const char *name)
{
    c->valid = true;
    c->id = id;
    if (name)
        strlcpy(c->name, name, sizeof(c->name));
    else
        snprintf(c->name, sizeof(c->name), "%u", id);
    return c->name;
}

const char *
user_name(uid_t uid)
{
    static struct cached last;
    struct passwd *p;

    if (last.valid && last.id == uid)
        return last.name;
    p = getpwuid(uid);
    return keep(&last, uid, p ? p->pw_name : NULL);
}

const char *
group_name(gid_t gid)
{
    static struct cached last;
    struct group *g;

    if (last.valid && last.id == gid)
        return last.name;
    g = getgrgid(gid);
    return keep(&last, gid, g ? g->gr_name : NULL);
}

const char *
file_type_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "regular file";
    case S_IFDIR:
        return "directory";
    case S_IFLNK:
        return "symbolic link";
    case S_IFCHR:
        return "character device";
    case S_IFBLK:
        return "block device";
    case S_IFIFO:
        return "fifo";
    case S_IFSOCK:
        return "socket";
    default:
        return "unknown";
    }
}
