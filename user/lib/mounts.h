/* What is mounted, as /proc/mounts has it, and fstab files. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* One line; its text is the reader's. */
struct mount_line {
    char *device, *directory, *type, *options;
};

/* Reads the next line with at least these fields from f into *m, blanks and
 * the like in names decoded; valid until the next call. False at the end. */
bool mounts_next(FILE *f, struct mount_line *m);

/* Whether a list of options has one of this name. */
bool mounts_has_option(const char *options, const char *name);
