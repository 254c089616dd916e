/* Finding nodes of an image by path, as the kernel would.
 *
 * Owns the opened image and the memory of which entry led to each directory
 * (parents.h); one thread. */
#pragma once

#include "fs/eclipsefs/dir.h"
#include "fs/eclipsefs/file.h"
#include "parents.h"

#define WALK_LINKS_MAX 40u /* symlinks in one path before -ELOOP */
#define WALK_PATH_MAX  4096u

struct walk {
    struct efs fs;
    struct efs_parents parents;
};

/* Opens the image on dev; what stands in an extended one's journal is taken
 * into account. With writable, which a plain image cannot be, it may be
 * changed (fs/eclipsefs/change.h). Returns as efs_open and efs_start, or
 * -EROFS. */
int walk_open(struct walk *w, struct blockdev *dev, bool writable,
              const char **why) MUST_CHECK;

/* Returns 0, or the error that kept a change from reaching the image. */
int walk_close(struct walk *w) MUST_CHECK;

/* Reads the node that an entry of directory dir links; a directory that
 * another entry leads to as well is -EUCLEAN (logged). Returns 0, -EUCLEAN,
 * -EIO, -ENOMEM. */
int walk_link(struct walk *w, const struct efs_node *dir,
              const struct efs_link *link, struct efs_node *node) MUST_CHECK;

/* Reads the node at path, which starts from the root with or without a
 * slash; a symlink at the end is followed if follow or if a slash comes
 * after it. Returns 0, -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG, -EUCLEAN,
 * -EIO, -ENOMEM. */
int walk_path(struct walk *w, const char *path, bool follow,
              struct efs_node *node) MUST_CHECK;

/* Whether an extended image has no inode of that number. */
bool walk_is_free(struct walk *w, uint32_t ino);

/* Plain words for a negative error number of the kernel's. */
const char *walk_strerror(int err);
