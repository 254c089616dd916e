/* Going through all that is below a path, in the order of names.
 *
 *     struct walk *w = walk_open(path, 0);
 *     struct walk_entry *e;
 *     while ((e = walk_next(w)))
 *         ...
 *     walk_close(w);
 *
 * However deep it is; a directory that is swapped for a link on the way is
 * not entered. Memory is checked by prog_realloc. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#define WALK_FOLLOW       1 /* all links are what they point to */
#define WALK_FOLLOW_FIRST 2 /* if path itself is one, only that */

enum walk_kind {
    WALK_DIR,     /* a directory; what is in it comes next */
    WALK_DIR_END, /* the same directory again, after that */
    WALK_FILE,    /* anything else; a link that leads nowhere too */
    WALK_ERROR,   /* something that cannot be examined, or the directory just
                   * given out, which cannot be read: then its WALK_DIR_END
                   * follows, and depth is as of what is in it */
};

struct walk_entry {
    enum walk_kind kind;
    int error;        /* errno of WALK_ERROR; ELOOP: it contains itself, ESTALE:
                       * it was moved, and the walk ends */
    int dir;          /* name is relative to this descriptor */
    const char *name; /* the last part of path; all of it at depth 0 */
    const char *path; /* for people; it can be longer than calls allow */
    size_t depth;
    struct stat st; /* not with an error of examining it */
};

/* Begins; never NULL. path must outlive the walk. */
struct walk *walk_open(const char *path, int flags);

/* The next entry, valid until the next call, or NULL at the end. */
struct walk_entry *walk_next(struct walk *w);

/* After a WALK_DIR: the next entry is the one behind it all. No WALK_DIR_END
 * comes for it. */
void walk_skip(struct walk *w);

void walk_close(struct walk *w);
