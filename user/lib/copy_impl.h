/* What copy.c needs of copy_file.c: single files. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

/* A file: name in the directory dir. */
struct copy_place {
    int dir;
    const char *name;
};

/* Copies the contents of from, which has the attributes st and is followed if
 * it is a link, to a new file or, if it exists and can be opened, into the one
 * called to; with force also in its place. *at_source tells which side an
 * error, -1 with errno, is of. */
int copy_contents(struct copy_place from, const struct stat *st,
                  struct copy_place to, mode_t mode, bool force,
                  bool *at_source);

/* Makes to a symbolic link that holds what from holds. 0, or -1 with errno. */
int copy_link(struct copy_place from, struct copy_place to);

/* Gives to owner, permissions and times of st; who may not give files away
 * keeps them, without extra rights. 0, or -1 with errno. */
int copy_attributes(struct copy_place to, const struct stat *st);
