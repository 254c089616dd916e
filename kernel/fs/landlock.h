/* What of the tree of files a process has left itself, for good.
 *
 * A ruleset says what is forbidden, and beneath which places it is allowed all
 * the same. A process that restricts itself to one cannot do more than it
 * allows, nor can those that it makes from then on; to be restricted once more
 * only forbids more. It is about opening files, running programs and changing
 * names; what is open stays so.
 *
 * Owns struct landlock, which whoever makes it holds; a lock of its own guards
 * its rules until somebody is restricted to it, in a copy. Thread context. */
#pragma once

#include "abi/landlock.h"
#include "fs/context.h"

#define LANDLOCK_RULES_MAX 64u

/* Makes a ruleset with one reference that handles accesses, LANDLOCK_ACCESS_*.
 * NULL without memory. */
struct landlock *landlock_create(uint32_t handled);

/* Allows accesses at a place, and beneath it. Returns 0, -EINVAL (they are not
 * handled) or -E2BIG (LANDLOCK_RULES_MAX). */
int landlock_allow(struct landlock *rules, struct dentry *at, uint32_t access)
    MUST_CHECK;

/* NULL is fine. */
struct landlock *landlock_ref(struct landlock *rules);
void landlock_put(struct landlock *rules);

/* Restricts all that have this context to the rules, too. Returns 0 or
 * -ENOMEM, -E2BIG (of layers of rules, 16 are the most). */
int landlock_restrict(struct fs_context *ctx, struct landlock *rules)
    MUST_CHECK;

/* Whether this process may do so with what d leads to, or, if access is
 * about names, with those in the directory d. Returns 0 or -EACCES. */
int landlock_check(const struct dentry *d, uint32_t access) MUST_CHECK;

/* The access that making a file with this mode takes. */
uint32_t landlock_making(uint32_t mode);

/* Whether this process is restricted at all: then no file leaves its directory,
 * and nothing is mounted. */
bool landlock_is_on(void);
