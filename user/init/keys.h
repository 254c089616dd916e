/* The keys of service files: one table says each one's name, kind and place in
 * struct config. docs/init.md tells what they mean. */
#pragma once

#include "config.h"

#define KEY_MOST 48 /* more than there are */

/* The number of a key, or -1. */
int key_find(const char *name);

/* Whether a further line of this key adds to what others said. */
bool key_adds_up(int key);

/* Stores a value that is not empty. NULL, or what was expected instead. */
const char *key_set(int key, const char *value, struct config *c);

/* What holds where a file says nothing. */
void key_set_defaults(struct config *c);
