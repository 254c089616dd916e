#include <owner.h>
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <prog.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <walk.h>

/* What is changed, and how. */
struct change {
    uid_t user;
    gid_t group;
    bool recursive, links, quiet, verbose;
    bool good;
};

/* Reads a number; -1 itself means "no change" to the kernel. */
static bool
parse_id(const char *text, uint32_t *id)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    *id = (uint32_t)n;
    return isdigit(*text) && !*end && n < UINT32_MAX;
}

bool
owner_parse_group(const char *text, gid_t *group)
{
    struct group *g = getgrnam(text);

    if (g)
        *group = g->gr_gid;
    else if (!parse_id(text, group)) {
        warnx("%s: no such group", text);
        return false;
    }
    return true;
}

static bool
parse_user(const char *name, uid_t *user, gid_t *its_group)
{
    struct passwd *p = getpwnam(name);

    if (!p && !parse_id(name, user)) {
        warnx("%s: no such user", name);
        return false;
    }
    if (!p)
        p = getpwuid(*user);
    if (p) {
        *user = p->pw_uid;
        *its_group = p->pw_gid;
    }
    return true;
}

bool
owner_parse(const char *text, uid_t *user, gid_t *group)
{
    size_t len = strcspn(text, ":");
    char *name = prog_format("%.*s", (int)len, text);
    gid_t its_group = (gid_t)-1;
    bool good = true;

    *user = (uid_t)-1;
    *group = (gid_t)-1;
    if (len > 0)
        good = parse_user(name, user, &its_group);
    free(name);
    if (good && text[len] && text[len + 1])
        return owner_parse_group(text + len + 1, group);
    if (good && text[len])
        *group = its_group;
    return good;
}

static void
owner_failed(struct change *c, const char *path, int error)
{
    errno = error;
    if (!c->quiet)
        warn("%s", path);
    c->good = false;
}

static void
change_one(struct change *c, const struct walk_entry *e)
{
    /* Links in a tree are changed themselves: they lead elsewhere. */
    int flags = c->links || c->recursive ? AT_SYMLINK_NOFOLLOW : 0;

    if (fchownat(e->dir, e->name, c->user, c->group, flags) != 0)
        owner_failed(c, e->path, errno);
    else if (c->verbose)
        printf("%s: changed\n", e->path);
}

static void
change_all(struct change *c, const char *path)
{
    bool follow = !c->links && !c->recursive;
    struct walk *w = walk_open(path, follow ? WALK_FOLLOW_FIRST : 0);
    struct walk_entry *e;

    while ((e = walk_next(w))) {
        if (e->kind == WALK_ERROR)
            owner_failed(c, e->path, e->error);
        else if (e->kind != WALK_DIR_END)
            change_one(c, e);
        if (e->kind == WALK_DIR && !c->recursive)
            walk_skip(w);
    }
    walk_close(w);
}

int
owner_main(int argc, char **argv, const char *usage,
           bool (*parse)(const char *text, uid_t *user, gid_t *group))
{
    struct change change = {.good = true};
    int c;

    while ((c = prog_option(argc, argv, "fhRv", usage)) != -1) {
        change.quiet |= c == 'f';
        change.links |= c == 'h';
        change.recursive |= c == 'R';
        change.verbose |= c == 'v';
    }
    if (argc - optind < 2)
        prog_usage(usage);
    if (!parse(argv[optind++], &change.user, &change.group))
        return 1;
    for (; optind < argc; optind++)
        change_all(&change, argv[optind]);
    return !change.good;
}
