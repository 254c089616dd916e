#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <shadow.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIELDS_MAX  7
#define MEMBERS_MAX 64 /* shown of a group */

/* A line of one of the files, cut into fields at the colons. */
struct record {
    char *line;
    size_t room;
    char *field[FIELDS_MAX];
};

/* Reads an id: digits and nothing else. */
static bool
read_id(const char *text, uint32_t *id)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    *id = (uint32_t)n;
    return isdigit((unsigned char)*text) && *end == '\0' && n < UINT32_MAX;
}

/* Cuts the line; false if it does not have so many fields and a name. */
static bool
cut_fields(struct record *r, int count)
{
    char *rest = r->line;

    for (int i = 0; i < count; i++)
        if (!(r->field[i] = strsep(&rest, ":")))
            return false;
    return r->field[0][0] != '\0';
}

/* Reads the next line that is one: what is damaged is nobody's. */
static bool
next_record(FILE *f, struct record *r, int count)
{
    ssize_t len;

    while ((len = getline(&r->line, &r->room, f)) > 0) {
        bool whole = strlen(r->line) == (size_t)len;
        r->line[strcspn(r->line, "\n")] = '\0';
        if (whole && cut_fields(r, count))
            return true;
    }
    return false;
}

/* Finds the line whose first field is name, or, if name is NULL, whose third
 * is id. */
static bool
find_record(const char *path, struct record *r, int count, const char *name,
            uint32_t id)
{
    FILE *f = fopen(path, "re");
    bool found = false;
    uint32_t its;

    if (!f)
        return false;
    while (!found && next_record(f, r, count))
        found = name ? strcmp(name, r->field[0]) == 0
                     : read_id(r->field[2], &its) && its == id;
    fclose(f);
    return found;
}

/* ---- Users ---- */

static struct passwd *
find_user(const char *name, uid_t uid)
{
    static struct record r;
    static struct passwd user;

    if (!find_record("/etc/passwd", &r, 7, name, uid) ||
        !read_id(r.field[2], &user.pw_uid) ||
        !read_id(r.field[3], &user.pw_gid))
        return NULL;
    user.pw_name = r.field[0];
    user.pw_passwd = r.field[1];
    user.pw_gecos = r.field[4];
    user.pw_dir = r.field[5];
    user.pw_shell = r.field[6];
    return &user;
}

struct passwd *
getpwuid(uid_t uid)
{
    return find_user(NULL, uid);
}

struct passwd *
getpwnam(const char *name)
{
    return find_user(name, 0);
}

struct spwd *
getspnam(const char *name)
{
    static struct record r;
    static struct spwd shadow;

    if (!find_record("/etc/shadow", &r, 2, name, 0))
        return NULL;
    shadow.sp_namp = r.field[0];
    shadow.sp_pwdp = r.field[1];
    return &shadow;
}

/* ---- Groups ---- */

static struct group *
find_group(const char *name, gid_t gid)
{
    static struct record r;
    static struct group group;
    static char *members[MEMBERS_MAX + 1];
    int count = 0;

    if (!find_record("/etc/group", &r, 4, name, gid) ||
        !read_id(r.field[2], &group.gr_gid))
        return NULL;
    for (char *rest = r.field[3], *m; count < MEMBERS_MAX && rest;)
        if (*(m = strsep(&rest, ",")))
            members[count++] = m;
    members[count] = NULL;
    group.gr_name = r.field[0];
    group.gr_passwd = r.field[1];
    group.gr_mem = members;
    return &group;
}

struct group *
getgrgid(gid_t gid)
{
    return find_group(NULL, gid);
}

struct group *
getgrnam(const char *name)
{
    return find_group(name, 0);
}

/* Whether a list with commas has the name. */
static bool
has_member(char *members, const char *name)
{
    char *m;

    while ((m = strsep(&members, ",")))
        if (strcmp(m, name) == 0)
            return true;
    return false;
}

int
getgrouplist(const char *user, gid_t first, gid_t *groups, int *count)
{
    static struct record r;
    FILE *f = fopen("/etc/group", "re");
    int n = 0, room = *count;
    gid_t gid;

    if (n++ < room)
        groups[0] = first;
    while (f && next_record(f, &r, 4))
        if (has_member(r.field[3], user) && read_id(r.field[2], &gid) &&
            gid != first && n++ < room)
            groups[n - 1] = gid;
    if (f)
        fclose(f);
    *count = n;
    return n > room ? -1 : n;
}

int
initgroups(const char *user, gid_t first)
{
    gid_t groups[NGROUPS_MAX];
    int count = NGROUPS_MAX;

    /* Those that there is no room for are lost, as others do it, too. */
    getgrouplist(user, first, groups, &count);
    return setgroups(count < NGROUPS_MAX ? (size_t)count : NGROUPS_MAX, groups);
}
