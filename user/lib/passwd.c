#include <pwd.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Finds the line of a file of colon-separated fields whose first field is
 * name, or whose third is id if name is NULL, and cuts it into fields. */
static bool
find_line(const char *path, const char *name, unsigned long id, char **fields,
          int count)
{
    static char line[256];
    FILE *f = fopen(path, "r");
    bool found = false;

    if (!f)
        return false;
    while (!found && fgets(line, sizeof(line), f)) {
        char *rest = line;
        line[strcspn(line, "\n")] = '\0';
        for (int i = 0; i < count; i++) {
            char *field = strsep(&rest, ":");
            fields[i] = field ? field : line + strlen(line);
        }
        found = name ? strcmp(name, fields[0]) == 0
                     : *fields[2] && strtoul(fields[2], NULL, 10) == id;
    }
    fclose(f);
    return found;
}

static struct passwd *
find_user(const char *name, uid_t uid)
{
    static struct passwd user;
    char *field[7];

    if (!find_line("/etc/passwd", name, uid, field, 7))
        return NULL;
    user = (struct passwd){
        .pw_name = field[0],
        .pw_passwd = field[1],
        .pw_uid = (uid_t)strtoul(field[2], NULL, 10),
        .pw_gid = (gid_t)strtoul(field[3], NULL, 10),
        .pw_gecos = field[4],
        .pw_dir = field[5],
        .pw_shell = field[6],
    };
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

static struct group *
find_group(const char *name, gid_t gid)
{
    static struct group group;
    char *field[3];

    if (!find_line("/etc/group", name, gid, field, 3))
        return NULL;
    group.gr_name = field[0];
    group.gr_passwd = field[1];
    group.gr_gid = (gid_t)strtoul(field[2], NULL, 10);
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
