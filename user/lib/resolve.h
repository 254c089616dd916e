/* What links hold, and paths without links, "." and "..". */
#pragma once

/* The text of the link path in the directory dir, however long it is; from
 * malloc, or NULL with errno. */
char *resolve_link(int dir, const char *path);

/* What may be missing of a path that is resolved. */
enum resolve_missing {
    RESOLVE_NONE, /* nothing */
    RESOLVE_LAST, /* the last part */
    RESOLVE_ANY,  /* any part; what follows it is taken as it is */
};

/* The absolute path of what path names, from malloc, or NULL with errno. */
char *resolve_path(const char *path, enum resolve_missing missing);
