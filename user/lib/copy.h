/* Copying files and trees, for cp and mv. */
#pragma once

#include <inodes.h>
#include <stdbool.h>

/* One run: how to copy, and what was copied so far. */
struct copy {
    bool recursive;   /* directories; files that are not regular are made */
    bool force;       /* what cannot be opened to be overwritten is replaced */
    bool interactive; /* ask before overwriting */
    bool no_clobber;  /* what exists stays */
    bool verbose;
    bool attributes; /* owner, permissions and times are copied too */
    bool names;      /* two names of one file become two names of one copy */
    int follow;      /* WALK_FOLLOW*, or 0: links are copied as such */

    struct inode_table copied; /* private: paths of copies, for names */
    bool good;                 /* private: nothing was complained about yet */
};

/* Copies from, which may be a tree, to the path to itself, and complains about
 * what cannot be copied. Returns whether all was. */
bool copy_path(struct copy *c, const char *from, const char *to);
