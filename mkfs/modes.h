/* A table of owners and modes, for files that the host cannot give away.
 *
 * Owns nothing; one thread. */
#pragma once

#include "tree.h"

/* Sets what the table in a file says: lines "PATH MODE UID GID", with the path
 * as it is in the image and the mode in octal; # begins a comment. Complains
 * and returns false about a line that is none, and about a path that is not
 * in the tree. */
bool modes_apply(struct tree *tree, const char *file) MUST_CHECK;
