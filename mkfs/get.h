/* Copying files and trees out of an image onto the host.
 *
 * Overwrites nothing: what exists is an error, so that no symlink an image
 * has brought along can lead a later file astray. Complains on stderr; one
 * thread. */
#pragma once

#include "walk.h"

/* Copies the content of node to stdout. Returns 0, -EIO, -ENOMEM. */
int get_to_stdout(struct walk *w, const struct efs_node *node) MUST_CHECK;

/* Creates dest as node is: a file, a symlink, or a directory with all below
 * it, with permissions and times. Returns whether all of it could be. */
bool get_tree(struct walk *w, const struct efs_node *node, const char *dest)
    MUST_CHECK;
