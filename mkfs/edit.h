/* Changing an extended image by hand.
 *
 * w is open for changes. One thread; trouble is reported on stderr. */
#pragma once

#include "walk.h"

/* Copies the host's file or directory source to path, or into path if that is
 * a directory; a file that is there is replaced. Returns whether it worked; if
 * not, nothing of it is there. */
bool edit_put(struct walk *w, const char *source, const char *path) MUST_CHECK;

/* Removes path, and, if recursive, what is below it. Returns whether it
 * worked. */
bool edit_remove(struct walk *w, const char *path, bool recursive) MUST_CHECK;
