/* /sys/firmware/devicetree/base: the device tree as directories and files, as
 * Linux shows it.
 *
 * Owns nothing. Thread context. */
#pragma once

#include "fs/pseudo.h"

/* Nodes; one lies in a directory that is none: "base", the root. */
extern const struct pseudo_kind sysfs_nodes;

/* The properties of a node, and the content of one. */
extern const struct pseudo_kind sysfs_props;
int sysfs_show_prop(struct text *out);
