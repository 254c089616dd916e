/* What of the tree of files is left to a service that its file grants some. */
#pragma once

#include "config.h"

/* In a child that can still search all: makes rules out of may-read and
 * may-write, and that program may be run. Returns their descriptor, or -1 if
 * the file grants nothing, hence everything. */
int confine_prepare(const struct config *c, const char *program);

/* Leaves the process and all that it starts what the rules say, for good. */
void confine(int rules);
