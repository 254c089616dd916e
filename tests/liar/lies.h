/* How a device can lie: a table of names. */
#pragma once

#include "disk.h"

/* Prints the name of each lie, and what it is. */
void lies_list(void);

/* Has a disk tell that lie, at request `at`, and every `every`-th after that
 * one; 0: once. Lies about what a disk is are told from now on. Before the
 * disk's first connection. Returns 0, or -1 if there is no such lie. */
int lies_choose(struct disk *d, const char *name);

/* Lies about a request that has been done, if it is its turn. */
void lies_tell(struct disk *d, struct answer *a);
