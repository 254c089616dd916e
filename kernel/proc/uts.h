/* The names that uname tells, two of which can be changed.
 *
 * Owns them, under process_lock; any context. */
#pragma once

#include "abi/utsname.h"
#include "lib/compiler.h"

enum uts_name { UTS_NODE, UTS_DOMAIN };

#define UTS_NAME_MAX 64u /* bytes, without a terminator */

/* Copies them. */
void uts_get(struct utsname *out);

/* Sets one to at most UTS_NAME_MAX bytes. */
void uts_set(enum uts_name which, const char *name, size_t len);
