/* A chain of directories, each one in the directory before it.
 *
 * It may be deeper than paths are long and than descriptors are many: only the
 * last few directories are open, and one above is opened again as the ".." of
 * the one below, if that is still the same directory. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct dirstack_level;

/* An empty chain, {0}, is where paths start: at the working directory. */
struct dirstack {
    struct dirstack_level *levels;
    size_t count;
    size_t room;
};

/* The descriptor of the last directory, for the *at calls. */
int dirstack_top(const struct dirstack *s);

/* Appends the directory called name in the last one; with follow, name may be
 * a symbolic link. 0, or -1 with errno set and s as it was. */
int dirstack_push(struct dirstack *s, const char *name, bool follow);

/* Takes the last directory off. If its parent cannot be found again, the chain
 * is empty: -1 with errno, ESTALE if the directory was moved meanwhile. */
int dirstack_pop(struct dirstack *s);

void dirstack_clear(struct dirstack *s);

/* Whether one of the directories has these numbers. */
bool dirstack_has(const struct dirstack *s, dev_t device, ino_t ino);
