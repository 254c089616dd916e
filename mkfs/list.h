/* Listing an image: one directory for people, or the whole tree for
 * programs.
 *
 * Writes to stdout, and complains on stderr; one thread. */
#pragma once

#include "walk.h"

/* Lists what directory dir holds (or dir itself if it is none), sorted by
 * bytes; with details like ls -l. Returns 0, or -EUCLEAN, -EIO, -ENOMEM if
 * something could not be listed: the rest is. */
int list_directory(struct walk *w, const struct efs_node *dir, const char *name,
                   bool details) MUST_CHECK;

/* Lists the whole tree below dir, called path ("" for the root), one line
 * for each node, parents before children, sorted by bytes, fields separated
 * by tabs: path, type (f, d, l, c, b, p, s), mode in octal, size as recorded,
 * SHA-256 of the content (- for a directory), uid, gid, nlink, atime, mtime,
 * ctime, length of the content (0 for a directory), inode. Control characters
 * and backslashes of names are written \xNN. Returns as list_directory. */
int list_manifest(struct walk *w, const struct efs_node *dir, const char *path)
    MUST_CHECK;

/* One entry of a directory read into memory. */
struct list_entry {
    char *name; /* terminated */
    struct efs_link link;
};

struct list_entries {
    struct list_entry *entry;
    size_t count;
};

/* Reads the entries of dir that a path can reach, sorted, of equal names the
 * first only; complains about the others, naming the directory path. What
 * could be read is in *entries even on errors; free with list_free. */
int list_read(struct walk *w, const struct efs_node *dir, const char *path,
              struct list_entries *entries) MUST_CHECK;
void list_free(struct list_entries *entries);
