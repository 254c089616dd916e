#include <walk.h>
#include <dirent.h>
#include <dirstack.h>
#include <errno.h>
#include <fcntl.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A directory whose names are being gone through. */
struct level {
    char **names; /* those left stand at [at, count) */
    size_t count, at;
    size_t name_at; /* where its own name begins in the path */
    size_t path_len;
    struct stat st;
};

struct walk {
    int flags;
    bool begun;
    bool enter;  /* the directory given out last is to be entered */
    bool unread; /* it could not be */
    struct dirstack dirs;
    struct level *levels; /* as many as dirs */
    size_t room;
    char *path;
    size_t path_room;
    size_t name_at; /* of the entry given out last */
    struct walk_entry entry;
};

struct walk *
walk_open(const char *path, int flags)
{
    struct walk *w = prog_realloc(NULL, sizeof(*w));

    *w = (struct walk){.flags = flags};
    w->path_room = strlen(path) + 1;
    w->path = strcpy(prog_realloc(NULL, w->path_room), path);
    return w;
}

void
walk_skip(struct walk *w)
{
    w->enter = false;
}

static bool
follows(const struct walk *w)
{
    return (w->flags & WALK_FOLLOW) ||
           ((w->flags & WALK_FOLLOW_FIRST) && w->dirs.count == 0);
}

static struct walk_entry *
give(struct walk *w, enum walk_kind kind, int error)
{
    w->entry.kind = kind;
    w->entry.error = error;
    w->entry.dir = dirstack_top(&w->dirs);
    w->entry.path = w->path;
    w->entry.name = w->path + w->name_at;
    w->entry.depth = w->dirs.count;
    w->enter = kind == WALK_DIR;
    return &w->entry;
}

/* Examines and gives out what path is the name of. */
static struct walk_entry *
give_found(struct walk *w)
{
    struct stat *st = &w->entry.st;
    int dir = dirstack_top(&w->dirs);
    const char *name = w->path + w->name_at;
    int failed = fstatat(dir, name, st, follows(w) ? 0 : AT_SYMLINK_NOFOLLOW);

    if (failed && follows(w) && errno != ELOOP)
        failed = fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW);
    if (failed)
        return give(w, WALK_ERROR, errno);
    if (!S_ISDIR(st->st_mode))
        return give(w, WALK_FILE, 0);
    if (dirstack_has(&w->dirs, st->st_dev, st->st_ino))
        return give(w, WALK_ERROR, ELOOP);
    return give(w, WALK_DIR, 0);
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Reads all names of the directory fd but . and ..; 0 or -1. */
static int
read_names(int fd, struct level *to)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
    DIR *d = copy < 0 ? NULL : fdopendir(copy);
    struct dirent *e;

    if (!d) {
        error = errno;
        if (copy >= 0)
            close(copy);
        return errno_fail(error);
    }
    errno = 0;
    while ((e = readdir(d))) {
        size_t size = strlen(e->d_name) + 1;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if ((to->count & (to->count - 1)) == 0)
            to->names =
                prog_realloc(to->names, (to->count ? to->count * 2 : 1) *
                                            sizeof(*to->names));
        to->names[to->count++] =
            memcpy(prog_realloc(NULL, size), e->d_name, size);
        errno = 0;
    }
    error = errno;
    closedir(d);
    qsort(to->names, to->count, sizeof(*to->names), compare_names);
    return error ? errno_fail(error) : 0;
}

static void
free_names(struct level *l)
{
    while (l->at < l->count)
        free(l->names[l->at++]);
    free(l->names);
}

/* Says that the directory given out last cannot be read. */
static struct walk_entry *
give_unread(struct walk *w, size_t depth)
{
    give(w, WALK_ERROR, errno);
    w->entry.depth = depth + 1;
    return &w->entry;
}

/* Goes into the directory that was given out last. NULL, or an error that is
 * to be given out. */
static struct walk_entry *
enter(struct walk *w)
{
    size_t depth = w->dirs.count;
    struct level *l;

    w->enter = false;
    if (dirstack_push(&w->dirs, w->path + w->name_at, follows(w)) != 0) {
        w->unread = true;
        return give_unread(w, depth);
    }
    if (depth == w->room) {
        w->room = depth ? depth * 2 : 8;
        w->levels = prog_realloc(w->levels, w->room * sizeof(*w->levels));
    }
    l = &w->levels[depth];
    *l = (struct level){
        .name_at = w->name_at, .path_len = strlen(w->path), .st = w->entry.st};
    if (read_names(dirstack_top(&w->dirs), l) == 0)
        return NULL;
    return give_unread(w, depth); /* the names read so far still follow */
}

/* Appends a name to the path of the directory l. */
static void
set_name(struct walk *w, const struct level *l, const char *name)
{
    size_t at = l->path_len, need = at + strlen(name) + 2;

    if (need > w->path_room) {
        w->path_room = need * 2;
        w->path = prog_realloc(w->path, w->path_room);
    }
    if (at > 0 && w->path[at - 1] != '/')
        w->path[at++] = '/';
    strcpy(w->path + at, name);
    w->name_at = at;
}

/* Comes back out of the last directory, and gives it out again. */
static struct walk_entry *
leave(struct walk *w)
{
    struct level *l = &w->levels[w->dirs.count - 1];

    free_names(l);
    w->path[l->path_len] = '\0';
    w->name_at = l->name_at;
    w->entry.st = l->st;
    if (dirstack_pop(&w->dirs) == 0)
        return give(w, WALK_DIR_END, 0);
    while (--l >= w->levels)
        free_names(l);
    return give(w, WALK_ERROR, errno);
}

struct walk_entry *
walk_next(struct walk *w)
{
    struct walk_entry *error;
    struct level *l;

    if (!w->begun) {
        w->begun = true;
        return give_found(w);
    }
    if (w->enter && (error = enter(w)))
        return error;
    if (w->unread) {
        w->unread = false;
        return give(w, WALK_DIR_END, 0);
    }
    if (w->dirs.count == 0)
        return NULL;
    l = &w->levels[w->dirs.count - 1];
    if (l->at == l->count)
        return leave(w);
    set_name(w, l, l->names[l->at]);
    free(l->names[l->at++]);
    return give_found(w);
}

void
walk_close(struct walk *w)
{
    for (size_t i = 0; i < w->dirs.count; i++)
        free_names(&w->levels[i]);
    dirstack_clear(&w->dirs);
    free(w->levels);
    free(w->path);
    free(w);
}
