#include <copy.h>
#include <copy_impl.h>
#include <dirstack.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <walk.h>

/* A copy_path that is going on. */
struct job {
    struct copy *c;
    struct walk *walk;
    const char *from, *to;
    struct dirstack dirs; /* in the copy, as deep as the walk */
    bool *made;           /* for each of them: it is new */
    size_t made_room;
    struct stat root; /* of the copy, once it is a directory */
    mode_t mask;
};

/* The path of e's copy, from malloc. */
static char *
target_path(const struct job *j, const struct walk_entry *e)
{
    const char *below = e->path + strlen(j->from);

    below += strspn(below, "/");
    return e->depth > 0 ? prog_join(j->to, below) : prog_format("%s", j->to);
}

static void
copy_failed(struct job *j, const struct walk_entry *e, bool at_source)
{
    int error = errno;
    char *to = at_source ? NULL : target_path(j, e);

    errno = error;
    warn("%s", at_source ? e->path : to);
    free(to);
    j->c->good = false;
}

/* As fail, with words of our own about the copy. */
static void
refuse_copy(struct job *j, const struct walk_entry *e, const char *why)
{
    char *to = target_path(j, e);

    warnx("%s: %s", to, why);
    free(to);
    j->c->good = false;
}

static struct copy_place
target(const struct job *j, const struct walk_entry *e)
{
    return (struct copy_place){dirstack_top(&j->dirs),
                               e->depth > 0 ? e->name : j->to};
}

static void
say_copied(struct job *j, const struct walk_entry *e)
{
    char *to;

    if (!j->c->verbose)
        return;
    to = target_path(j, e);
    printf("%s -> %s\n", e->path, to);
    free(to);
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether e may be written where something is already; complains if not. */
static bool
may_overwrite(struct job *j, const struct walk_entry *e)
{
    struct copy_place to = target(j, e);
    bool through = !S_ISLNK(e->st.st_mode);
    struct stat st, seen;
    char *path;
    bool yes;

    if (fstatat(to.dir, to.name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return true; /* what is wrong there shows when it is made */
    if (j->c->no_clobber)
        return false;
    if (!through || fstatat(to.dir, to.name, &seen, 0) != 0)
        seen = st;
    if (same_file(&seen, &e->st)) {
        refuse_copy(j, e, "is the same file as the one to copy");
        return false;
    }
    if (S_ISDIR(seen.st_mode)) {
        errno = EISDIR;
        copy_failed(j, e, false);
        return false;
    }
    if (!j->c->interactive)
        return true;
    path = target_path(j, e);
    yes = prog_ask("overwrite %s? ", path);
    free(path);
    return yes;
}

/* Takes away what has the name of a copy that is not written but made. */
static int
make_way(struct copy_place to)
{
    return unlinkat(to.dir, to.name, 0) == 0 || errno == ENOENT ? 0 : -1;
}

/* If another name of e was copied before: makes a name of that copy. */
static bool
link_to_earlier(struct job *j, const struct walk_entry *e)
{
    struct copy_place to = target(j, e);
    const char *earlier;

    if (!j->c->names || e->st.st_nlink < 2)
        return false;
    earlier = *inode_table_at(&j->c->copied, e->st.st_dev, e->st.st_ino);
    if (!earlier)
        return false;
    if (make_way(to) != 0 || linkat(AT_FDCWD, earlier, to.dir, to.name, 0) != 0)
        copy_failed(j, e, false);
    else
        say_copied(j, e);
    return true;
}

static void
remember(struct job *j, const struct walk_entry *e)
{
    if (j->c->names && e->st.st_nlink > 1)
        *inode_table_at(&j->c->copied, e->st.st_dev, e->st.st_ino) =
            target_path(j, e);
}

/* Makes e's copy, whatever kind of file it is; 0 or -1. */
static int
make_copy(struct job *j, const struct walk_entry *e, bool *at_source)
{
    struct copy_place from = {e->dir, e->name}, to = target(j, e);
    mode_t mode = e->st.st_mode & (j->c->attributes ? 0700 : 0777);

    if (S_ISREG(e->st.st_mode) || (!j->c->recursive && !S_ISLNK(e->st.st_mode)))
        return copy_contents(from, &e->st, to, mode, j->c->force, at_source);
    *at_source = false;
    if (make_way(to) != 0)
        return -1;
    if (S_ISLNK(e->st.st_mode))
        return copy_link(from, to);
    return mknodat(to.dir, to.name, (e->st.st_mode & S_IFMT) | mode,
                   e->st.st_rdev);
}

static void
copy_one(struct job *j, const struct walk_entry *e)
{
    bool at_source = false;

    if (S_ISLNK(e->st.st_mode) &&
        (j->c->follow & (e->depth ? WALK_FOLLOW : -1))) {
        errno = ENOENT; /* a link that leads nowhere */
        copy_failed(j, e, true);
        return;
    }
    if (!may_overwrite(j, e) || link_to_earlier(j, e))
        return;
    if (make_copy(j, e, &at_source) != 0 ||
        (j->c->attributes && copy_attributes(target(j, e), &e->st) != 0)) {
        copy_failed(j, e, at_source);
        return;
    }
    remember(j, e);
    say_copied(j, e);
}

/* Makes the copy of a directory, or finds it made; 0 or -1. */
static int
make_directory(struct job *j, const struct walk_entry *e, bool *made)
{
    struct copy_place to = target(j, e);
    struct stat st;

    *made = mkdirat(to.dir, to.name, (e->st.st_mode & 0777) | 0700) == 0;
    if (*made)
        return 0;
    /* Of links, only the one the user named is followed. */
    if (fstatat(to.dir, to.name, &st, e->depth ? AT_SYMLINK_NOFOLLOW : 0) != 0)
        return -1;
    return S_ISDIR(st.st_mode) ? 0 : errno_fail(ENOTDIR);
}

static void
copy_directory(struct job *j, const struct walk_entry *e)
{
    size_t depth = e->depth;
    bool made;

    if (!j->c->recursive) {
        warnx("%s: is a directory, which only -r copies", e->path);
        j->c->good = false;
        walk_skip(j->walk);
        return;
    }
    if (depth > 0 && same_file(&e->st, &j->root)) {
        refuse_copy(j, e, "would be a copy of the copy");
        walk_skip(j->walk);
        return;
    }
    if (make_directory(j, e, &made) != 0 ||
        dirstack_push(&j->dirs, target(j, e).name, depth == 0) != 0) {
        copy_failed(j, e, false);
        walk_skip(j->walk);
        return;
    }
    if (depth >= j->made_room) {
        j->made_room = depth * 2 + 8;
        j->made = prog_realloc(j->made, j->made_room * sizeof(*j->made));
    }
    j->made[depth] = made;
    if (depth == 0 && fstat(dirstack_top(&j->dirs), &j->root) != 0)
        err(1, "%s", j->to);
    if (depth == 0 && same_file(&j->root, &e->st)) {
        refuse_copy(j, e, "is the same directory as the one to copy");
        walk_skip(j->walk);
    } else if (made) {
        say_copied(j, e);
    }
}

/* Now that nothing is to be written in it any more, a directory gets the
 * permissions and times it is to have. */
static void
end_directory(struct job *j, const struct walk_entry *e)
{
    struct copy_place to;
    int result = 0;

    if (dirstack_pop(&j->dirs) != 0)
        err(1, "%s", j->to);
    to = target(j, e);
    if (j->c->attributes)
        result = copy_attributes(to, &e->st);
    else if (j->made[e->depth] && (e->st.st_mode & 0700) != 0700)
        result = fchmodat(to.dir, to.name, e->st.st_mode & 0777 & ~j->mask, 0);
    if (result != 0)
        copy_failed(j, e, false);
}

static void
copy_entry(struct job *j, const struct walk_entry *e)
{
    switch (e->kind) {
    case WALK_DIR:
        copy_directory(j, e);
        break;
    case WALK_DIR_END:
        end_directory(j, e);
        break;
    case WALK_FILE:
        copy_one(j, e);
        break;
    case WALK_ERROR:
        errno = e->error;
        copy_failed(j, e, true);
        break;
    }
}

bool
copy_path(struct copy *c, const char *from, const char *to)
{
    struct job j = {.c = c, .from = from, .to = to};
    struct walk_entry *e;

    c->good = true;
    j.mask = umask(0);
    umask(j.mask);
    j.walk = walk_open(from, c->follow);
    while ((e = walk_next(j.walk)))
        copy_entry(&j, e);
    walk_close(j.walk);
    dirstack_clear(&j.dirs);
    free(j.made);
    return c->good;
}
