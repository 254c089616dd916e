#include <remove.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <walk.h>

/* A removal that is going on. */
struct removal {
    const struct remove_options *o;
    bool good;
    /* Something is left in the directories that are less deep than this, so
     * they stay too, without a message each. */
    size_t keep;
};

static void
keep_levels(struct removal *r, const struct walk_entry *e)
{
    r->keep = e->depth > r->keep ? e->depth : r->keep;
}

static void
remove_failed(struct removal *r, const struct walk_entry *e, int error)
{
    errno = error;
    warn("%s", e->path);
    r->good = false;
    keep_levels(r, e);
}

/* Whether the user is to be asked about e: a file that cannot be written is
 * better not lost by mistake. */
static bool
is_protected(const struct walk_entry *e)
{
    return isatty(STDIN_FILENO) && !S_ISLNK(e->st.st_mode) &&
           faccessat(e->dir, e->name, W_OK, 0) != 0 && errno == EACCES;
}

static bool
may_remove(const struct removal *r, const struct walk_entry *e)
{
    if (r->o->interactive)
        return prog_ask("remove %s? ", e->path);
    return r->o->force || !is_protected(e) ||
           prog_ask("remove %s, which is write-protected? ", e->path);
}

/* Takes the name e away, unless the user says no. */
static void
take_away(struct removal *r, const struct walk_entry *e)
{
    bool is_dir = S_ISDIR(e->st.st_mode);

    if (!may_remove(r, e)) {
        keep_levels(r, e);
        return;
    }
    if (unlinkat(e->dir, e->name, is_dir ? AT_REMOVEDIR : 0) == 0) {
        if (r->o->verbose)
            printf("removed %s\n", e->path);
    } else if (errno != ENOENT || !r->o->force) {
        remove_failed(r, e, errno);
    }
}

static bool
is_root(const struct stat *st)
{
    struct stat root;

    return lstat("/", &root) == 0 && root.st_dev == st->st_dev &&
           root.st_ino == st->st_ino;
}

/* A directory, before what is in it. */
static void
enter_directory(struct removal *r, struct walk *w, const struct walk_entry *e)
{
    if (r->o->recursive && e->depth == 0 && is_root(&e->st)) {
        warnx("%s: is the root directory, which stays", e->path);
        r->good = false;
        keep_levels(r, e);
        walk_skip(w);
    } else if (!r->o->recursive) {
        walk_skip(w);
        if (r->o->empty)
            take_away(r, e);
        else
            remove_failed(r, e, EISDIR);
    } else if (r->o->interactive && !prog_ask("go into %s? ", e->path)) {
        walk_skip(w);
        keep_levels(r, e);
    }
}

static void
remove_entry(struct removal *r, struct walk *w, const struct walk_entry *e)
{
    switch (e->kind) {
    case WALK_DIR:
        enter_directory(r, w, e);
        break;
    case WALK_FILE:
        take_away(r, e);
        break;
    case WALK_DIR_END:
        if (e->depth < r->keep)
            r->keep = e->depth;
        else
            take_away(r, e);
        break;
    case WALK_ERROR:
        if (!r->o->force || (e->error != ENOENT && e->error != ENOTDIR))
            remove_failed(r, e, e->error);
        break;
    }
}

/* Whether the last part of path is . or .. */
static bool
ends_in_dots(const char *path)
{
    char *last = prog_last_part(path);
    bool dots = strcmp(last, ".") == 0 || strcmp(last, "..") == 0;

    free(last);
    return dots;
}

bool
remove_path(const struct remove_options *o, const char *path)
{
    struct removal r = {.o = o, .good = true};
    struct walk_entry *e;
    struct walk *w;

    if (ends_in_dots(path)) {
        warnx("%s: . and .. are not removed", path);
        return false;
    }
    w = walk_open(path, 0);
    while ((e = walk_next(w)))
        remove_entry(&r, w, e);
    walk_close(w);
    return r.good;
}
