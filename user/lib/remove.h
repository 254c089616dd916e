/* Removing files and trees, for rm and mv. */
#pragma once

#include <stdbool.h>

struct remove_options {
    bool recursive;   /* directories with all that is in them */
    bool empty;       /* directories if they are empty */
    bool force;       /* what is not there is no error; nothing is asked */
    bool interactive; /* ask before everything */
    bool verbose;
};

/* Removes path, and complains about what cannot be removed. Refuses /, and
 * paths that end in . or .., for whole trees. Returns whether all is gone that
 * was to go. */
bool remove_path(const struct remove_options *o, const char *path);
